/**
 * Marks: which quarter hours of which devices have changed since they were last rolled up. Ingest keeps them
 * (ingest/roll-up-marks.ts), since a mark must be durable before the readings that it stands for; the worker that rolls
 * up (energy/rollup/) claims them. Plain data, so that the two may live in different processes.
 */

/** What a mark covers, milliseconds; marks begin at multiples of it in UTC. */
export const MARK_MS = 900_000;
export const MARKS_PER_DAY = 96;
export const MARKED_DAY_MS = MARK_MS * MARKS_PER_DAY;

export interface MarkedDayKey {
  readonly gateway: string;
  readonly device: string;
  /** Beginning of the UTC day, epoch milliseconds. */
  readonly day: number;
}

export interface MarkedDay extends MarkedDayKey {
  /** Quarter hours of the day whose readings changed, 0 to 95, rising. */
  readonly quarters: readonly number[];
  /** Hours of the day, 0 to 23, rising, whose quarter hours are rolled up and which are not yet themselves. */
  readonly hours: readonly number[];
}

export interface MarksClaim {
  /** One word for each start of a worker: what an earlier one had claimed can be claimed again. */
  readonly session: string;
  /** Quarter hours and hours that end at or before this instant, epoch milliseconds. */
  readonly before: number;
  /** So many days of devices at most. */
  readonly most: number;
}

export interface RolledUpDay extends MarkedDayKey {
  /** Hours of which only quarter hours are rolled up so far; they will come again as `MarkedDay.hours`. */
  readonly owedHours: readonly number[];
}

/** A stretch of a device, epoch milliseconds, `to` exclusive. */
export interface MarkedStretch {
  readonly gateway: string;
  readonly device: string;
  readonly from: number;
  readonly to: number;
}

export interface MarksStatus {
  /** Quarter hours that are over and not rolled up, those being rolled up included. */
  readonly quarters: number;
  /** Days of devices that they lie in. */
  readonly days: number;
  /** Milliseconds that the oldest of them has waited; 0 when there is none. */
  readonly oldestMs: number;
  /** Beginning of the earliest day with a mark, epoch milliseconds; undefined when nothing is marked. */
  readonly earliestDay: number | undefined;
}

export interface RollUpMarks {
  /** Days with claimable marks, the newest day first. What changes from now on is marked anew. */
  claim(claim: MarksClaim): Promise<readonly MarkedDay[]>;
  /** Of days that were claimed: they are rolled up, durably. Days that are not claimed by this session are passed over. */
  done(session: string, days: readonly RolledUpDay[]): Promise<void>;
  /** Gives back everything that the session has claimed. */
  release(session: string): Promise<void>;
  /** Marks stretches for another reason than readings; durable when it resolves. */
  mark(stretches: readonly MarkedStretch[]): Promise<void>;
  /** Counts quarter hours that end at or before the instant, epoch milliseconds. */
  status(before: number): Promise<MarksStatus>;
}
