/**
 * Counts what is not rolled up yet, from the readings and from where the last row before says that counting stood; so
 * it gives what the worker will write. The quarter hour before a hole is counted again too, since the part of a
 * difference that lies in it is known only when the next value comes.
 */
import { metricById } from '../../../contract/metrics.ts';
import { type CounterPosition, isEmptyRollUp, type MeterEvent, type RollUp } from '../../../contract/roll-up.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';
import { countValues, firstTouchedSlot, slotsLookedAhead } from '../../../energy/counting/count-values.ts';
import { counterFigures, type Figures, gaugeFigures } from '../../../energy/counting/figures.ts';
import { gaugeSlots } from '../../../energy/counting/gauge-slots.ts';
import type { MeterRules } from '../../../energy/counting/meter-rules.ts';
import { slotOf, startOfSlot } from '../../../energy/counting/slots.ts';
import { meterRulesOf, nameOf, type RegisterFacts, siteOf } from '../../../energy/rollup/device-facts.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { RollUpStore } from '../../../store/roll-up-store.ts';
import { Breather } from './breather.ts';
import { type Counter, newestOf } from './counter.ts';

/** Two days, though they have 25 hours: what is longer waits for the worker. */
export const MOST_UNROLLED_SLOTS = 200;
/** How far the newest row before a range is looked for, and where none is near, the value on either side of a hole. */
const LATELY_MS = 2 * 86_400_000;
/** Where only the first row is known, the value that it stands for lies so near. */
const BASELINE_MS = 3_600_000;
/** Holes that begin within the same hours share a question. */
const ALIKE_MS = 6 * 3_600_000;

export interface UnrolledRows {
  /** In place of stored ones. */
  readonly rows: ReadonlyMap<string, { readonly rows: RollUp[]; readonly slots: Set<number> }>;
  readonly events: readonly MeterEvent[];
}

interface Window {
  readonly firstSlot: number;
  readonly endSlot: number;
}

/** What is counted of a device: rows of [beginSlot, endSlot). */
interface Work {
  readonly counter: Counter;
  readonly rules: MeterRules;
  readonly beginSlot: number;
  readonly endSlot: number;
  readonly position: CounterPosition | undefined;
  /** Effective times, epoch milliseconds. */
  readonly readFrom: number;
  readonly readTo: number;
}

export class Unrolled {
  readonly #store: RollUpStore;
  readonly #facts: RegisterFacts;
  readonly #now: number;

  constructor(deps: { store: RollUpStore; facts: RegisterFacts; now: number }) {
    this.#store = deps.store;
    this.#facts = deps.facts;
    this.#now = deps.now;
  }

  /** `stored`: rows of the window and of some hours before it, by device, in rising order. Throws StoreFailure. */
  async count(
    metric: string,
    counters: readonly Counter[],
    stored: ReadonlyMap<string, readonly RollUp[]>,
    window: Window,
  ): Promise<UnrolledRows> {
    const rows = new Map<string, { rows: RollUp[]; slots: Set<number> }>();
    const events: MeterEvent[] = [];
    const earlier = await this.#earlier(metric, counters, stored, window);
    const works = counters.flatMap((counter) => {
      const known = stored.get(nameOf(counter)) ?? earlier.get(nameOf(counter)) ?? [];
      return this.#works(metric, counter, known, window);
    });
    const groups = new Map<number, Work[]>();
    for (const work of works) getOrCreate(groups, Math.floor(work.readFrom / ALIKE_MS), () => []).push(work);
    const breather = new Breather();
    for (const group of groups.values()) {
      const values = await this.#values(metric, group);
      for (const work of group) {
        await breather.breathe();
        const found = values.get(nameOf(work.counter));
        if (found === undefined) continue;
        const made = this.#made(metric, work, found);
        const told = new Set(stored.get(nameOf(work.counter))?.flatMap(knownSlot));
        const all = getOrCreate(rows, nameOf(work.counter), () => ({ rows: [], slots: new Set<number>() }));
        for (const row of made.rows) {
          const slot = slotOf(row.start);
          // The far end of a long gap was not read: the row that knows it stays.
          if (row.consumption === null && told.has(slot)) continue;
          all.rows.push(row);
          all.slots.add(slot);
        }
        events.push(...made.events);
      }
    }
    return { rows, events };
  }

  /** The newest row of those that have none in or shortly before the window. */
  async #earlier(
    metric: string,
    counters: readonly Counter[],
    stored: ReadonlyMap<string, readonly RollUp[]>,
    { firstSlot }: Window,
  ): Promise<Map<string, RollUp[]>> {
    const before = startOfSlot(firstSlot);
    const devices = counters
      .filter((counter) => !stored.has(nameOf(counter)) && newestOf(counter, metric) >= before - QUARTER_MS)
      .map(({ gateway, device }) => ({ gateway, device }));
    if (devices.length === 0) return new Map();
    const query = { devices, metrics: [metric], from: before - LATELY_MS, before };
    return new Map((await this.#store.latestRollUps(query)).map((row) => [nameOf(row), [row]]));
  }

  /** From the first to the last hole of a device, as far as they lie within two days. */
  #works(metric: string, counter: Counter, known: readonly RollUp[], { firstSlot, endSlot }: Window): Work[] {
    const newest = newestOf(counter, metric);
    const rules = meterRulesOf(this.#facts.of(counter), metric);
    const holes: { readonly from: number; readonly to: number }[] = [];
    let next = firstSlot;
    for (const { start } of known) {
      const slot = slotOf(start);
      // The hole and the quarter hour behind it, into which its last difference reaches.
      if (slot > next && next < endSlot) holes.push({ from: next, to: Math.min(endSlot, slot + 1) });
      next = Math.max(next, slot + 1);
    }
    const last = known.at(-1);
    const counted = last?.position?.time ?? (last === undefined ? Number.NEGATIVE_INFINITY : startOfSlot(next) - 1);
    const tail = Math.max(last === undefined ? firstSlot : slotOf(last.start) + 1, endSlot - MOST_UNROLLED_SLOTS);
    if (tail < endSlot && newest + rules.shiftMs > counted) holes.push({ from: tail, to: endSlot });
    const end = holes.at(-1)?.to;
    const first = holes.find(({ from }) => end !== undefined && end - from <= MOST_UNROLLED_SLOTS + 1);
    if (first === undefined || end === undefined || newest + rules.shiftMs < startOfSlot(first.from)) return [];
    return [this.#work(counter, rules, known, first.from, end)];
  }

  /** `hole`: the first quarter hour without a row. */
  #work(counter: Counter, rules: MeterRules, known: readonly RollUp[], hole: number, endSlot: number): Work {
    const positionAt = (slot: number) => known.findLast(({ start }) => slotOf(start) <= slot)?.position ?? undefined;
    const isCounted = rules.kind === 'counter' && positionAt(hole - 1) !== undefined;
    // What a value in the hole may change (firstTouchedSlot).
    const lookedAhead = slotsLookedAhead(rules);
    const touched = firstTouchedSlot(hole, lookedAhead, positionAt(hole - lookedAhead - 1));
    const beginSlot = isCounted ? touched : hole;
    // Where no row says it, the value that counting stood at is read along, and counting begins with it.
    const position = positionAt(beginSlot - 1);
    const beforeMs = known.length === 0 ? LATELY_MS : BASELINE_MS;
    const readFrom = Math.max(position?.time ?? 0, startOfSlot(beginSlot) - beforeMs);
    const readTo = Math.min(startOfSlot(endSlot) + LATELY_MS, this.#now + QUARTER_MS);
    return { counter, rules, beginSlot, endSlot, position, readFrom, readTo };
  }

  async #values(metric: string, works: readonly Work[]) {
    const shifts = works.map(({ rules }) => rules.shiftMs);
    const devices = new Map(
      works.map(({ counter }) => [nameOf(counter), { gateway: counter.gateway, device: counter.device }]),
    );
    const from = Math.min(...works.map(({ readFrom }) => readFrom)) - Math.max(0, ...shifts);
    const to = Math.max(...works.map(({ readTo }) => readTo)) - Math.min(0, ...shifts);
    const found = await this.#store.values({ devices: [...devices.values()], metrics: [metric], from, to });
    return new Map(found.map(({ times, values, ...key }) => [nameOf(key), { times, values }]));
  }

  #made(
    metric: string,
    { counter, rules, beginSlot, endSlot, position }: Work,
    { times, values }: { readonly times: Float64Array; readonly values: Float64Array },
  ): { rows: RollUp[]; events: MeterEvent[] } {
    const facts = this.#facts.of(counter);
    const key = { gateway: counter.gateway, device: counter.device, metric };
    const window = { firstSlot: beginSlot, slots: endSlot - beginSlot };
    const rows: RollUp[] = [];
    const add = (place: number, figures: Figures): void => {
      const start = startOfSlot(beginSlot + place);
      if (!isEmptyRollUp(figures) || figures.coverage > 0)
        rows.push({ site: siteOf(facts, start), ...key, start, ...figures });
    };
    if (metricById.get(metric)?.kind !== 'counter') {
      const slots = gaugeSlots({ times, values, rules, window });
      for (let place = 0; place < window.slots; place++) add(place, gaugeFigures(slots, place, rules));
      return { rows, events: [] };
    }
    const counted = countValues({ times, values, position, rules, window });
    const stands = counted.positions.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
    for (let place = 0; place < window.slots; place++) {
      const figures = counterFigures(counted, place, rules);
      const waitingMs = this.#waitingMs(stands, startOfSlot(beginSlot + place), rules);
      const coverage = Math.min(100, figures.coverage + (100 * waitingMs) / QUARTER_MS);
      add(place, { ...figures, coverage });
    }
    return { rows, events: counted.events.map((event) => ({ ...key, ...event })) };
  }

  /** The time since the last value is not missing as long as the next one is not overdue. */
  #waitingMs(stands: number, start: number, { gapMs }: MeterRules): number {
    if (this.#now - stands > gapMs) return 0;
    return Math.max(0, Math.min(this.#now, start + QUARTER_MS) - Math.max(stands, start));
  }
}

function knownSlot({ start, consumption }: RollUp): number[] {
  return consumption === null ? [] : [slotOf(start)];
}
