/** Builders of roll-ups and events of meters: a test names only what its story is about. */
import type { MeterEvent, RollUp } from '../contract/roll-up.ts';
import type { RollUpUpdate } from '../store/roll-up-store.ts';
import { NOON } from './builders.ts';

const MINUTE = 60_000;

/** A quarter hour of a counter. */
export function aRollUp(change: Partial<RollUp> = {}): RollUp {
  return {
    site: 'main-library',
    gateway: 'library',
    device: 'main-meter',
    metric: 'active_energy_kwh',
    start: NOON,
    count: 15,
    expected: 15,
    coverage: 100,
    min: 918_273.5,
    mean: 918_274.1,
    max: 918_275.2,
    last: 918_275.2,
    consumption: 1.7,
    interpolated: 0,
    estimated: 0,
    peak: 6.8,
    peakAt: NOON,
    position: { height: 918_275_200, time: NOON + 14 * MINUTE, until: 0 },
    ...change,
  };
}

/** A period of a gauge. */
export function aGaugeRollUp(change: Partial<RollUp> = {}): RollUp {
  const nothing = { consumption: null, interpolated: null, estimated: null, peak: null, peakAt: null, position: null };
  return aRollUp({ metric: 'active_power_kw', min: 38.5, mean: 41.2, max: 44, last: 40.1, ...nothing, ...change });
}

/** A row that takes away the one of its key. */
export function anEmptyRollUp(change: Partial<RollUp> = {}): RollUp {
  return aGaugeRollUp({ count: 0, coverage: 0, min: null, mean: null, max: null, last: null, ...change });
}

export function anUpdate(change: Partial<RollUpUpdate['rows']> & Partial<Omit<RollUpUpdate, 'rows'>>): RollUpUpdate {
  const { events = [], erasedEvents = [], ...rows } = change;
  return { rows: { '15m': [], '1h': [], '1d': [], ...rows }, events, erasedEvents };
}

export function aMeterEvent(change: Partial<MeterEvent> = {}): MeterEvent {
  return {
    gateway: 'library',
    device: 'main-meter',
    metric: 'active_energy_kwh',
    at: NOON,
    kind: 'reset',
    from: NOON - MINUTE,
    before: 918_273.5,
    after: 0.2,
    booked: 0,
    decidedBy: 'rule',
    ...change,
  };
}
