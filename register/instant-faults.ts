/** Instants of the register, epoch milliseconds, lie in a span of which every one can be written as a date. */
import { EARLIEST_PLACEMENT, LATEST_PLACEMENT } from './model.ts';

/** `start` begins the words: the field, or nothing. */
export function instantFaults(start: string, instant: number): string[] {
  return instant >= EARLIEST_PLACEMENT && instant < LATEST_PLACEMENT ? [] : [`${start}must lie between 1970 and 2200.`];
}
