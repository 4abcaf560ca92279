/** How a site uses energy: base load, peak, evenness, after hours; against the week and the year before; the month's cost. */
import type { ComponentChildren } from 'preact';
import { useMoment } from '../chart/use-series.ts';
import type { AnalyticsReply, SiteDetailReply } from '../city/replies.ts';
import { budgetWords, isOverBudget } from '../city/site-words.tsx';
import { formatNumber } from '../formatters.ts';
import { Fault, Tile, TileSkeletons } from '../tile.tsx';
import { useAsked } from '../use-asked.ts';
import { midnightBefore, zonedDay, zonedDayMinute } from '../zoned-time.ts';
import { type SiteSpan, spanFrom } from './site-spans.ts';
import { WeekTable } from './week-table.tsx';

type Figure = AnalyticsReply['load_factor'];

export function SiteFigures(props: {
  readonly site: SiteDetailReply;
  readonly carrier: string;
  readonly span: SiteSpan;
}) {
  const { site, carrier, span } = props;
  const now = useMoment(60_000);
  const from = spanFrom(span, now, site.zone);
  const ask = (begin: string) =>
    `/api/analytics?${new URLSearchParams({ site: site.id, carrier, from: begin, to: 'now' })}`;
  const asked = useAsked<AnalyticsReply>(ask(String(from)), {
    everyMs: 300_000,
    key: `${site.id} ${carrier} ${span.id}`,
  });
  const month = useAsked<AnalyticsReply>(ask('month'), { everyMs: 300_000, key: `${site.id} ${carrier} month` });
  const reply = asked.reply;
  const again = () => {
    asked.again();
    month.again();
  };
  return (
    <section class="card" id="figures" aria-labelledby="figures-title">
      <div class="card-head">
        <h2 id="figures-title">How it is used</h2>
        <span class="note">
          {span.words}
          {reply === undefined ? '' : `, ${formatNumber(reply.amount.measured_percent, 1)} % measured`}
        </span>
      </div>
      <Fault words={asked.fault} onAgain={again} />
      {reply === undefined ? (
        asked.fault === '' ? (
          <TileSkeletons count={6} label="How it is used" />
        ) : null
      ) : (
        <>
          <div class="figures">
            <FigureTile name="Base load" figure={reply.base_load} decimals={1}>
              {reply.base_load.share_of_mean_percent === null
                ? 'What it takes when least is in use'
                : `${formatNumber(reply.base_load.share_of_mean_percent)} % of its mean, ${reply.base_load.days} days`}
            </FigureTile>
            <FigureTile name="Peak" figure={reply.peak} decimals={1}>
              {reply.peak.at_ms === null ? '' : `Quarter hour of ${zonedDayMinute(reply.peak.at_ms, site.zone)}`}
              {contractWords(reply, site)}
            </FigureTile>
            <FigureTile name="Load factor" figure={reply.load_factor} decimals={0}>
              Mean over peak; 100 % is even use
            </FigureTile>
            <FigureTile name="After hours" figure={reply.after_hours} decimals={0}>
              {`${formatNumber(reply.after_hours.amount)} ${reply.unit}; it is closed ${formatNumber(reply.after_hours.share_of_time_percent)} % of the time`}
            </FigureTile>
            <MoneyTiles month={month.reply} fault={month.fault} reply={reply} span={span} />
            {carrier === 'electricity' && site.budget !== null ? <BudgetTile budget={site.budget} site={site} /> : null}
          </div>
          <Comparisons reply={reply} />
          <WeekTable reply={reply} site={site} span={span} />
          <Missing reply={reply} site={site} />
        </>
      )}
    </section>
  );
}

/** What share of the demand that the supply contract covers the peak was. */
function contractWords({ carrier, peak }: AnalyticsReply, { contract_demand_kw: contractKw }: SiteDetailReply): string {
  if (carrier !== 'electricity' || contractKw === null || peak.value === null) return '';
  return `; ${formatNumber((100 * peak.value) / contractKw)} % of the ${formatNumber(contractKw)} kW of its contract`;
}

function BudgetTile(props: {
  readonly budget: NonNullable<SiteDetailReply['budget']>;
  readonly site: SiteDetailReply;
}) {
  const { budget, site } = props;
  const { percent, budget_kwh: whole } = budget;
  const year = `${zonedDay(budget.from_ms, site.zone)} to ${zonedDay(budget.to_ms - 1, site.zone)}`;
  return (
    <Tile
      name={`Budget used, fiscal year ${budget.fiscal_year}`}
      value={formatNumber(percent)}
      unit={percent === null ? '' : '%'}
      tone={percent === null ? 'is-none' : isOverBudget(budget) ? 'is-warn' : ''}
      note={
        percent === null ? (
          `Less than a day is known since it began; ${formatNumber(whole)} kWh are for all of it`
        ) : (
          <span title={`${year}: ${budgetWords(budget)}`}>
            {formatNumber(budget.used_kwh)} of {formatNumber(budget.allowed_kwh)} kWh in the{' '}
            {formatNumber(budget.known_days, 1)} days known; {formatNumber(whole)} kWh for the year
          </span>
        )
      }
    />
  );
}

/** Cents of such a cost say nothing at a glance; the report has them. */
const LEAST_WITHOUT_CENTS = 10_000;

/** What it cost and emitted since the first of the month; where too little of that is known, in the span that is looked at. */
function MoneyTiles(props: {
  readonly month: AnalyticsReply | undefined;
  readonly fault: string;
  readonly reply: AnalyticsReply;
  readonly span: SiteSpan;
}) {
  const { month, fault, reply, span } = props;
  if (month === undefined) {
    return fault === '' ? (
      <div class="figure loading" aria-busy="true">
        <span class="skeleton short" />
        <span class="skeleton tall" />
        <span class="skeleton" />
      </div>
    ) : (
      <Tile name="This month" value="–" unit="" note={fault} tone="is-none" />
    );
  }
  const isMonth = month.cost.value !== null || reply.cost.value === null;
  const { cost, emissions } = isMonth ? month : reply;
  const when = isMonth ? 'this month' : span.words;
  const factors = emissions?.location.factors ?? [];
  const known = emissions?.location.known_percent ?? 100;
  return (
    <>
      <FigureTile name={`Cost, ${when}`} figure={cost} decimals={(cost.value ?? 0) < LEAST_WITHOUT_CENTS ? 2 : 0}>
        by {cost.tariff}
        {cost.is_example ? (
          <>
            <br />
            <span
              class="badge warn"
              title="Its figures are made up. Put your own into the folder tariffs of the data folder, and name it in the register."
            >
              example tariff
            </span>
          </>
        ) : null}
      </FigureTile>
      {emissions === null ? null : (
        <FigureTile name={`Emissions, ${when}`} figure={emissions.location} decimals={0}>
          <span title={factors.map(({ id, source }) => `${id}: ${source}`).join('; ')}>
            {known < 99 ? `of the ${formatNumber(known)} % that is known, ` : ''}
            {emissions.kind === 'direct' ? 'burnt here' : 'by location'}, {factors.map(({ id }) => id).join(', ')}
            {factors.some((factor) => factor.is_second_hand) ? '; a second-hand figure, check it' : ''}
          </span>
        </FigureTile>
      )}
    </>
  );
}

function FigureTile(props: {
  readonly name: string;
  readonly figure: Figure;
  readonly decimals: number;
  readonly children: ComponentChildren;
}) {
  const { name, figure, decimals, children } = props;
  const isGiven = figure.value !== null;
  return (
    <Tile
      name={name}
      value={formatNumber(figure.value, decimals)}
      unit={isGiven ? figure.unit : ''}
      note={isGiven ? children : (figure.refusal?.words ?? 'Not known')}
      tone={isGiven ? '' : 'is-none'}
    />
  );
}

const COMPARED = { 'last-week': 'The week before', 'last-year': 'The year before' } as const;

function Comparisons({ reply }: { readonly reply: AnalyticsReply }) {
  const { unit, zone } = reply;
  const change = reply.weather.normal_change;
  const decimals = unit === 'kWh' ? 0 : 1;
  const signed = (value: number | null, digits: number) =>
    `${value !== null && value > 0 ? '+' : ''}${formatNumber(value, digits)}`;
  return (
    <table class="compared stacked">
      <caption class="visually-hidden">Compared with earlier, the same weekdays</caption>
      <thead>
        <tr>
          <th scope="col">Compared with</th>
          <th scope="col" class="right">
            Then
          </th>
          <th scope="col" class="right">
            Now
          </th>
          <th scope="col" class="right">
            Change
          </th>
          <th scope="col" class="right">
            Data then
          </th>
        </tr>
      </thead>
      <tbody>
        {reply.comparisons.map((one) => (
          <tr key={one.with} data-compared={one.with}>
            <td class="lead">
              {COMPARED[one.with]}
              <span class="under">
                {zonedDay(one.from_ms, zone)} to {zonedDay(one.to_ms - 1, zone)}
                {one.with === 'last-year' ? `, ${new Date(one.to_ms).getUTCFullYear()}` : ''}
              </span>
            </td>
            {one.refusal === null ? (
              <>
                <td class="right" data-label="Then">
                  <span>
                    {formatNumber(one.earlier_amount, decimals)} <span class="unit">{unit}</span>
                  </span>
                </td>
                <td class="right" data-label="Now">
                  <span>
                    {formatNumber(one.amount, decimals)} <span class="unit">{unit}</span>
                  </span>
                </td>
                <td class="right strong" data-label="Change">
                  <span>
                    {signed(one.value, 1)} <span class="unit">%</span>
                  </span>
                </td>
              </>
            ) : (
              <td colSpan={3} data-label="Change">
                <span class="note">{one.refusal.words}</span>
              </td>
            )}
            <td class="right" data-label="Data then">
              <span>{formatNumber(one.earlier_measured_percent)} %</span>
            </td>
          </tr>
        ))}
        {change.value === null ? null : (
          <tr data-compared="weather">
            <td class="lead">
              The year before, in this weather
              <span class="under">
                {reply.weather.station?.name}, {reply.weather.station?.distance_km} km away
              </span>
            </td>
            <td class="right" data-label="Expected">
              <span>
                {formatNumber(change.expected, decimals)} <span class="unit">{unit}</span>
              </span>
            </td>
            <td class="right" data-label="Now">
              <span>
                {formatNumber(change.observed, decimals)} <span class="unit">{unit}</span>
              </span>
            </td>
            <td class="right strong" data-label="Change">
              <span>
                {signed(change.value, 1)} <span class="unit">%</span>
              </span>
            </td>
            <td class="right" data-label="Data then">
              <span>{change.baseline_days} days</span>
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

/** What share of the figures is missing, and where one finds out why. */
function Missing({ reply, site }: { readonly reply: AnalyticsReply; readonly site: SiteDetailReply }) {
  const { measured_percent: measured, interpolated, estimated } = reply.amount;
  const spread = [
    interpolated > 0 ? `${formatNumber(interpolated, 1)} ${reply.unit} are spread over gaps` : '',
    estimated > 0 ? `${formatNumber(estimated, 1)} ${reply.unit} are estimates of people` : '',
  ].filter((words) => words !== '');
  const isWhole = (measured ?? 0) >= 99.9 && spread.length === 0;
  const day = new Date(midnightBefore(reply.from_ms, site.zone)).toISOString().slice(0, 10);
  return (
    <p class="hint">
      {isWhole
        ? 'All of it was measured.'
        : `${formatNumber(measured, 1)} % of the time was measured${spread.length === 0 ? '' : `; ${spread.join(', ')}`}. `}
      {isWhole ? null : (
        <>
          What is missing, and why: <code>{`lamplighter completeness --site ${site.id} --from ${day}`}</code>
        </>
      )}
    </p>
  );
}
