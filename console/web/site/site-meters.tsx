/** The meters of a site: what they measure now, where their counters stand, what was used today. */
import type { MeterRow, SiteDetailReply } from '../city/replies.ts';
import { formatAge, formatNumber, formatValue, unitOf } from '../formatters.ts';
import { useIsOld } from './use-intervals.ts';

export function SiteMeters({ site, chosen }: { readonly site: SiteDetailReply; readonly chosen: string | null }) {
  const isOld = useIsOld(site);
  const isLong = site.meters.length > 12;
  const table = (
    <table class="meters stacked">
      <thead>
        <tr>
          <th scope="col">Meter</th>
          <th scope="col">Carrier</th>
          <th scope="col" class="right">
            Now
          </th>
          <th scope="col" class="right">
            Counter
          </th>
          <th scope="col" class="right">
            Used today
          </th>
          <th scope="col" class="right">
            Data today
          </th>
          <th scope="col" class="right">
            Age
          </th>
        </tr>
      </thead>
      <tbody>
        {site.meters.map((meter) => (
          <Row
            isOld={isOld}
            key={`${meter.gateway}/${meter.device}/${meter.carrier}`}
            meter={meter}
            isChosen={`${meter.gateway}/${meter.device}` === chosen}
          />
        ))}
      </tbody>
    </table>
  );
  return (
    <section class="card" id="meters" aria-labelledby="meters-title">
      <div class="card-head">
        <h2 id="meters-title">Meters</h2>
      </div>
      {isLong ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
        <section class="scroll" tabIndex={0} aria-label="Table of the meters">
          {table}
        </section>
      ) : (
        table
      )}
    </section>
  );
}

function Row({
  meter,
  isChosen,
  isOld,
}: {
  readonly meter: MeterRow;
  readonly isChosen: boolean;
  readonly isOld: ReturnType<typeof useIsOld>;
}) {
  const { power, counter, today } = meter;
  const ages = [power?.age_s, counter?.age_s].filter((age) => age !== undefined);
  const age = ages.length === 0 ? undefined : Math.min(...ages);
  const classes = [isOld(`${meter.gateway}/${meter.device}`, age) ? 'old' : '', isChosen ? 'chosen' : '']
    .join(' ')
    .trim();
  return (
    <tr class={classes} data-meter={`${meter.gateway}/${meter.device}`}>
      <td class="lead">
        {meter.name}
        <span class="under">
          {meter.gateway}/{meter.device}
        </span>
      </td>
      <td data-label="Carrier">
        <span>{meter.carrier}</span>
      </td>
      <Value label="Now" value={power} />
      <Value label="Counter" value={counter} />
      <td class="right strong" data-label="Used today">
        <span>
          {formatNumber(today?.value, 1)} <span class="unit">{today?.unit ?? ''}</span>
        </span>
      </td>
      <td class="right" data-label="Data today">
        <span class={today !== null && today.coverage_percent < 99 ? 'warn-text' : ''}>
          {today === null ? '–' : `${formatNumber(today.coverage_percent)} %`}
        </span>
      </td>
      <td class="right age" data-label="Age">
        <span>
          {age === undefined ? 'never' : formatAge(age)}
          {isOld(`${meter.gateway}/${meter.device}`, age) ? ', late' : ''}
        </span>
      </td>
    </tr>
  );
}

function Value({ label, value }: { readonly label: string; readonly value: MeterRow['power'] }) {
  return (
    <td class="right" data-label={label}>
      <span>
        {value === null ? '–' : formatValue(value.metric, value.value)}{' '}
        <span class="unit">{value === null ? '' : unitOf(value.metric)}</span>
      </span>
    </td>
  );
}
