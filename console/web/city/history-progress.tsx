/** While the past is being loaded: how far it is, so that an empty chart is understood. */
import { formatNumber } from '../formatters.ts';
import { zonedDay } from '../zoned-time.ts';
import type { CityReply } from './replies.ts';

export function HistoryProgress({ city }: { readonly city: CityReply }) {
  const { history } = city;
  if (history.state !== 'loading') return null;
  const percent = Math.min(100, Math.max(0, history.percent));
  const oldest = history.oldest_day === null ? undefined : Date.parse(history.oldest_day);
  return (
    <section class="history" aria-label="History">
      <p>
        <strong>Loading the past two weeks</strong>, newest day first.{' '}
        <span class="note">
          {formatNumber(history.done_readings)} of {formatNumber(history.total_readings)} readings
          {oldest === undefined || Number.isNaN(oldest)
            ? ''
            : `, back to ${zonedDay(history.oldest_day?.length === 10 ? oldest + 43_200_000 : oldest, city.zone)}`}
          . Charts fill as it goes; everything can be used meanwhile.
        </span>
      </p>
      <div class="progress-line">
        <progress max={100} value={percent} aria-label="History loaded" />
        <span class="progress-percent">{formatNumber(percent)} %</span>
      </div>
    </section>
  );
}
