/** Meters that count nothing, or began again. */
import { figure, written } from '../../energy/findings/finding.ts';
import { RESETS_SHOWN_DAYS } from '../../energy/findings/meter-reset.ts';
import { type CounterHour, type CounterInput, hasMoved } from '../alert-inputs.ts';
import type { AlertRule, Firing } from '../alert-rule.ts';
import { toldByAnalysis } from '../grafana-form.ts';
import { fromFinding } from './from-finding.ts';

const DAY_MS = 86_400_000;
/** Of 24 hours two may be missing. */
const FEWEST_STILL = 22;
/** With a gauge that shows a flow the counter is refuted within hours. */
const GAUGE_HOURS = 3;
/** Steps that it should have made in them. */
const GAUGE_STEPS = 20;
const FEWEST_DAYS = 7;
const MEASURED = 90;

interface Standing {
  readonly because: 'gauge' | 'history';
  readonly since: number;
  readonly hours: number;
  readonly expected: number;
}

const isStill = ({ used, coverage }: CounterHour): boolean => used === 0 && coverage >= MEASURED;

/** The measured hours since it last moved. An hour of which nothing is known is neither. */
function stillHours({ hours }: CounterInput): CounterHour[] {
  const moved = hours.findLastIndex(hasMoved);
  return hours.slice(moved + 1).filter(isStill);
}

function standing(input: CounterInput): Standing | undefined {
  const { days, step } = input;
  const still = stillHours(input);
  const since = still[0]?.start ?? 0;
  const last = still.slice(-GAUGE_HOURS);
  if (last.length === GAUGE_HOURS && last.every(({ rate }) => (rate ?? 0) > 0)) {
    const expected = last.reduce((sum, { rate }) => sum + (rate ?? 0), 0);
    if (expected >= GAUGE_STEPS * step) return { because: 'gauge', since, hours: still.length, expected };
  }
  if (still.length < FEWEST_STILL || days.length < FEWEST_DAYS || days.some((used) => used <= 0)) return undefined;
  return { because: 'history', since, hours: still.length, expected: Math.min(...days) };
}

export const counterStandingStill: AlertRule = {
  id: 'counter-standing-still',
  title: 'Counter standing still',
  summary:
    'A meter answers, but its counter has not moved: for three hours though its own gauge shows a flow, or for a day though it counted on each of the seven days before. What is used meanwhile is not counted.',
  whatToDo:
    'Read the meter itself: does its display move? If so, the wrong register is read or the value is frozen on the way (converter, gateway). If not, the meter is broken, or nothing is used: then the site is switched off.',
  severity: 'warning',
  owner: 'technician',
  forMs: 0,
  keepMs: 0,
  reads: ['counters'],
  place: ['gateway', 'device'],
  evaluate: ({ counters }) => {
    const told = new Set<string>();
    return counters.flatMap((counter): Firing[] => {
      const found = standing(counter);
      const { site, siteName, gateway, device, name, unit } = counter;
      const key = `${gateway}/${device}`;
      // A meter that is frozen shows it in each of its counters: the first is enough.
      if (found === undefined || told.has(key)) return [];
      told.add(key);
      const why =
        found.because === 'gauge'
          ? `though its gauge showed ${written(found.expected, 1)} ${unit} in the last ${GAUGE_HOURS}`
          : `though it counted at least ${written(found.expected, 1)} ${unit} on each day before`;
      return [
        {
          severity: 'warning',
          site,
          gateway,
          device,
          since: found.since,
          title: `The counter of ${name}, ${siteName}, stands still`,
          words: `It has not moved for ${found.hours} hours or more, ${why}.`,
          figures: [figure('Still for', found.hours, 'h')],
        },
      ];
    });
  },
  unknown: ({ counters }, { gateway, device }) => {
    const ofDevice = counters.filter((one) => one.gateway === gateway && one.device === device);
    // It is over when one of its counters has moved; before, what is missing may be what moved.
    const isMoving = ofDevice.some(({ hours }) => hours.some(hasMoved));
    return ofDevice.length === 0 || isMoving ? undefined : 'too little of the last day was measured';
  },
  grafana: toldByAnalysis('counter-standing-still'),
};

export const meterReset = fromFinding('meter-reset', {
  id: 'meter-reset',
  title: 'Meter began again',
  summary:
    'A counter fell and stayed below: the meter was reset or replaced without a word. The fall is not counted. Told for 14 days, or until a person has decided about it.',
  whatToDo:
    'Find out whether the meter was replaced, reset or restarted. If it was replaced, note both readings for the bill and book them: lamplighter meter decide --as swap. Any decision about it ends the alert.',
  severity: 'warning',
  owner: 'facilities',
  forMs: 0,
  keepMs: 0,
  reads: ['meter-events'],
  place: ['gateway', 'device', 'at'],
  grafana: {
    from: 'long',
    query: `SELECT count("booked") FROM "meter_events" WHERE "kind" = 'reset' AND $timeFilter GROUP BY time(1d), "gateway", "device" fill(none)`,
    tags: ['gateway', 'device'],
    rangeMs: RESETS_SHOWN_DAYS * DAY_MS,
    reduce: 'sum',
    limit: { above: 0 },
    noData: 'OK',
    unit: 'resets',
  },
});
