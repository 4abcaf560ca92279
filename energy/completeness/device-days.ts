/**
 * Completeness of a device by civil day, from how many readings each quarter hour holds: expected, stored, missing, and
 * the stretches in which they are missing.
 */
import type { RollUp } from '../../contract/roll-up.ts';
import { type Period, periodsIn } from '../calendar.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import { type Expectation, expectedReadings } from './expected-readings.ts';

export interface MissingRange extends Period {
  /** Readings that are missing in it. */
  readonly readings: number;
}

/** stored = expected − missing + surplus. */
export interface DeviceDay extends Period {
  /** Undefined, as are the figures below, when the register states no interval. */
  readonly expected: number | undefined;
  readonly stored: number;
  readonly missing: number | undefined;
  /** More than were expected, such as after a shorter interval was set on the device. */
  readonly surplus: number | undefined;
  /** Percent of the expected readings that are there; undefined when none are expected. */
  readonly coveragePercent: number | undefined;
  /** In order, to the quarter hour (or to the interval where that is longer). */
  readonly ranges: readonly MissingRange[];
}

export interface DeviceDaysQuery {
  readonly expectation: Expectation;
  /** Readings stored by beginning of their quarter hour (`readingCounts`); a quarter hour that is not there holds none. */
  readonly counts: ReadonlyMap<number, number>;
  readonly period: Period;
  readonly zone: string;
}

/** Of 15-minute rows of one device: a reading has several metrics, so a quarter hour holds as many as its fullest one. */
export function readingCounts(rows: readonly Pick<RollUp, 'start' | 'count'>[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { start, count } of rows) counts.set(start, Math.max(count, counts.get(start) ?? 0));
  return counts;
}

/** The days that `period` consists of, in order. */
export function deviceDays({ expectation, counts, period, zone }: DeviceDaysQuery): DeviceDay[] {
  return periodsIn(period, 'day', zone).map((day) => deviceDay(day, expectation, counts));
}

interface Block extends Period {
  readonly stored: number;
  /** Expected less stored: what is missing, or below 0 what is too much. */
  deficit: number;
}

/** Of one day, or of a part of it. */
export function deviceDay(day: Period, expectation: Expectation, counts: ReadonlyMap<number, number>): DeviceDay {
  const { intervalMs } = expectation;
  const blocks = blocksOf(day, expectation, counts);
  const stored = blocks.reduce((sum, block) => sum + block.stored, 0);
  if (intervalMs === undefined) {
    const [expected, missing, surplus, coveragePercent] = [undefined, undefined, undefined, undefined];
    return { ...day, expected, stored, missing, surplus, coveragePercent, ranges: [] };
  }
  settleNeighbours(blocks, intervalMs);
  const expected = expectedReadings(day, expectation) ?? 0;
  const ranges = rangesOf(blocks);
  const missing = ranges.reduce((sum, { readings }) => sum + readings, 0);
  const surplus = stored - expected + missing;
  const coveragePercent = expected === 0 ? undefined : (100 * (expected - missing)) / expected;
  return { ...day, expected, stored, missing, surplus, coveragePercent, ranges };
}

/** Stretches long enough to expect at least one reading each. */
function blocksOf(day: Period, expectation: Expectation, counts: ReadonlyMap<number, number>): Block[] {
  const lengthMs = blockMs(expectation.intervalMs ?? QUARTER_MS);
  const blocks: Block[] = [];
  for (let from = Math.floor(day.from / QUARTER_MS) * QUARTER_MS; from < day.to; from += lengthMs) {
    const to = Math.min(from + lengthMs, day.to);
    let stored = 0;
    for (let start = from; start < to; start += QUARTER_MS) stored += counts.get(start) ?? 0;
    const stretch = { from: Math.max(from, day.from), to };
    blocks.push({ ...stretch, stored, deficit: (expectedReadings(stretch, expectation) ?? 0) - stored });
  }
  return blocks;
}

function blockMs(intervalMs: number): number {
  return Math.max(1, Math.ceil(intervalMs / QUARTER_MS)) * QUARTER_MS;
}

/**
 * A reading that comes a second early or late falls into the neighbouring quarter hour: one too many there is not one
 * missing here. Where the interval does not divide the block, one more or less may lie as far away as the pattern
 * repeats, and one reading a day may seem missing that was due a moment later.
 */
function settleNeighbours(blocks: Block[], intervalMs: number): void {
  const length = blockMs(intervalMs);
  const reach = Math.min(blocks.length, intervalMs / greatestDivisor(length, intervalMs));
  for (let distance = 1; distance <= reach; distance++) {
    for (const [place, block] of blocks.entries()) {
      if (block.deficit >= 0) continue;
      for (const other of [blocks[place - distance], blocks[place + distance]]) {
        if (other === undefined || other.deficit <= 0 || block.deficit >= 0) continue;
        other.deficit--;
        block.deficit++;
      }
    }
  }
}

function greatestDivisor(length: number, intervalMs: number): number {
  let [one, other] = [length, Math.round(intervalMs)];
  while (other > 0) [one, other] = [other, one % other];
  return one;
}

function rangesOf(blocks: readonly Block[]): MissingRange[] {
  const ranges: MissingRange[] = [];
  for (const { from, to, deficit } of blocks) {
    if (deficit <= 0) continue;
    const last = ranges.at(-1);
    if (last?.to === from) ranges[ranges.length - 1] = { from: last.from, to, readings: last.readings + deficit };
    else ranges.push({ from, to, readings: deficit });
  }
  return ranges;
}
