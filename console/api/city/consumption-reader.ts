/**
 * What meters counted, read from the store without roll-ups: quarter-hour buckets telescope, and only where one looks
 * suspicious are its single values read (energy/consumption.ts says when, and why the answer is the same).
 */
import type { Period } from '../../../energy/calendar.ts';
import { countQuarters, type QuarterBucket, type QuarterHours, type SlotWindow } from '../../../energy/consumption.ts';
import { isSlow, QUARTER_MS, rulesOf } from '../../../energy/counter-rules.ts';
import { windowOf } from '../../../energy/periods.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { DeviceKey } from '../../../store/telemetry-store.ts';
import { Breather } from './breather.ts';
import { type BucketCache, nameOf, type WantedValues } from './bucket-cache.ts';
import { type BucketDay, dayOf } from './bucket-days.ts';

export interface Counter extends DeviceKey {
  /** Milliseconds between its readings, where the register states it. */
  readonly intervalMs: number | undefined;
}

/** How far the other end of a gap is looked for. Whoever was silent longer begins with a new baseline. */
const FAR_DAYS = 60;
/** A device that was not found far away is not looked for again so soon. */
const LOOK_AGAIN_MS = 60_000;
const MOST_REMEMBERED = 20_000;

interface Work {
  readonly counter: Counter;
  readonly days: BucketDay[];
  /** First and last slot of a bucket; undefined without any. */
  first: number | undefined;
  last: number | undefined;
}

export class ConsumptionReader {
  readonly #cache: BucketCache;
  readonly #clock: Clock;
  /** When a device was looked for in vain, by metric, device, day and direction. */
  readonly #inVain = new Map<string, number>();

  constructor(deps: { cache: BucketCache; clock: Clock }) {
    this.#cache = deps.cache;
    this.#clock = deps.clock;
  }

  /** By device (`gateway/device`); the quarter hours that hold the range. Throws StoreFailure. */
  async quarters(metric: string, counters: readonly Counter[], range: Period): Promise<Map<string, QuarterHours>> {
    const window = windowOf(range);
    const result = new Map<string, QuarterHours>();
    if (counters.length === 0) return result;
    const firstDay = dayOf(window.firstSlot * QUARTER_MS);
    const lastDay = Math.max(firstDay, dayOf(range.to - 1));
    const daysByName = await this.#cache.days(metric, counters, firstDay, lastDay);
    const works = counters.map((counter) => aWork(counter, daysByName.get(nameOf(counter)) ?? []));
    await this.#findBefore(metric, works, firstDay, window);
    await this.#findAfter(metric, works, lastDay, window);

    const breather = new Breather();
    let open = works;
    while (open.length > 0) {
      const wanted: WantedValues[] = [];
      for (const { counter, days } of open) {
        await breather.breathe();
        const rules = rulesOf(metric, counter.intervalMs);
        const buckets: QuarterBucket[] = days.flatMap((day) => [...day.buckets()]);
        const slots = isSlow(rules)
          ? new Set(buckets.filter(({ values }) => values === undefined).map(({ slot }) => slot))
          : undefined;
        if (slots !== undefined && slots.size > 0) wanted.push({ key: counter, days, slots });
        else {
          const counted = countQuarters(buckets, rules, window);
          if (counted.wanted.size > 0) wanted.push({ key: counter, days, slots: counted.wanted });
          else result.set(nameOf(counter), counted);
        }
      }
      if (wanted.length > 0) await this.#cache.readValues(metric, wanted);
      const names = new Set(wanted.map(({ key }) => nameOf(key)));
      open = open.filter(({ counter }) => names.has(nameOf(counter)));
    }
    return result;
  }

  /** The value before the window: the baseline of everything in it. */
  async #findBefore(
    metric: string,
    works: readonly Work[],
    firstDay: number,
    { firstSlot }: SlotWindow,
  ): Promise<void> {
    const lacks = ({ first }: Work): boolean => first === undefined || first >= firstSlot;
    const near = works.filter(lacks);
    await this.#addDay(metric, near, () => firstDay - 1);
    const far = near.filter(lacks);
    await this.#addFar(metric, far, firstDay - 1 - FAR_DAYS, firstDay - 2, 'before');
  }

  /** The value after a window that ends in silence: the far end of a gap. */
  async #findAfter(metric: string, works: readonly Work[], lastDay: number, window: SlotWindow): Promise<void> {
    const end = window.firstSlot + window.slots;
    const nowSlot = Math.floor(this.#clock.now() / QUARTER_MS);
    const lacks = ({ first, last }: Work): boolean => first !== undefined && last !== undefined && last < end - 1;
    if (end >= nowSlot) return;
    const near = works.filter(lacks);
    await this.#addDay(metric, near, () => lastDay + 1);
    const today = dayOf(this.#clock.now());
    await this.#addFar(metric, near.filter(lacks), lastDay + 2, Math.min(today, lastDay + 1 + FAR_DAYS), 'after');
  }

  async #addDay(metric: string, works: readonly Work[], dayFor: (work: Work) => number): Promise<void> {
    const byDay = new Map<number, Work[]>();
    for (const work of works) getOrCreate(byDay, dayFor(work), () => []).push(work);
    for (const [day, some] of byDay) {
      const found = await this.#cache.days(
        metric,
        some.map(({ counter }) => counter),
        day,
        day,
      );
      for (const work of some) add(work, found.get(nameOf(work.counter)) ?? []);
    }
  }

  async #addFar(
    metric: string,
    works: readonly Work[],
    firstDay: number,
    lastDay: number,
    direction: 'before' | 'after',
  ): Promise<void> {
    const now = this.#clock.monotonicMs();
    const edge = direction === 'before' ? lastDay : firstDay;
    const keyOf = ({ counter }: Work): string => `${metric} ${nameOf(counter)} ${edge} ${direction}`;
    const open = works.filter(
      (work) => now - (this.#inVain.get(keyOf(work)) ?? Number.NEGATIVE_INFINITY) > LOOK_AGAIN_MS,
    );
    if (open.length === 0 || firstDay > lastDay) return;
    const daysByName = await this.#cache.daysWithValues(
      metric,
      open.map(({ counter }) => counter),
      firstDay,
      lastDay,
    );
    const dayByWork = new Map<Work, number>();
    if (this.#inVain.size > MOST_REMEMBERED) this.#inVain.clear();
    for (const work of open) {
      const day = daysByName.get(nameOf(work.counter))?.at(direction === 'before' ? -1 : 0);
      if (day === undefined) this.#inVain.set(keyOf(work), now);
      else dayByWork.set(work, day);
    }
    await this.#addDay(metric, [...dayByWork.keys()], (work) => dayByWork.get(work) ?? edge);
  }
}

function aWork(counter: Counter, days: readonly BucketDay[]): Work {
  const work: Work = { counter, days: [], first: undefined, last: undefined };
  add(work, days);
  return work;
}

/** Keeps the days in order. */
function add(work: Work, days: readonly BucketDay[]): void {
  for (const day of days) {
    const first = day.firstSlot;
    const last = day.lastSlot;
    if (first === undefined || last === undefined) continue;
    if (work.first !== undefined && first < work.first) work.days.unshift(day);
    else work.days.push(day);
    work.first = Math.min(work.first ?? first, first);
    work.last = Math.max(work.last ?? last, last);
  }
}
