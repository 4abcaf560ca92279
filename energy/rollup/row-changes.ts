/** What must be written so that the stored rows and events become the ones that were made. */
import {
  isEmptyRollUp,
  type MeterEvent,
  type MeterEventKey,
  type RollUp,
  type RollUpKey,
} from '../../contract/roll-up.ts';

/** Rows that differ, and empty ones for stored rows that are no more. Of one series; keys are (site, start). */
export function changedRows(stored: readonly RollUp[], fresh: readonly RollUp[]): RollUp[] {
  // As in a backlog: no key need be made of rows by the million.
  if (stored.length === 0) return fresh.filter((row) => !isEmptyRollUp(row));
  const left = new Map(stored.map((row) => [keyOf(row), row]));
  const changed: RollUp[] = [];
  for (const row of fresh) {
    if (isEmptyRollUp(row)) continue;
    const key = keyOf(row);
    const was = left.get(key);
    left.delete(key);
    if (was === undefined || !isSameRow(was, row)) changed.push(row);
  }
  for (const row of left.values()) changed.push(emptied(row));
  return changed;
}

export interface EventChanges {
  readonly events: readonly MeterEvent[];
  readonly erasedEvents: readonly MeterEventKey[];
}

/** The same for the events of one series; their key is the instant. */
export function changedEvents(stored: readonly MeterEvent[], fresh: readonly MeterEvent[]): EventChanges {
  const left = new Map(stored.map((event) => [event.at, event]));
  const events: MeterEvent[] = [];
  for (const event of fresh) {
    const was = left.get(event.at);
    left.delete(event.at);
    if (was === undefined || !isSameEvent(was, event)) events.push(event);
  }
  const erasedEvents = [...left.values()].map(({ gateway, device, metric, at }) => ({ gateway, device, metric, at }));
  return { events, erasedEvents };
}

function keyOf({ site, start }: RollUpKey): string {
  return `${start} ${site}`;
}

function emptied({ site, gateway, device, metric, start }: RollUp): RollUp {
  const values = { min: null, mean: null, max: null, last: null };
  const counted = { consumption: null, interpolated: null, estimated: null, peak: null, peakAt: null, position: null };
  return { site, gateway, device, metric, start, count: 0, expected: 0, coverage: 0, ...values, ...counted };
}

function isSameRow(one: RollUp, other: RollUp): boolean {
  return (
    one.count === other.count &&
    one.expected === other.expected &&
    one.coverage === other.coverage &&
    one.min === other.min &&
    one.mean === other.mean &&
    one.max === other.max &&
    one.last === other.last &&
    one.consumption === other.consumption &&
    one.interpolated === other.interpolated &&
    one.estimated === other.estimated &&
    one.peak === other.peak &&
    one.peakAt === other.peakAt &&
    one.position?.height === other.position?.height &&
    one.position?.time === other.position?.time &&
    one.position?.until === other.position?.until
  );
}

function isSameEvent(one: MeterEvent, other: MeterEvent): boolean {
  return (
    one.kind === other.kind &&
    one.from === other.from &&
    one.before === other.before &&
    one.after === other.after &&
    one.booked === other.booked &&
    one.decidedBy === other.decidedBy
  );
}
