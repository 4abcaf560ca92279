/**
 * Start reading here for what meters counted. Everything is read from roll-ups, in the coarsest rows that fit: civil days,
 * hours, quarter hours. Only what is not rolled up yet is counted from the readings, as the worker will count it
 * (unrolled.ts): the quarter hour that is running, and holes of two days of a device at most. So long ranges cost no
 * more than their rows, and today is as young as its last reading.
 *
 * `pieces` gives rows of mixed widths that lie side by side without overlap, for sums (piece-sums.ts); `quarters` gives
 * quarter hours alone, for the shape of a load. Nothing is kept here: those who ask often share their answers.
 */
import type { MeterEvent, RollUp } from '../../../contract/roll-up.ts';
import { dayFrom, nextMidnight, type Period, startOfDay } from '../../../energy/calendar.ts';
import { QUARTER_MS, scaleOf } from '../../../energy/counter-rules.ts';
import { slotsLookedAhead } from '../../../energy/counting/count-values.ts';
import { slotOf, startOfSlot } from '../../../energy/counting/slots.ts';
import { meterRulesOf, nameOf, RegisterFacts } from '../../../energy/rollup/device-facts.ts';
import type { RegisterView } from '../../../register/register-view.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { RollUpStore } from '../../../store/roll-up-store.ts';
import { Breather } from './breather.ts';
import { type Counter, newestOf } from './counter.ts';
import { type Piece, pieceOf } from './piece-sums.ts';
import { type Borders, coarsestRuns, type Run } from './row-runs.ts';
import { MOST_UNROLLED_SLOTS, Unrolled } from './unrolled.ts';

/** By device (`gateway/device`). */
export interface ReadRows {
  /** In rising order of start; a device without any is absent. */
  readonly rows: ReadonlyMap<string, readonly RollUp[]>;
  /** Events of what was counted just now; those of the store do not all have them yet. */
  readonly events: readonly MeterEvent[];
}

export interface ReadPieces {
  readonly pieces: ReadonlyMap<string, readonly Piece[]>;
  readonly events: readonly MeterEvent[];
}

const HOUR_MS = 4 * QUARTER_MS;
const DAY_MS = 24 * HOUR_MS;
/** Before the range and what decisions look ahead from: where counting stood when it began. */
const BEFORE_SLOTS = 7;
/** A day or an hour is wholly rolled up so long after its end, as a rule. */
const SETTLED_MS = 2 * HOUR_MS;
const MOST_FILLED_DAYS = 2;
const COUNTERS_A_BREATH = 50;

export class RollUpReader {
  readonly #store: RollUpStore;
  readonly #clock: Clock;
  readonly #facts: RegisterFacts;

  constructor(deps: { store: RollUpStore; register: RegisterView; clock: Clock }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#facts = new RegisterFacts(deps.register);
  }

  /** The quarter hours that hold the range, as far as they have begun. Throws StoreFailure. */
  async quarters(metric: string, counters: readonly Counter[], range: Period): Promise<ReadRows> {
    const now = this.#clock.now();
    const window = {
      firstSlot: slotOf(range.from),
      endSlot: Math.min(Math.ceil(range.to / QUARTER_MS), slotOf(now) + 1),
    };
    if (counters.length === 0 || window.firstSlot >= window.endSlot) return { rows: new Map(), events: [] };
    const lookedAhead = counters.map((counter) => slotsLookedAhead(meterRulesOf(this.#facts.of(counter), metric)));
    const stored = await this.#rows('15m', metric, counters, {
      from: startOfSlot(window.firstSlot - BEFORE_SLOTS - Math.max(...lookedAhead)),
      to: startOfSlot(window.endSlot),
    });
    const unrolled = new Unrolled({ store: this.#store, facts: this.#facts, now });
    const counted = await unrolled.count(metric, counters, stored, window);
    const rows = new Map<string, readonly RollUp[]>();
    const breather = new Breather();
    for (const [place, counter] of counters.entries()) {
      if (place % COUNTERS_A_BREATH === 0) await breather.breathe();
      const name = nameOf(counter);
      const fresh = counted.rows.get(name);
      const known = (stored.get(name) ?? []).filter(
        ({ start }) => slotOf(start) >= window.firstSlot && fresh?.slots.has(slotOf(start)) !== true,
      );
      const all = fresh === undefined ? known : [...known, ...fresh.rows].sort((one, other) => one.start - other.start);
      const inside = all.filter(({ start }) => slotOf(start) >= window.firstSlot && slotOf(start) < window.endSlot);
      if (inside.length > 0) rows.set(name, inside);
    }
    return { rows, events: counted.events };
  }

  /**
   * What a range is made of, in rising order of start. Days are those of `zone`, which must be that of the sites; pieces
   * do not reach over the `borders` of the periods in it (midnight when absent). Throws StoreFailure.
   */
  async pieces(
    metric: string,
    counters: readonly Counter[],
    range: Period,
    zone: string,
    borders: Borders = 'midnight',
  ): Promise<ReadPieces> {
    const now = this.#clock.now();
    const scale = scaleOf(metric);
    const settled = {
      days: startOfDay(now - SETTLED_MS, zone),
      hours: Math.floor((now - SETTLED_MS) / HOUR_MS) * HOUR_MS,
    };
    const runs = coarsestRuns(range, { zone, borders, settled, counters: counters.length });
    const found = await Promise.all(runs.map((run) => this.#run(metric, counters, run, zone)));
    const pieces = new Map<string, Piece[]>();
    for (const [place, { rows }] of found.entries()) {
      const { width } = runs[place] as Run;
      for (const [name, list] of rows) {
        const ofCounter = getOrCreate(pieces, name, () => []);
        for (const row of list) ofCounter.push(pieceOf(row, endOf(row, width, zone), scale, now));
      }
    }
    for (const list of pieces.values()) list.sort((one, other) => one.start - other.start);
    return { pieces, events: found.flatMap(({ events }) => events) };
  }

  async #run(metric: string, counters: readonly Counter[], run: Run, zone: string): Promise<WideRows> {
    if (run.width === '15m') return await this.quarters(metric, counters, run);
    const stored = await this.#rows(run.width, metric, counters, run);
    const holes = this.#holes(metric, counters, run, stored, zone);
    const events: MeterEvent[] = [];
    const rows = new Map<string, WideRow[]>(stored);
    for (const { from, to, counters: some } of holes) {
      const filled = await this.quarters(metric, some, { from, to });
      for (const [name, quarters] of filled.rows) {
        const others = (rows.get(name) ?? []).filter(({ start }) => start < from || start >= to);
        rows.set(name, [...others, ...quarters.map((row) => ({ ...row, isQuarter: true }))]);
      }
      events.push(...filled.events);
    }
    return { rows, events };
  }

  /**
   * Days or hours that a counter should have and has not, where they are few: the worker has not come to them yet. The
   * one that it came to last may be told in part.
   */
  #holes(
    metric: string,
    counters: readonly Counter[],
    run: Run,
    stored: ReadonlyMap<string, readonly RollUp[]>,
    zone: string,
  ): (Period & { readonly counters: Counter[] })[] {
    const starts = run.width === '1d' ? daysIn(run, zone) : hoursIn(run);
    const most = run.width === '1d' ? MOST_FILLED_DAYS : MOST_UNROLLED_SLOTS / 4;
    const young = this.#clock.now() - (MOST_FILLED_DAYS + 1) * DAY_MS;
    const holes = new Map<string, Period & { readonly counters: Counter[] }>();
    for (const counter of counters) {
      const known = stored.get(nameOf(counter)) ?? [];
      const last = known.at(-1);
      const isPart = last !== undefined && last.coverage < 100 && last.start >= young;
      if (starts.length - known.length > most || (known.length >= starts.length && !isPart)) continue;
      const newest = newestOf(counter, metric);
      const isKnown = new Set(known.map(({ start }) => start));
      if (isPart) isKnown.delete(last.start);
      const missing = starts.filter((start) => !isKnown.has(start) && start <= newest);
      const [from, end] = [missing[0], missing.at(-1)];
      if (from === undefined || end === undefined) continue;
      const to = run.width === '1d' ? dayFrom(end, 1, zone) : end + HOUR_MS;
      if (to - from > (MOST_FILLED_DAYS + 1) * DAY_MS) continue;
      getOrCreate(holes, `${from} ${to}`, () => ({ from, to, counters: [] })).counters.push(counter);
    }
    return [...holes.values()];
  }

  async #rows(
    width: Run['width'],
    metric: string,
    counters: readonly Counter[],
    { from, to }: Period,
  ): Promise<Map<string, RollUp[]>> {
    const byName = new Map<string, RollUp[]>();
    const devices = counters.map(({ gateway, device }) => ({ gateway, device }));
    for (const row of await this.#store.rollUps({ width, devices, metrics: [metric], from, to })) {
      getOrCreate(byName, nameOf(row), () => []).push(row);
    }
    return byName;
  }
}

type WideRow = RollUp & { readonly isQuarter?: boolean };

interface WideRows {
  readonly rows: ReadonlyMap<string, readonly WideRow[]>;
  readonly events: readonly MeterEvent[];
}

function endOf(row: WideRow, width: Run['width'], zone: string): number {
  if (width === '15m' || row.isQuarter === true) return row.start + QUARTER_MS;
  return width === '1h' ? row.start + HOUR_MS : nextMidnight(row.start, zone);
}

function daysIn({ from, to }: Period, zone: string): number[] {
  const starts: number[] = [];
  for (let start = from; start < to; start = nextMidnight(start, zone)) starts.push(start);
  return starts;
}

function hoursIn({ from, to }: Period): number[] {
  return Array.from({ length: Math.round((to - from) / HOUR_MS) }, (_, place) => from + place * HOUR_MS);
}
