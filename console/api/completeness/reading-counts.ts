/**
 * How many readings each device holds, day by day, and which are missing, read as cheaply as it can be told:
 * 1. days that are over and whole by their 1-day row need no closer look;
 * 2. of the others those of which nothing is missing are found by hours (whole-days.ts);
 * 3. the rest is read by 15-minute rows, and where there are none yet (the present, cut quarter hours) by their values;
 * 4. where readings seem to be missing, the values around are read: they name the missing ones exactly, and roll-ups
 *    that lag behind do not make readings disappear. Bounded by MOST_CLOSE_MS.
 */
import type { MarkedDayKey } from '../../../contract/roll-up-marks.ts';
import { type Period, periodAt, periodsIn } from '../../../energy/calendar.ts';
import { type DeviceDay, deviceDay, type MissingRange } from '../../../energy/completeness/device-days.ts';
import { type ExactRange, exactRanges } from '../../../energy/completeness/exact-ranges.ts';
import { expectedReadings } from '../../../energy/completeness/expected-readings.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { RollUpStore } from '../../../store/roll-up-store.ts';
import type { DeviceKey } from '../../../store/telemetry-store.ts';
import { Breather } from '../city/breather.ts';
import { timesOf } from './reading-times.ts';
import type { WatchedDevice } from './watched-devices.ts';
import { countWholeDays } from './whole-days.ts';

const HOUR_MS = 4 * QUARTER_MS;
const DAY_MS = 24 * HOUR_MS;
/** By then the rows of a day are written, unless the worker lags. */
const DAY_ROW_AFTER_MS = 3 * HOUR_MS;
/** So long ago quarter hours are rolled up; younger ones are counted from values. */
export const QUARTER_ROW_AFTER_MS = 20 * 60_000;
/** Days of devices that are read by the quarter hour; of more the day row has to do. */
const MOST_QUARTER_DAYS = 4_000;
/** Days of devices that are not rolled up yet and counted from values. */
const MOST_VALUE_DAYS = 1_000;
/** Time of devices whose values are read to tell what is missing exactly. */
const MOST_CLOSE_MS = 120 * DAY_MS;
/** Days of devices in one question to the store (some 20,000 rows): the event loop is free between. */
const DEVICE_DAYS_PER_QUERY = 40;
/** Day rows in one, of about five metrics. */
const DAYS_IN_QUESTION = 4_000;
const DAYS_PER_QUERY = 31;

export interface CountedDevice extends WatchedDevice {
  readonly days: readonly DeviceDay[];
  readonly ranges: readonly ExactRange[];
  /** Time of the first reading of the stretch, or the beginning of its quarter hour or day; undefined when there is none. */
  readonly firstStoredAt: number | undefined;
  /** Days that are not rolled up, and too many to count from values. */
  readonly uncounted: readonly Period[];
}

/** A civil day, or the part of it that was asked for. */
interface CivilDay {
  readonly period: Period;
  /** When the whole day begins. */
  readonly start: number;
  readonly isWhole: boolean;
}

interface OpenDay extends CivilDay {
  counts: Map<number, number>;
  day: DeviceDay;
  /** Read by the quarter hour; otherwise only its sum is known. */
  isRead: boolean;
  /** Not rolled up yet. */
  readonly isUnfinished: boolean;
  /** One metric that has as many values as any other of the day; undefined: all have to be read. */
  metric: string | undefined;
  /** The one that has most values on it; undefined without a row. */
  fullest: string | undefined;
}

/** The day row of a device: as many readings as its fullest metric has values. */
interface DaySum {
  stored: number;
  /** Undefined when metrics differ. */
  metric: string | undefined;
  fullest: string;
}

interface Work {
  readonly watched: WatchedDevice;
  readonly days: OpenDay[];
  times: number[];
  isClose: boolean;
}

export async function countReadings(
  store: RollUpStore,
  devices: readonly WatchedDevice[],
  { now, unfinished }: { now: number; unfinished: readonly MarkedDayKey[] },
): Promise<CountedDevice[]> {
  const isUnfinished = unfinishedIn(unfinished);
  const daysOf = civilDays();
  const works: Work[] = devices.map((watched) => ({
    watched,
    days: daysOf(watched).map((day) => ({
      ...day,
      counts: new Map(),
      day: summedDay(day.period, expectedReadings(day.period, watched.expectation), 0),
      isRead: false,
      isUnfinished: isUnfinished(watched, day.period),
      metric: undefined,
      fullest: undefined,
    })),
    times: [],
    isClose: false,
  }));
  const sums = await daySums(store, works);
  const open: [Work, OpenDay][] = [];
  for (const work of works) {
    const { watched } = work;
    for (const day of work.days) {
      const sum = sums.get(keyOf(watched, day.start));
      day.metric = sum?.metric;
      day.fullest = sum?.fullest;
      const stored = day.isWhole ? sum?.stored : undefined;
      const { from, to } = day.period;
      const expected = expectedReadings(day.period, watched.expectation);
      const isOver = to <= now - DAY_ROW_AFTER_MS && !day.isUnfinished;
      if (isOver && stored !== undefined) day.day = summedDay(day.period, expected, stored);
      if (!isOver || (from < to && stored !== (expected ?? stored ?? Number.NaN))) open.push([work, day]);
    }
  }
  // The newest first: of older ones the sum of the day has to do when there are too many.
  open.sort(([, one], [, other]) => other.period.from - one.period.from);
  const fresh = open.filter(([, { isUnfinished: isFresh }]) => isFresh).slice(0, MOST_VALUE_DAYS);
  const rolled = open.filter(([, { isUnfinished: isFresh }]) => !isFresh).slice(0, MOST_QUARTER_DAYS);
  await readWhole(store, rolled, now);
  const broken = rolled.filter(([, { isRead }]) => !isRead);
  await readQuarters(store, broken);
  await readEdges(store, broken, now);
  await readValues(
    store,
    fresh.map(([work, day]) => [work, day, day.period]),
  );
  const breather = new Breather();
  for (const [work, day] of [...fresh, ...broken]) {
    await breather.breathe();
    day.isRead = true;
    day.day = deviceDay(day.period, work.watched.expectation, day.counts);
  }
  await lookClosely(store, works);
  return works.map(({ watched, days, times, isClose }) => ({
    ...watched,
    days: days.map(({ day }) => day),
    ranges: rangesOf(days).flatMap((range) => {
      const { intervalMs } = watched.expectation;
      if (intervalMs === undefined || !isClose) return [{ ...range, isExact: false }];
      return exactRanges(range, times, intervalMs);
    }),
    firstStoredAt: firstStoredAt(days, times),
    uncounted: days.filter((day) => day.isUnfinished && !day.isRead).map(({ period }) => period),
  }));
}

function firstStoredAt(days: readonly OpenDay[], times: readonly number[]): number | undefined {
  const first = days.find(({ day }) => day.stored > 0);
  if (first === undefined) return undefined;
  const { from } = first.period;
  if (!first.isRead) return from;
  let quarter = first.period.to;
  for (const [start, count] of first.counts) if (count > 0 && start < quarter) quarter = start;
  return (
    times.find((time) => time >= Math.max(quarter, from) && time < quarter + QUARTER_MS) ?? Math.max(quarter, from)
  );
}

/** Days of a stretch; many devices have the same. */
function civilDays(): (watched: WatchedDevice) => readonly CivilDay[] {
  const known = new Map<string, readonly CivilDay[]>();
  return ({ stretch, zone }) =>
    getOrCreate(known, `${stretch.from}/${stretch.to}/${zone}`, () =>
      periodsIn(stretch, 'day', zone).map((period) => {
        const { from, to } = periodAt(period.from, 'day', zone);
        return { period, start: from, isWhole: period.from === from && period.to === to };
      }),
    );
}

/** Of a day of which only the sum is known. */
function summedDay(period: Period, expected: number | undefined, stored: number): DeviceDay {
  if (expected === undefined) {
    return { ...period, expected, stored, missing: expected, surplus: expected, coveragePercent: expected, ranges: [] };
  }
  const missing = Math.max(0, expected - stored);
  const ranges = missing === 0 ? [] : [{ ...period, readings: missing }];
  const coveragePercent = expected === 0 ? undefined : (100 * (expected - missing)) / expected;
  return { ...period, expected, stored, missing, surplus: stored - expected + missing, coveragePercent, ranges };
}

/** Joined where they touch, over midnight as well. */
function rangesOf(days: readonly OpenDay[]): MissingRange[] {
  const ranges: MissingRange[] = [];
  for (const range of days.flatMap(({ day }) => day.ranges)) {
    const last = ranges.at(-1);
    if (last?.to !== range.from) ranges.push(range);
    else ranges[ranges.length - 1] = { from: last.from, to: range.to, readings: last.readings + range.readings };
  }
  return ranges;
}

/** Whether a day of the site touches one (UTC) that is not rolled up. */
function unfinishedIn(days: readonly MarkedDayKey[]): (watched: WatchedDevice, period: Period) => boolean {
  const keys = new Set(days.map(({ gateway, device, day }) => `${gateway}/${device}/${day}`));
  return ({ device }, { from, to }) => {
    for (let day = Math.floor(from / DAY_MS) * DAY_MS; day < to; day += DAY_MS) {
      if (keys.has(`${nameOf(device)}/${day}`)) return true;
    }
    return false;
  };
}

/** By site, device and beginning of the day, from 1-day rows. */
async function daySums(store: RollUpStore, works: readonly Work[]): Promise<Map<string, DaySum>> {
  const sums = new Map<string, DaySum>();
  const from = Math.min(...works.map(({ watched, days }) => days[0]?.start ?? watched.stretch.from));
  const to = Math.max(...works.map(({ watched }) => watched.stretch.to));
  const devices = keysOf(works.map(({ watched }) => watched));
  for (let start = from; start < to; start += DAYS_PER_QUERY * DAY_MS) {
    const stretch = { from: start, to: Math.min(start + DAYS_PER_QUERY * DAY_MS, to) };
    const most = Math.ceil((DAYS_IN_QUESTION * DAY_MS) / Math.max(DAY_MS, stretch.to - stretch.from));
    for (const some of portions(devices, most)) {
      for (const row of await store.rollUps({ width: '1d', devices: some, ...stretch })) {
        const { metric, count: stored } = row;
        const key = `${row.site}/${row.gateway}/${row.device}/${row.start}`;
        const known = sums.get(key);
        if (known === undefined) sums.set(key, { stored, metric, fullest: metric });
        else if (known.stored < stored) sums.set(key, { stored, metric: undefined, fullest: metric });
        else if (known.stored > stored) sums.set(key, { ...known, metric: undefined });
      }
    }
  }
  return sums;
}

function keyOf({ site, device }: WatchedDevice, day: number): string {
  return `${site}/${device.gateway}/${device.id}/${day}`;
}

/** Takes the days of which nothing is missing, and nothing is too much. */
async function readWhole(store: RollUpStore, open: readonly (readonly [Work, OpenDay])[], now: number): Promise<void> {
  const suspects = open.flatMap(([{ watched }, day]) =>
    day.fullest === undefined || watched.expectation.intervalMs === undefined
      ? []
      : [{ watched, day, period: day.period, metric: day.fullest }],
  );
  const found = await countWholeDays(store, suspects, now - QUARTER_ROW_AFTER_MS);
  const breather = new Breather();
  for (const [{ watched, day, period }, counts] of found) {
    await breather.breathe();
    const counted = deviceDay(period, watched.expectation, counts);
    if (counted.missing !== 0 || counted.surplus !== 0) continue;
    day.counts = counts;
    day.day = counted;
    day.isRead = true;
  }
}

/** Into the counts of the days; quarter hours that a day cuts are counted from values afterwards. */
async function readQuarters(store: RollUpStore, open: readonly (readonly [Work, OpenDay])[]): Promise<void> {
  for (const [period, metric, group] of byPeriod(open)) {
    for (const some of portions(group, DEVICE_DAYS_PER_QUERY)) {
      const rows = await store.rollUps({
        width: '15m',
        devices: keysOf(some.map(([{ watched }]) => watched)),
        metrics: metric === undefined ? undefined : [metric],
        from: quarterOf(period.from),
        to: period.to,
      });
      const counts = new Map<string, Map<number, number>>();
      for (const { gateway, device, start, count } of rows) {
        const ofDevice = getOrCreate(counts, `${gateway}/${device}`, () => new Map<number, number>());
        ofDevice.set(start, Math.max(count, ofDevice.get(start) ?? 0));
      }
      for (const [{ watched }, day] of some) day.counts = new Map(counts.get(nameOf(watched.device)));
    }
  }
}

/** Counts from values: of quarter hours that the day cuts, and of the youngest ones. */
async function readEdges(store: RollUpStore, open: readonly (readonly [Work, OpenDay])[], now: number): Promise<void> {
  const edges: [Work, OpenDay, Period][] = [];
  const young = quarterOf(now - QUARTER_ROW_AFTER_MS);
  for (const [work, day] of open) {
    const { from, to } = day.period;
    if (from !== quarterOf(from)) edges.push([work, day, { from, to: Math.min(to, quarterOf(from) + QUARTER_MS) }]);
    if (to > young) edges.push([work, day, { from: Math.max(from, young), to }]);
    else if (to !== quarterOf(to)) edges.push([work, day, { from: Math.max(from, quarterOf(to)), to }]);
  }
  await readValues(store, edges);
}

async function readValues(store: RollUpStore, edges: readonly (readonly [Work, OpenDay, Period])[]): Promise<void> {
  for (const group of grouped(edges, ([, , edge]) => `${quarterOf(edge.from)}/${quarterOf(edge.to)}`)) {
    for (const some of portions(group, DEVICE_DAYS_PER_QUERY)) {
      const from = Math.min(...some.map(([, , edge]) => edge.from));
      const to = Math.max(...some.map(([, , edge]) => edge.to));
      const times = await timesOf(store, keysOf(some.map(([{ watched }]) => watched)), { from, to });
      for (const [{ watched }, day, edge] of some) {
        setCounts(day.counts, times.get(nameOf(watched.device)) ?? [], edge);
      }
    }
  }
}

/** The values around what seems to be missing. */
async function lookClosely(store: RollUpStore, works: readonly Work[]): Promise<void> {
  const looks: { work: Work; range: MissingRange; around: Period }[] = [];
  for (const work of works) {
    const { intervalMs } = work.watched.expectation;
    if (intervalMs === undefined || work.days.some(({ day, isRead }) => day.ranges.length > 0 && !isRead)) continue;
    for (const range of rangesOf(work.days)) {
      const around = { from: range.from - 2 * intervalMs, to: range.to + 2 * intervalMs };
      looks.push({ work, range, around });
    }
  }
  const groups = grouped(looks, ({ around }) => `${around.from}/${around.to}`);
  let leftMs = MOST_CLOSE_MS;
  const isLeftOut = new Set<Work>();
  const closeByWork = new Map<Work, Set<number>>();
  // The shortest first: they gain most by it.
  groups.sort(([one], [other]) => lengthOf(one?.around) - lengthOf(other?.around));
  for (const group of groups) {
    for (const some of portions(group, DEVICE_DAYS_PER_QUERY)) {
      const [first] = some;
      if (first === undefined) continue;
      leftMs -= some.length * lengthOf(first.around);
      if (leftMs < 0) {
        for (const { work } of some) isLeftOut.add(work);
        continue;
      }
      const found = await timesOf(store, keysOf(some.map(({ work }) => work.watched)), first.around);
      for (const { work, range } of some) {
        const times = found.get(nameOf(work.watched.device)) ?? [];
        const known = getOrCreate(closeByWork, work, () => new Set<number>());
        for (const time of times) known.add(time);
        for (const day of work.days) {
          const stretch = { from: Math.max(range.from, day.period.from), to: Math.min(range.to, day.period.to) };
          if (stretch.from < stretch.to) setCounts(day.counts, times, stretch);
        }
      }
    }
  }
  for (const [work, times] of closeByWork) {
    if (isLeftOut.has(work)) continue;
    work.times = [...times].sort((one, other) => one - other);
    work.isClose = true;
    for (const day of work.days) {
      if (day.isRead) day.day = deviceDay(day.period, work.watched.expectation, day.counts);
    }
  }
}

function lengthOf(period: Period | undefined): number {
  return period === undefined ? 0 : period.to - period.from;
}

/** Readings of each quarter hour of the stretch, replacing what was counted before. */
function setCounts(counts: Map<number, number>, times: readonly number[], { from, to }: Period): void {
  for (let start = quarterOf(from); start < to; start += QUARTER_MS) counts.delete(start);
  for (const time of times) {
    if (time < from || time >= to) continue;
    const start = quarterOf(time);
    counts.set(start, (counts.get(start) ?? 0) + 1);
  }
}

function byPeriod(
  open: readonly (readonly [Work, OpenDay])[],
): [Period, metric: string | undefined, (readonly [Work, OpenDay])[]][] {
  // The running day ends at another second for each interval: rows are the same.
  const groups = grouped(
    open,
    ([, { period, metric }]) => `${quarterOf(period.from)}/${quarterOf(period.to)}/${metric ?? ''}`,
  );
  return groups.map((group) => {
    const from = Math.min(...group.map(([, { period }]) => period.from));
    const to = Math.max(...group.map(([, { period }]) => period.to));
    return [{ from, to }, group[0]?.[1].metric, group];
  });
}

function grouped<T>(items: readonly T[], key: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) getOrCreate(groups, key(item), (): T[] => []).push(item);
  return [...groups.values()];
}

function portions<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, place) =>
    items.slice(place * size, (place + 1) * size),
  );
}

function keysOf(devices: readonly WatchedDevice[]): DeviceKey[] {
  const keys = new Map(devices.map(({ device }) => [nameOf(device), { gateway: device.gateway, device: device.id }]));
  return [...keys.values()];
}

function nameOf({ gateway, id }: { readonly gateway: string; readonly id: string }): string {
  return `${gateway}/${id}`;
}

function quarterOf(time: number): number {
  return Math.floor(time / QUARTER_MS) * QUARTER_MS;
}
