/** Streetlights: one alert a circuit, since one crew goes out for it. */
import type { AlertRule } from '../alert-rule.ts';
import { toldByAnalysis } from '../grafana-form.ts';
import { fromFinding } from './from-finding.ts';
import { lampsAway } from './unknown.ts';

const MINUTE_MS = 60_000;

export const lampFault = fromFinding('lamp-failure', {
  id: 'lamp-fault',
  title: 'Lamps failed',
  summary:
    'Lamp controllers report a failure for a quarter of an hour. A note for single lamps; a warning from three lamps and a tenth of a circuit on, where the street is badly lit.',
  whatToDo: 'Put them on the list of the next round; a street from a tenth of its lamps on should not wait for it.',
  severity: 'info',
  owner: 'technician',
  forMs: 15 * MINUTE_MS,
  keepMs: 0,
  reads: ['latest'],
  place: ['site'],
  unknown: lampsAway,
  grafana: {
    from: 'quarters',
    query: `SELECT sum("failed") FROM (SELECT last("last") AS "failed" FROM "lighting" WHERE "metric" = 'lamp_failure' AND "count" > 0 AND $timeFilter GROUP BY time(15m), "site", "gateway", "device" fill(none)) WHERE $timeFilter GROUP BY time(15m), "site" fill(none)`,
    tags: ['site'],
    rangeMs: 60 * MINUTE_MS,
    // The newest quarter hour may have only some of the lamps; a repair shows within the hour.
    reduce: 'min',
    limit: { above: 0 },
    noData: 'OK',
    unit: 'lamps',
  },
});

export const dayBurner = fromFinding('day-burner', {
  id: 'day-burner',
  title: 'Lamps burn by day',
  summary:
    'Lamps take more than 3 W with the sun 4° above the horizon. By night, what they did at the last noon counts.',
  whatToDo:
    'Send somebody to the lamp controller: a stuck relay or a lost dimming bus keeps the lamp on. When a whole circuit burns, look at its switch cabinet and its light sensor.',
  severity: 'warning',
  owner: 'technician',
  forMs: 10 * MINUTE_MS,
  keepMs: 0,
  reads: ['latest', 'lamps'],
  place: ['site'],
  unknown: lampsAway,
  grafana: toldByAnalysis('day-burner'),
});

export const circuitDark: AlertRule = fromFinding('dark-circuit', {
  id: 'circuit-dark',
  title: 'Circuit dark at night',
  summary:
    'Four in five of the lamps of a circuit that are told to burn take no power, with the sun 4° below the horizon. By day, what they did at the last midnight counts. Silent lamps are not counted: silence is no darkness.',
  whatToDo:
    'Send a crew to the switch cabinet: main fuse, contactor, residual-current breaker, cable. The lamp controllers answer, so the fault lies between cabinet and drivers.',
  severity: 'critical',
  owner: 'technician',
  forMs: 10 * MINUTE_MS,
  keepMs: 0,
  reads: ['latest', 'lamps'],
  place: ['site'],
  unknown: lampsAway,
  grafana: toldByAnalysis('circuit-dark'),
});
