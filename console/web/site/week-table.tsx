/** The week of a site: mean load by weekday and hour of the local clock, a table of colours that arrow keys walk through. */
import { useRef, useState } from 'preact/hooks';
import type { AnalyticsReply, SiteDetailReply } from '../city/replies.ts';
import { formatNumber, plural } from '../formatters.ts';
import type { SiteSpan } from './site-spans.ts';

/** From Monday; the answer counts from Sunday. */
const WEEK = [1, 2, 3, 4, 5, 6, 0];
const SHORT = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const LONG = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

interface Place {
  /** Row from Monday on. */
  readonly row: number;
  readonly hour: number;
}

export function WeekTable(props: {
  readonly reply: AnalyticsReply;
  readonly site: SiteDetailReply;
  readonly span: SiteSpan;
}) {
  const { profile, demand_unit: unit } = props.reply;
  const table = useRef<HTMLTableElement>(null);
  const [place, setPlace] = useState<Place>({ row: 0, hour: 0 });
  const [isChosen, setIsChosen] = useState(false);
  const { cells, counts } = profile;
  if (cells === null) {
    return (
      <div class="week-box">
        <h3>The week</h3>
        <p class="empty">{profile.refusal?.words}</p>
      </div>
    );
  }
  const means = cells.flat().filter((mean) => mean !== null);
  const [least, most] = [Math.min(...means), Math.max(...means)];
  const decimals = most < 100 ? 1 : 0;
  const wordsOf = (row: number, hour: number) => {
    const weekday = WEEK[row] ?? 0;
    const mean = cells[weekday]?.[hour] ?? null;
    const when = `${LONG[weekday]} ${clock(hour)} to ${clock(hour + 1)}`;
    if (mean === null) return `${when}: not measured`;
    return `${when}: ${formatNumber(mean, decimals)} ${unit}, mean of ${plural(counts?.[weekday]?.[hour] ?? 0, 'quarter hour')}`;
  };
  const levelOf = (mean: number) => (most > least ? Math.round((100 * (mean - least)) / (most - least)) : 50);
  const move = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, readonly [rows: number, hours: number]>> = {
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      Home: [0, -24],
      End: [0, 24],
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = { row: within(place.row + step[0], 6), hour: within(place.hour + step[1], 23) };
    setPlace(next);
    table.current?.querySelector<HTMLElement>(`[data-cell="${next.row}-${next.hour}"]`)?.focus();
  };
  return (
    <div class="week-box" data-week>
      <h3>The week: mean load in {unit}</h3>
      <p class="note" aria-live="polite">
        {isChosen ? wordsOf(place.row, place.hour) : `${props.span.words}, by weekday and hour of the local clock`}
      </p>
      <table class="week" ref={table} onKeyDown={move} onMouseLeave={() => setIsChosen(false)}>
        <caption class="visually-hidden">
          {props.site.name}: mean load by weekday and hour, {unit}. Arrow keys walk through it.
        </caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="visually-hidden">Weekday</span>
            </th>
            {HOURS.map((hour) => (
              <th key={hour} scope="col" aria-label={clock(hour)}>
                {hour % 6 === 0 ? hour : ''}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {WEEK.map((weekday, row) => (
            <tr key={weekday}>
              <th scope="row" aria-label={LONG[weekday]}>
                {SHORT[weekday]}
              </th>
              {HOURS.map((hour) => {
                const mean = cells[weekday]?.[hour] ?? null;
                return (
                  <td
                    key={hour}
                    data-cell={`${row}-${hour}`}
                    class={mean === null ? 'none' : ''}
                    style={mean === null ? {} : { '--level': `${levelOf(mean)}%` }}
                    tabIndex={place.row === row && place.hour === hour ? 0 : -1}
                    title={wordsOf(row, hour)}
                    onFocus={() => {
                      setPlace({ row, hour });
                      setIsChosen(true);
                    }}
                    onMouseEnter={() => {
                      setPlace({ row, hour });
                      setIsChosen(true);
                    }}
                  >
                    <span class="visually-hidden">
                      {mean === null ? 'not measured' : `${formatNumber(mean, decimals)} ${unit}`}
                    </span>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="week-scale" aria-hidden="true">
        {formatNumber(least, decimals)} {unit}
        <span class="week-ramp" />
        {formatNumber(most, decimals)} {unit}
      </p>
    </div>
  );
}

function clock(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

function within(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}
