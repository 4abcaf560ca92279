/**
 * Whether roll-ups say of every counter what the simulated city truly counted, as far as its readings let know it: by
 * civil days, and of the running day by hours. Knows the truth, is given the rows.
 */
import { metricById } from '../contract/metrics.ts';
import { CivilDays } from './civil-days.ts';
import type { CounterName, LostAmount, MeterTruth } from './meter-truth.ts';

/** A row may be off by this share … */
export const ROLL_UP_SHARE = 0.001;
/** … or by so many last digits of its register: a reading at either end is rounded to one. */
const DIGITS = 2;
const HOUR_MS = 3_600_000;
/** Readings of before and after an hour are stored by then: no counter of the city speaks less often. */
const SETTLED_MS = HOUR_MS / 2;

export interface CountedRow extends CounterName {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly consumption: number | null;
}

export interface RollUpsUnderTest {
  /** Rows of counters that begin in [from, to), epoch milliseconds. */
  rows(width: '1d' | '1h', from: number, to: number): Promise<readonly CountedRow[]>;
}

export interface RollUpDeviation extends CounterName {
  readonly width: '1d' | '1h';
  readonly start: number;
  readonly expected: number;
  /** Undefined without a row. */
  readonly found: number | undefined;
}

export interface RollUpVerification {
  /** Days and hours of counters that were compared. */
  readonly days: number;
  readonly hours: number;
  readonly deviations: readonly RollUpDeviation[];
  /** What no reading tells of, and why. */
  readonly lost: readonly (CounterName & LostAmount)[];
}

export interface RollUpVerificationRequest {
  readonly truth: MeterTruth;
  readonly zone: string;
  readonly rollUps: RollUpsUnderTest;
  /** Those that take part. */
  readonly gateways: ReadonlySet<string>;
  /** Readings of [from, to) are stored and rolled up, epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

interface Piece {
  readonly width: '1d' | '1h';
  readonly from: number;
  readonly to: number;
}

export async function verifyRollUps(request: RollUpVerificationRequest): Promise<RollUpVerification> {
  const { truth, rollUps, gateways } = request;
  const counters = truth.counters().filter(({ gateway }) => gateways.has(gateway));
  const counts = { '1d': 0, '1h': 0 };
  const deviations: RollUpDeviation[] = [];
  const pieces = piecesOf(request);
  for (const { width, from, to } of pieces) {
    const rows = await rollUps.rows(width, from, from + 1);
    const found = new Map(rows.filter(({ gateway }) => gateways.has(gateway)).map((row) => [keyOf(row), row]));
    for (const name of counters) {
      const key = keyOf(name);
      const consumption = found.get(key)?.consumption ?? undefined;
      found.delete(key);
      const expected = truth.known(name, from, to);
      const off = Math.abs((consumption ?? 0) - expected);
      if (off > toleranceOf(name, expected))
        deviations.push({ ...name, width, start: from, expected, found: consumption });
      counts[width]++;
    }
    for (const { gateway, device, metric, consumption } of found.values()) {
      if (consumption === null) continue;
      deviations.push({ gateway, device, metric, width, start: from, expected: 0, found: consumption });
    }
  }
  const end = pieces.at(-1)?.to ?? request.from;
  const lost = counters.flatMap((name) =>
    truth
      .lost(name, request.from, end)
      .filter(({ kind, amount }) => kind !== 'untold' && amount > 0)
      .map((one) => ({ ...name, ...one })),
  );
  return { days: counts['1d'], hours: counts['1h'], deviations, lost };
}

/** Whole days, and the hours that are over of the day after the last one. */
function piecesOf({ zone, from, to }: RollUpVerificationRequest): Piece[] {
  const days = new CivilDays(zone);
  const settled = to - SETTLED_MS;
  const pieces: Piece[] = [];
  let day = days.at(from);
  for (; day.end <= settled; day = days.day(day.index + 1)) pieces.push({ width: '1d', from: day.start, to: day.end });
  // Hours of UTC, which are those of every zone that a demo city may have.
  const first = Math.max(day.start, Math.floor(from / HOUR_MS) * HOUR_MS);
  for (let start = first; start + HOUR_MS <= settled; start += HOUR_MS) {
    pieces.push({ width: '1h', from: start, to: start + HOUR_MS });
  }
  return pieces;
}

function toleranceOf({ metric }: CounterName, expected: number): number {
  const digit = 10 ** -(metricById.get(metric)?.decimals ?? 0);
  return Math.max(ROLL_UP_SHARE * expected, DIGITS * digit) + 1e-9;
}

function keyOf({ gateway, device, metric }: CounterName): string {
  return `${gateway}/${device}/${metric}`;
}
