/** Rooms of a building: CO₂ with its band, warmth, damp, and the day's curve of the one that is chosen. */
import { useMemo } from 'preact/hooks';
import { bandOf, CO2_BANDS } from '../air-bands.ts';
import { BandBadge } from '../band-badge.tsx';
import { RangeButtons } from '../chart/range-buttons.tsx';
import { rangeOf } from '../chart/ranges.ts';
import { TimeChart } from '../chart/time-chart.tsx';
import { useSeries } from '../chart/use-series.ts';
import type { RoomRow, SiteDetailReply } from '../city/replies.ts';
import { formatAge, formatNumber } from '../formatters.ts';
import { setQuery, usePlace } from '../router.ts';
import { useIsOld } from './use-intervals.ts';

export function SiteRooms({ site, chosen }: { readonly site: SiteDetailReply; readonly chosen: string | null }) {
  const { query } = usePlace();
  const isOld = useIsOld(site);
  const range = rangeOf(query.get('air'), '24h');
  const rooms = [...site.rooms].sort((one, other) => (other.co2_ppm ?? -1) - (one.co2_ppm ?? -1));
  const room = rooms.find((one) => keyOf(one) === chosen || one.device === chosen) ?? rooms[0];
  const device = room === undefined ? undefined : keyOf(room);
  const wanted = useMemo(
    () =>
      device === undefined
        ? undefined
        : { label: `CO₂, ${room?.name ?? device}`, metric: 'co2_ppm', devices: [device], range, zone: site.zone },
    [device, range, site.zone, room?.name],
  );
  const found = useSeries(wanted);
  return (
    <section class="card" id="rooms" aria-labelledby="rooms-title">
      <div class="card-head">
        <h2 id="rooms-title">Indoor air</h2>
        <RangeButtons
          name="room-range"
          chosen={range.id}
          only={['6h', '24h', '7d', '14d']}
          onChoose={(id) => setQuery('air', id)}
        />
      </div>
      <ul class="rooms">
        {rooms.map((one) => (
          <li key={keyOf(one)}>
            <button
              type="button"
              class={`room${keyOf(one) === device ? ' chosen' : ''}${isOld(keyOf(one), one.age_s) ? ' old' : ''}`}
              aria-pressed={keyOf(one) === device}
              data-room={keyOf(one)}
              onClick={() => setQuery('room', keyOf(one))}
            >
              <span class="room-name">{one.name}</span>
              <span class="room-co2">
                <span class="number">{formatNumber(one.co2_ppm)}</span> <span class="unit">ppm CO₂</span>
              </span>
              <BandBadge band={bandOf('co2_ppm', one.co2_band)} />
              <span class="note">
                {formatNumber(one.temperature_c, 1)} °C · {formatNumber(one.humidity_percent)} % ·{' '}
                {one.age_s === null
                  ? 'never'
                  : `${formatAge(one.age_s)} ago${isOld(keyOf(one), one.age_s) ? ', late' : ''}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {room === undefined ? null : (
        <TimeChart
          title={`${site.name}: CO₂ in ${room.name}, ${range.words}`}
          unit="ppm"
          decimals={0}
          zone={site.zone}
          from={found.from}
          to={found.to}
          lines={found.lines}
          bands={CO2_BANDS}
          height={220}
          isLoading={found.isLoading}
          fault={found.fault}
          onAgain={found.again}
          empty={`${room.name} has reported nothing in the ${range.words}.`}
        />
      )}
      <p class="hint">Bands: EN 16798-1:2019, classes I to III above 420 ppm outdoors: 970, 1,220 and 1,770 ppm.</p>
    </section>
  );
}

function keyOf({ gateway, device }: RoomRow): string {
  return `${gateway}/${device}`;
}
