/** Quarter hours by number: slot 0 begins at 1970-01-01T00:00Z. */
import { QUARTER_MS } from '../counter-rules.ts';

/** Where a result begins and ends. */
export interface SlotWindow {
  readonly firstSlot: number;
  /** How many quarter hours it is long. */
  readonly slots: number;
}

/** The quarter hour that an instant (epoch milliseconds) lies in. */
export function slotOf(time: number): number {
  return Math.floor(time / QUARTER_MS);
}

/** Where it begins, epoch milliseconds. */
export function startOfSlot(slot: number): number {
  return slot * QUARTER_MS;
}
