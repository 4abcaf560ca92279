/** The energy of a month as a document: which month, and the workbook or its daily table. */
import { useState } from 'preact/hooks';
import type { EnergyReply, SiteDetailReply } from '../city/replies.ts';
import { formatNumber } from '../formatters.ts';
import { useAsked } from '../use-asked.ts';
import { type KnownMonth, monthsBack, monthToBegin } from './report-months.ts';
import { carriersOf } from './site-energy.tsx';

export function ReportDownload(props: {
  readonly site: SiteDetailReply;
  /** Epoch milliseconds. */
  readonly now: number;
}) {
  const { site, now } = props;
  const months = useKnownMonths(site, now);
  const [chosen, setChosen] = useState<string | undefined>();
  // A month that is gone from the list is chosen no more.
  const month = months.find(({ id }) => id === chosen)?.id ?? monthToBegin(months);
  const running = months[0]?.id;
  const hrefOf = (format: 'xlsx' | 'csv') =>
    `/api/reports/energy?${new URLSearchParams({ site: site.id, month, format })}`;
  const words = months.find(({ id }) => id === month)?.words ?? month;
  return (
    <section class="card" id="report" aria-labelledby="report-title">
      <div class="card-head">
        <h2 id="report-title">Monthly report</h2>
        <div class="choices">
          <label>
            <span>Month</span>
            <select value={month} onChange={(event) => setChosen(event.currentTarget.value)}>
              {months.map(({ id, words: name, measured }) => (
                <option key={id} value={id}>
                  {name}
                  {id === running ? ' (so far)' : ''}
                  {measured === undefined ? '' : measured === 0 ? ': nothing known' : ''}
                </option>
              ))}
            </select>
          </label>
          <a
            class="button"
            href={hrefOf('xlsx')}
            download={`${site.id}-${month}.xlsx`}
            aria-label={`Download the report of ${site.name}, ${words}, as XLSX`}
          >
            XLSX
          </a>
          <a
            class="button"
            href={hrefOf('csv')}
            download={`${site.id}-${month}.csv`}
            aria-label={`Download the days of ${site.name}, ${words}, as CSV`}
          >
            CSV
          </a>
        </div>
      </div>
      <p class="hint">
        Consumption by carrier, cost, peak and emissions, how complete they are, and the factors and tariffs they were
        made with. The workbook holds all of it, CSV a row a day.{measuredWords(months, month)}
      </p>
    </section>
  );
}

/** The months with how much of each is known of the first carrier that the site counts. */
function useKnownMonths(site: SiteDetailReply, now: number): readonly KnownMonth[] {
  const months = monthsBack(now, site.zone);
  const oldest = months.at(-1)?.id;
  const [carrier] = carriersOf(site);
  const path =
    oldest === undefined || carrier === undefined
      ? undefined
      : `/api/energy?${new URLSearchParams({ site: site.id, carrier, from: `${oldest}-01`, to: 'now', every: 'month' })}`;
  // Without an answer the list is as good, but for what it says of each month.
  const { reply } = useAsked<EnergyReply>(path, { everyMs: 300_000 });
  const rows = reply?.rows ?? [];
  const back = (place: number) => rows[rows.length - 1 - place]?.coverage_percent;
  return months.map((month, place) => ({ ...month, measured: reply === undefined ? undefined : (back(place) ?? 0) }));
}

function measuredWords(months: readonly KnownMonth[], chosen: string): string {
  const month = months.find(({ id }) => id === chosen);
  if (month?.measured === undefined) return '';
  if (month.measured === 0) return ` Nothing is known of ${month.words}: its report is empty.`;
  const soFar = month === months[0] ? ' so far' : '';
  return ` Of ${month.words}${soFar} ${formatNumber(month.measured, 1)} % of the time is measured.`;
}
