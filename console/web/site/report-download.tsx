/** The energy of a month as a document: which month, and the workbook or its daily table. */
import { useState } from 'preact/hooks';
import { monthsBack } from './report-months.ts';

export function ReportDownload(props: {
  readonly site: { readonly id: string; readonly name: string; readonly zone: string };
  /** Epoch milliseconds. */
  readonly now: number;
}) {
  const { site, now } = props;
  const months = monthsBack(now, site.zone);
  const [chosen, setChosen] = useState<string | undefined>();
  // The last month that is over, until somebody chooses; a month that is gone from the list is chosen no more.
  const month = months.find(({ id }) => id === chosen)?.id ?? months[1]?.id ?? '';
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
              {months.map(({ id, words: name }) => (
                <option key={id} value={id}>
                  {name}
                  {id === running ? ' (so far)' : ''}
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
        made with. The workbook holds all of it, CSV a row a day.
      </p>
    </section>
  );
}
