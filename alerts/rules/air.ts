/** Air that is not good for people, in rooms and outdoors. */
import { AIR_BANDS } from '../../contract/air-bands.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import { figure, written } from '../../energy/findings/finding.ts';
import { HIGH_PPM } from '../../energy/findings/high-co2.ts';
import type { AlertRule, Firing } from '../alert-rule.ts';
import { fromFinding } from './from-finding.ts';
import { notMeasuredLately } from './unknown.ts';

const HOUR_MS = 4 * QUARTER_MS;

export const highCo2 = fromFinding('high-co2', {
  id: 'high-co2',
  title: 'CO₂ over limit',
  summary:
    'In a room the quarter-hour means of CO₂ were above 1,220 ppm (class III of EN 16798-1) for two hours, or, critical, above 1,400 ppm for half an hour. An hour below ends it; what was critical stays a warning for a day.',
  whatToDo:
    'Open windows now; then look whether the ventilation of the room runs, its dampers open, and whether more people use it than it is made for.',
  severity: 'warning',
  owner: 'facilities',
  forMs: 0,
  keepMs: 0,
  reads: ['rooms'],
  place: ['gateway', 'device'],
  unknown: ({ now, rooms }, { gateway, device }) => {
    const room = rooms.find((one) => one.gateway === gateway && one.device === device);
    if (room === undefined) return undefined;
    return notMeasuredLately(room.co2, Math.floor(now / QUARTER_MS) - 5)
      ? 'its sensor said nothing in the last hour'
      : undefined;
  },
  // Two hours above: the lowest quarter hour of them is. A room whose sensor stops goes quiet here, not in our evaluation.
  grafana: {
    from: 'quarters',
    query: `SELECT mean("mean") FROM "environment" WHERE "metric" = 'co2_ppm' AND "count" > 0 AND $timeFilter GROUP BY time(15m), "site", "gateway", "device" fill(none)`,
    tags: ['site', 'gateway', 'device'],
    rangeMs: 2 * HOUR_MS + 2 * QUARTER_MS,
    reduce: 'min',
    limit: { above: HIGH_PPM },
    noData: 'OK',
    unit: 'ppm',
  },
});

const [, MODERATE, SENSITIVE] = AIR_BANDS.pm2_5_ug_per_m3 ?? [];
/** Up to here air is called moderate, up to there unhealthy for sensitive groups (US EPA, contract/air-bands.ts). */
const HIGH_UG = MODERATE?.most ?? 35.4;
const SEVERE_UG = SENSITIVE?.most ?? 55.4;
/** The index is made for the mean of a day; three hours are enough to say so before the day is over. */
const QUARTERS = 12;
const FEWEST = 9;

export const highParticles: AlertRule = {
  id: 'high-pm2-5',
  title: 'PM2.5 over limit',
  summary:
    'The mean of PM2.5 over three hours is above 35.4 µg/m³, from which on the US EPA calls a day’s air unhealthy for sensitive groups; above 55.4 µg/m³ (unhealthy) it is critical. Nine of the twelve quarter hours must be measured.',
  whatToDo:
    'If several stations show it, it is the weather or smoke from afar: inform schools and care homes, and keep outdoor air out where it can be filtered. If one shows it alone, look for what burns or is built beside it.',
  severity: 'warning',
  owner: 'sustainability',
  forMs: 0,
  keepMs: 0,
  reads: ['stations'],
  place: ['gateway', 'device'],
  evaluate: ({ now, stations }) =>
    stations.flatMap(({ site, siteName, gateway, device, particles }): Firing[] => {
      const mean = meanOf(particles, now);
      if (mean === undefined || mean <= HIGH_UG) return [];
      return [
        {
          severity: mean > SEVERE_UG ? 'critical' : 'warning',
          site,
          gateway,
          device,
          title: `Particles in the air: ${siteName}`,
          words: `PM2.5 was ${written(mean, 1)} µg/m³ in the mean of the last three hours; up to ${HIGH_UG} µg/m³ air is called moderate.`,
          figures: [figure('Mean of three hours', mean, 'µg/m³', 1)],
        },
      ];
    }),
  unknown: ({ now, stations }, { gateway, device }) => {
    const station = stations.find((one) => one.gateway === gateway && one.device === device);
    if (station === undefined) return undefined;
    return meanOf(station.particles, now) === undefined ? 'too little was measured in the last three hours' : undefined;
  },
  grafana: {
    from: 'quarters',
    query: `SELECT mean("mean") FROM "environment" WHERE "metric" = 'pm2_5_ug_per_m3' AND "count" > 0 AND $timeFilter GROUP BY time(15m), "site", "gateway", "device" fill(none)`,
    tags: ['site', 'gateway', 'device'],
    rangeMs: 3 * HOUR_MS + QUARTER_MS,
    reduce: 'mean',
    limit: { above: HIGH_UG },
    noData: 'OK',
    unit: 'µg/m³',
  },
};

function meanOf({ firstSlot, values }: { firstSlot: number; values: Float64Array }, now: number): number | undefined {
  // The newest quarter hour may not be rolled up yet.
  const place = Math.max(0, Math.floor(now / QUARTER_MS) - QUARTERS - 1 - firstSlot);
  const known = [...values.subarray(place)].filter((value) => !Number.isNaN(value)).slice(-QUARTERS);
  if (known.length < FEWEST) return undefined;
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}
