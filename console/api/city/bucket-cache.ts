/**
 * Quarter-hour buckets of many series, read from the store a UTC day at a time and kept.
 *
 * A day that is over stays as it is until late readings arrive for it (`LateReadings`). Of the day that runs only the
 * last half hour is read again. Answers are at most SERVE_STALE_MS old: a younger one is given at once and renewed
 * behind it. Few queries run at a time, however many ask.
 */
import type { CounterValue } from '../../../energy/consumption.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { DeviceKey, SeriesPoint, TelemetryStore } from '../../../store/telemetry-store.ts';
import { BucketDay, DAY_MS, SLOTS_A_DAY } from './bucket-days.ts';
import { type LateReadings, TAIL_MS } from './late-readings.ts';
import { Semaphore } from './semaphore.ts';

/** A running day is read again after so long, and a day that got late readings. */
const RENEW_MS = 10_000;
const SERVE_STALE_MS = 60_000;
/** Whatever nobody told us of, such as readings that another process stored. */
const MOST_AGE_MS = 3_600_000;
/** Two of the store's readers at most: the others are for those who wait. */
const QUERIES_AT_ONCE = 2;
const DEVICES_A_QUERY = 500;
/** About 4 KB each. */
const MOST_DAYS = 30_000;
const MOST_VALUES_A_DEVICE = 1_000_000;

export interface BucketCacheDeps {
  readonly store: TelemetryStore;
  readonly clock: Clock;
  readonly late: LateReadings;
}

/** Which single values are needed: of a device, in these slots. */
export interface WantedValues {
  readonly key: DeviceKey;
  readonly days: readonly BucketDay[];
  readonly slots: ReadonlySet<number>;
}

type Verdict = 'good' | 'renew' | 'wait';

export class BucketCache {
  readonly #deps: BucketCacheDeps;
  readonly #dayByKey = new Map<string, BucketDay>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #queries = new Semaphore(QUERIES_AT_ONCE);

  constructor(deps: BucketCacheDeps) {
    this.#deps = deps;
  }

  /** Days per device (`gateway/device`), in rising order, those without a bucket included. Throws StoreFailure. */
  async days(
    metric: string,
    devices: readonly DeviceKey[],
    firstDay: number,
    lastDay: number,
  ): Promise<Map<string, BucketDay[]>> {
    const days = Array.from({ length: Math.max(0, lastDay - firstDay + 1) }, (_, index) => firstDay + index);
    // The newest first: what is shown of today does not wait for last week.
    await Promise.all(days.toReversed().map((day) => this.#ensure(metric, devices, day)));
    return new Map(
      devices.map((key) => [
        nameOf(key),
        days.flatMap((day) => {
          const known = this.#dayByKey.get(keyOf(metric, key, day));
          return known === undefined ? [] : [known];
        }),
      ]),
    );
  }

  /** Reads single values and keeps them with their days. */
  async readValues(metric: string, wanted: readonly WantedValues[]): Promise<void> {
    const byRange = new Map<string, { from: number; to: number; of: WantedValues[] }>();
    for (const one of wanted) {
      for (const { from, to } of rangesOf(one.slots)) {
        getOrCreate(byRange, `${from} ${to}`, () => ({ from, to, of: [] })).of.push(one);
      }
    }
    await Promise.all(
      [...byRange.values()].flatMap(({ from, to, of }) =>
        chunks(of, DEVICES_A_QUERY).map(async (some) => {
          const devices = some.map(({ key }) => key);
          const limit = MOST_VALUES_A_DEVICE;
          const found = await this.#queries.run(() => this.#deps.store.series({ metric, devices, from, to, limit }));
          const pointsByName = new Map(found.map((series) => [nameOf(series), series.points]));
          for (const one of some) keep(one, pointsByName.get(nameOf(one.key)) ?? [], from, to);
        }),
      ),
    );
  }

  /** Days on which devices have any value, by device: for what lies far from the days asked for. */
  async daysWithValues(
    metric: string,
    devices: readonly DeviceKey[],
    firstDay: number,
    lastDay: number,
  ): Promise<Map<string, number[]>> {
    const found = new Map<string, number[]>();
    if (firstDay > lastDay) return found;
    for (const some of chunks(devices, DEVICES_A_QUERY)) {
      const [from, to] = [firstDay * DAY_MS, (lastDay + 1) * DAY_MS];
      const limit = lastDay - firstDay + 2;
      const series = await this.#queries.run(() =>
        this.#deps.store.series({ metric, devices: some, from, to, every: DAY_MS, limit }),
      );
      for (const one of series) {
        found.set(
          nameOf(one),
          one.points.map(({ time }) => Math.floor(time / DAY_MS)),
        );
      }
    }
    return found;
  }

  async #ensure(metric: string, devices: readonly DeviceKey[], day: number): Promise<void> {
    const renew: DeviceKey[] = [];
    const wait: DeviceKey[] = [];
    for (const key of devices) {
      const verdict = this.#judge(keyOf(metric, key, day), key, day);
      if (verdict === 'renew') renew.push(key);
      else if (verdict === 'wait') wait.push(key);
    }
    // Who asks after SERVE_STALE_MS waits for the next try, and is told when it fails as well.
    if (renew.length > 0) void this.#read(metric, renew, day).catch(() => undefined);
    if (wait.length > 0) await this.#read(metric, wait, day);
  }

  #judge(name: string, key: DeviceKey, day: number): Verdict {
    const known = this.#dayByKey.get(name);
    if (known === undefined) return 'wait';
    const age = this.#deps.clock.monotonicMs() - known.readAt;
    const isOutOfDate = this.#isOpen(known, day) || known.generation !== this.#deps.late.of(key.gateway, day);
    if (age <= RENEW_MS || (!isOutOfDate && age <= MOST_AGE_MS)) return 'good';
    return age <= SERVE_STALE_MS || (!isOutOfDate && age > MOST_AGE_MS) ? 'renew' : 'wait';
  }

  /** It was read while readings of it could still come in time. */
  #isOpen(known: BucketDay, day: number): boolean {
    return known.readAtWall < (day + 1) * DAY_MS + TAIL_MS;
  }

  /** Reads what nobody is reading already, and waits for all of it. */
  async #read(metric: string, devices: readonly DeviceKey[], day: number): Promise<void> {
    const waits = new Set<Promise<void>>();
    const whole: DeviceKey[] = [];
    const tails: DeviceKey[] = [];
    for (const key of devices) {
      const name = keyOf(metric, key, day);
      const running = this.#running.get(name);
      const known = this.#dayByKey.get(name);
      if (running !== undefined) waits.add(running);
      else if (known === undefined || known.generation !== this.#deps.late.of(key.gateway, day)) whole.push(key);
      else tails.push(key);
    }
    for (const some of chunks(whole, DEVICES_A_QUERY)) waits.add(this.#begin(metric, some, day, day * DAY_MS));
    for (const some of chunks(tails, DEVICES_A_QUERY)) {
      const oldest = Math.min(...some.map((key) => this.#dayByKey.get(keyOf(metric, key, day))?.readAtWall ?? 0));
      const from = Math.floor((oldest - TAIL_MS) / QUARTER_MS) * QUARTER_MS;
      waits.add(
        this.#begin(metric, some, day, Math.max(day * DAY_MS, Math.min(from, (day + 1) * DAY_MS - QUARTER_MS))),
      );
    }
    await Promise.all(waits);
  }

  #begin(metric: string, devices: readonly DeviceKey[], day: number, from: number): Promise<void> {
    const work = this.#queries.run(() => this.#query(metric, devices, day, from));
    const done = work.finally(() => {
      for (const key of devices) this.#running.delete(keyOf(metric, key, day));
    });
    for (const key of devices) this.#running.set(keyOf(metric, key, day), done);
    return done;
  }

  async #query(metric: string, devices: readonly DeviceKey[], day: number, from: number): Promise<void> {
    const { store, clock, late } = this.#deps;
    const common = { readAt: clock.monotonicMs(), readAtWall: clock.now() };
    // Taken before the query: what is stored while it runs may or may not be in its answer.
    const generations = devices.map(({ gateway }) => late.of(gateway, day));
    const to = (day + 1) * DAY_MS;
    const isFuture = from > common.readAtWall + QUARTER_MS;
    const found = isFuture
      ? []
      : await store.series({ metric, devices, from, to, every: QUARTER_MS, limit: SLOTS_A_DAY + 1 });
    const pointsByName = new Map(found.map((series) => [nameOf(series), series.points]));
    for (const [index, key] of devices.entries()) {
      const name = keyOf(metric, key, day);
      const points: readonly SeriesPoint[] = pointsByName.get(nameOf(key)) ?? [];
      const made = { ...common, generation: generations[index] ?? 0 };
      const known = this.#dayByKey.get(name);
      const isWhole = known === undefined || from === day * DAY_MS;
      this.#dayByKey.delete(name);
      this.#dayByKey.set(name, isWhole ? new BucketDay(points, made) : known.withTail(from, points, made));
    }
    for (const name of this.#dayByKey.keys()) {
      if (this.#dayByKey.size <= MOST_DAYS) break;
      this.#dayByKey.delete(name);
    }
  }
}

export function nameOf({ gateway, device }: DeviceKey): string {
  return `${gateway}/${device}`;
}

function keyOf(metric: string, { gateway, device }: DeviceKey, day: number): string {
  return `${metric} ${gateway}/${device} ${day}`;
}

/** Slots that lie together become one range, in epoch milliseconds; a few between two are read along. */
function rangesOf(slots: ReadonlySet<number>): { from: number; to: number }[] {
  const ranges: { from: number; to: number }[] = [];
  for (const slot of [...slots].sort((one, other) => one - other)) {
    const last = ranges.at(-1);
    const from = slot * QUARTER_MS;
    if (last !== undefined && from - last.to <= 4 * QUARTER_MS) last.to = from + QUARTER_MS;
    else ranges.push({ from, to: from + QUARTER_MS });
  }
  return ranges;
}

function keep(wanted: WantedValues, points: readonly CounterValue[], from: number, to: number): void {
  const bySlot = new Map<number, CounterValue[]>();
  for (const { time, value } of points) {
    getOrCreate(bySlot, Math.floor(time / QUARTER_MS), () => []).push({ time, value });
  }
  for (const slot of wanted.slots) {
    if (slot * QUARTER_MS < from || slot * QUARTER_MS >= to) continue;
    for (const day of wanted.days) if (day.holds(slot)) day.keepValues(slot, bySlot.get(slot) ?? []);
  }
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let start = 0; start < all.length; start += size) parts.push(all.slice(start, start + size));
  return parts;
}
