/** What is arriving now, in six figures. */
import type { City } from './city.ts';
import { FillBar } from './fill-bar.tsx';
import { formatAge, formatBytes, formatFull, formatMs, formatNumber, formatTime } from './formatters.ts';
import { Tile, TileSkeletons } from './tile.tsx';

export function Figures({ city }: { readonly city: City }) {
  const { status, summary } = city;
  if (status === undefined) {
    return <TileSkeletons count={6} label="Arriving now" />;
  }
  const { acknowledgement: ack, queue } = status;
  const online = summary?.by_state.online ?? 0;
  const known = (summary?.gateways ?? 0) - (summary?.by_state.retired ?? 0);
  return (
    <section class={city.connection === 'live' ? 'figures' : 'figures stale'} aria-label="Arriving now">
      <Tile
        name="Arriving"
        value={formatRate(status.received_per_s ?? status.stored_per_s)}
        unit="readings/s"
        note={`${formatRate(status.stored_per_s)} readings/s stored`}
      />
      <Tile
        name="Acknowledged in"
        value={ack === null ? '–' : formatMs(ack.p50_ms)}
        unit={ack === null ? '' : 'p50'}
        note={ack === null ? 'Nothing acknowledged yet' : `${formatMs(ack.p99_ms)} p99, last minute`}
      />
      <Tile
        name="Queue for the store"
        value={formatNumber(queue.readings)}
        unit="readings"
        note={
          <FillBar
            part={queue.capacity_bytes === 0 ? 0 : queue.bytes / queue.capacity_bytes}
            label={`${formatBytes(queue.bytes)} of ${formatBytes(queue.capacity_bytes)}`}
          />
        }
      />
      <Tile
        name="Stored"
        value={formatNumber(status.stored)}
        unit="readings"
        note={
          <span title={formatFull(status.since_ms)}>
            since {formatTime(status.since_ms, city.now())}, when it started
          </span>
        }
      />
      <Tile
        name="Gateways online"
        value={summary === undefined ? '–' : formatNumber(online)}
        unit={`of ${formatNumber(known)}`}
        note={
          summary === undefined || summary.buffered === 0
            ? 'Nothing waits in their outboxes'
            : `${formatNumber(summary.buffered)} readings wait, oldest ${formatAge(summary.oldest_s)}`
        }
        tone={summary !== undefined && online < known ? 'is-warn' : ''}
      />
      <Tile
        name="Refused"
        value={formatNumber(status.dead_letters)}
        unit="kept"
        note={`${formatNumber(status.rejected)} readings since the start`}
        tone={status.dead_letters > 0 ? 'is-warn' : ''}
      />
    </section>
  );
}

function formatRate(perSecond: number): string {
  return formatNumber(perSecond, perSecond > 0 && perSecond < 10 ? 1 : 0);
}
