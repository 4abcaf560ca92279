/** Builders of what rules are given: a test names only what its story is about. */
import type {
  AlertInputs,
  CounterHour,
  CounterInput,
  DayFacts,
  GatewayFacts,
  NightsInput,
} from '../../alerts/alert-inputs.ts';
import type { AlertPlace, AlertRule } from '../../alerts/alert-rule.ts';
import { ALERT_RULES } from '../../alerts/rules/table.ts';
import { dayFrom } from '../../energy/calendar.ts';
import type { QuarterSeries } from '../../energy/findings/finding.ts';

export const ZONE = 'America/New_York';
/** Thursday, noon in Boston. */
export const NOW = Date.parse('2026-11-19T17:00:00Z');
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
const QUARTER = 900_000;

export function someInputs(change: Partial<AlertInputs> = {}): AlertInputs {
  return {
    now: NOW,
    uptimeMs: HOUR,
    buildings: [],
    circuits: [],
    rooms: [],
    gateways: [],
    resets: [],
    storeFault: '',
    deadLetters: {},
    demands: [],
    nights: [],
    stations: [],
    counters: [],
    disk: { freeBytes: 4e10, sizeBytes: 1.2e11 },
    unknown: {},
    ...change,
  };
}

export function ruleOf(id: string): AlertRule {
  const rule = ALERT_RULES.find((one) => one.id === id);
  if (rule === undefined) throw new Error(`there is no rule ${id}`);
  return rule;
}

export function aPlace(change: Partial<AlertPlace> = {}): AlertPlace {
  return { site: null, gateway: null, device: null, devices: [], ...change };
}

/** Connected, with one device that speaks every minute. */
export function aGateway(change: Partial<GatewayFacts> = {}): GatewayFacts {
  return {
    gateway: 'library',
    name: 'Library',
    site: 'main-library',
    zone: ZONE,
    state: 'online',
    lastReading: NOW - 20_000,
    intervalS: 60,
    buffered: 3,
    dropped: 0,
    twoEpochs: false,
    oldestS: 2,
    fullShare: 0.01,
    clockOffsetMs: 40,
    devices: [{ device: 'meter', name: 'Meter', lastReading: NOW - 20_000, intervalMs: 60_000, isNew: false }],
    ...change,
  };
}

/** Ends with the last whole quarter hour. */
export function quarters(count: number, kwOf: (back: number) => number, now = NOW): QuarterSeries {
  const firstSlot = Math.floor(now / QUARTER) - count;
  return { firstSlot, values: Float64Array.from({ length: count }, (_, place) => kwOf(count - place)) };
}

/** 31 whole days and the running one; `back` is 0 for the running one. */
export function someNights(
  factsOf: (back: number) => Partial<DayFacts>,
  change: Partial<NightsInput> = {},
): NightsInput {
  const days = Array.from({ length: 32 }, (_, place): DayFacts => {
    const back = 31 - place;
    return {
      from: dayFrom(NOW, -back, ZONE),
      to: dayFrom(NOW, 1 - back, ZONE),
      baseKw: back === 0 ? null : 40,
      nightWater: 0.05,
      nightGas: 2,
      nightC: 5,
      ...factsOf(back),
    };
  });
  return { site: 'school', name: 'School', zone: ZONE, use: 'school', days, ...change };
}

/** A meter that counts 2 kWh an hour; `back` is 1 for the last hour. */
export function aCounter(
  hourOf: (back: number) => Partial<CounterHour> = () => ({}),
  change: Partial<CounterInput> = {},
): CounterInput {
  return {
    site: 'school',
    siteName: 'School',
    zone: ZONE,
    gateway: 'g',
    device: 'meter',
    name: 'Main meter',
    metric: 'active_energy_kwh',
    unit: 'kWh',
    step: 0.1,
    hours: Array.from({ length: 26 }, (_, place) => {
      const back = 26 - place;
      return { start: NOW - back * HOUR, used: 2, coverage: 100, rate: 2, ...hourOf(back) };
    }),
    days: [48, 48, 40, 41, 48, 48, 48],
    ...change,
  };
}
