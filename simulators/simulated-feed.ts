/**
 * The readings of simulated devices as a feed: deterministic, and resumed exactly from its cursor.
 *
 * What happens now comes first. A longer time that was not told (the city's past, or days on which the server was off)
 * is a hole in the cursor and is filled afterwards, newest day first, so that a page shows today before last week. The
 * cursor moves in the transaction of its readings: after a kill at any moment each reading is told exactly once.
 */
import type { Reading } from '../contract/reading.ts';
import type { Feed, FeedStep } from '../edge/sources/simulated.ts';
import { type FeedPlace, jumpedTo, placeOfText, textOfPlace, withNewestToldTo, withShortNewest } from './feed-place.ts';
import { countIn, readingsIn } from './ground-truth.ts';
import type { SimulatedDevice } from './simulated-devices.ts';

export const MAX_STEP_READINGS = 1_000;
export const DEFAULT_HISTORY_MS = 3_600_000;
/** A shorter stop is told in order; a longer one is a hole. */
const HOLE_MS = 600_000;
const DAY_MS = 86_400_000;

export interface SimulatedFeedOptions {
  /** Of one gateway. */
  readonly devices: readonly SimulatedDevice[];
  /** Where the feed begins when there is no cursor, epoch milliseconds; by default `historyMs` before it is first asked. */
  readonly startAt?: number | undefined;
  readonly historyMs?: number | undefined;
  /** Holes are filled one step at a time, when `grant` is called; by default at once. */
  readonly waitsForGrant?: boolean | undefined;
}

export interface FeedStanding {
  /** Everything before this instant is on disk, but for what is pending. */
  readonly live: number;
  /** Readings of the past that are not on disk yet. */
  readonly pendingReadings: number;
  /** Readings of the past that came to disk in this process. */
  readonly toldReadings: number;
}

export class SimulatedFeed implements Feed {
  readonly #options: SimulatedFeedOptions;
  /** Time in which the devices together say at most MAX_STEP_READINGS. */
  readonly #windowMs: number;
  #place: FeedPlace | undefined;
  #pending: { readonly place: FeedPlace; readonly readings: number } | undefined;
  #told = 0;
  /** The cursor of the step handed over last, and how much of the past is in it. */
  #handed: { readonly cursor: string; readonly ofPast: number } | undefined;
  #grants = 0;
  #more: (() => void) | undefined;

  constructor(options: SimulatedFeedOptions) {
    this.#options = options;
    const { devices } = options;
    if (devices.length >= MAX_STEP_READINGS) {
      throw new RangeError(
        `${devices.length} devices are too many for one feed. Give each gateway fewer than ${MAX_STEP_READINGS}.`,
      );
    }
    // In a window of W each device speaks at most W / interval + 1 times.
    const perMs = devices.reduce((sum, device) => sum + 1 / device.intervalMs, 0);
    this.#windowMs = Math.max(1, Math.floor((MAX_STEP_READINGS - devices.length) / Math.max(perMs, 1e-6)));
  }

  onMore(listener: () => void): void {
    this.#more = listener;
  }

  /** Lets it tell one more step of its past. */
  grant(): void {
    this.#grants = 1;
    this.#more?.();
  }

  /** A grant that was not used yet. */
  get isGranted(): boolean {
    return this.#grants > 0;
  }

  /** Where it stands, as far as it was asked; undefined before. */
  get place(): FeedPlace | undefined {
    return this.#place;
  }

  /** Where it stands as far as the disk has it, by the cursor on disk; undefined before it was asked. */
  standing(cursor: string | undefined): FeedStanding | undefined {
    const place = this.#place;
    if (place === undefined) return undefined;
    const handed = this.#handed;
    if (handed === undefined || handed.cursor === cursor) {
      return { live: place.live, pendingReadings: this.pendingReadings, toldReadings: this.#told };
    }
    // A step is on its way to the disk.
    const live = cursor === undefined ? 0 : placeOfText(cursor).live;
    return {
      live,
      pendingReadings: this.pendingReadings + handed.ofPast,
      toldReadings: this.#told - handed.ofPast,
    };
  }

  /** Readings in its holes that were not handed over. */
  get pendingReadings(): number {
    const place = this.#place;
    if (place === undefined) return 0;
    if (this.#pending?.place !== place) {
      const readings = place.holes.reduce((sum, hole) => sum + this.#count(hole.from, hole.to), 0);
      this.#pending = { place, readings };
    }
    return this.#pending.readings;
  }

  *readingsUpTo(cursor: string | undefined, now: number): Generator<FeedStep> {
    const end = Math.floor(now) + 1;
    let place: FeedPlace = cursor === undefined ? { live: this.#start(now), holes: [] } : placeOfText(cursor);
    if (end - place.live > HOLE_MS) place = jumpedTo(place, end);
    this.#place = place;
    while (place.live < end) {
      const to = Math.min(place.live + this.#windowMs, end);
      const readings = this.#readings(place.live, to);
      place = { ...place, live: to };
      if (readings.length === 0) continue;
      yield this.#handOver(readings, place, 0);
    }
    yield* this.#past(place);
  }

  *#past(start: FeedPlace): Generator<FeedStep> {
    let place = start;
    for (let newest = place.holes.at(-1); newest !== undefined; newest = place.holes.at(-1)) {
      if (this.#options.waitsForGrant === true && this.#grants === 0) break;
      if (this.#count(newest.from, newest.to) === 0) {
        place = withNewestToldTo(place, newest.to);
        continue;
      }
      place = withShortNewest(place, DAY_MS);
      const { from, to } = place.holes.at(-1) ?? newest;
      const edge = Math.min(from + this.#windowMs, to);
      const readings = this.#readings(from, edge);
      place = withNewestToldTo(place, edge);
      if (readings.length === 0) continue;
      this.#grants = 0;
      this.#told += readings.length;
      yield this.#handOver(readings, place, readings.length);
    }
    this.#place = place;
  }

  #handOver(readings: readonly Reading[], place: FeedPlace, ofPast: number): FeedStep {
    const cursor = textOfPlace(place);
    this.#place = place;
    this.#handed = { cursor, ofPast };
    return { readings, cursor };
  }

  #start(now: number): number {
    const { startAt, historyMs = DEFAULT_HISTORY_MS } = this.#options;
    return startAt ?? Math.floor(now) - historyMs;
  }

  #count(from: number, to: number): number {
    return this.#options.devices.reduce((sum, device) => sum + countIn(device, from, to), 0);
  }

  /** In order of time; devices that speak at the same instant in their own order. */
  #readings(from: number, to: number): Reading[] {
    const readings: Reading[] = [];
    for (const device of this.#options.devices)
      for (const reading of readingsIn(device, from, to)) readings.push(reading);
    return readings.sort((one, other) => one.time - other.time);
  }
}
