/**
 * One group of devices rolled up: what changed and how far that reaches, read, counted and written in one update.
 *
 *   read values and rows ─ plan each series ─ (read wider where a counter needs it) ─ hours and days ─ put
 *
 * Every step may be repeated: the same readings give the same rows, and only rows that differ are written. Hours and days
 * are made for everything that was counted, whether or not its quarter hours differ, since an earlier try may have
 * written those and nothing more.
 */

import type { MeterEvent, MeterEventKey, RollUp } from '../../contract/roll-up.ts';
import type { MarkedStretch } from '../../contract/roll-up-marks.ts';
import type { RollUpStore, RollUpUpdate } from '../../store/roll-up-store.ts';
import type { CounterSlots } from '../counting/count-values.ts';
import { counterFigures, gaugeFigures } from '../counting/figures.ts';
import { type GaugeSlots, gaugeSlots } from '../counting/gauge-slots.ts';
import type { MeterRules } from '../counting/meter-rules.ts';
import { slotOf, startOfSlot } from '../counting/slots.ts';
import { CivilDays } from './civil-days.ts';
import { planCounter } from './counter-plan.ts';
import { meterRulesOf, nameOf, type RegisterFacts, siteOf } from './device-facts.ts';
import { type DeviceWork, leadSlots } from './device-work.ts';
import { FIGURE_METRICS } from './known-meters.ts';
import { HOUR_MS, longerRows } from './longer-rows.ts';
import { changedEvents, changedRows } from './row-changes.ts';
import { StoredSeries } from './stored-series.ts';
import { type DeviceStretch, isCounter, StretchReader, seriesName } from './stretch-reader.ts';
import { type TouchedSite, TouchedSites } from './touched-sites.ts';

export interface GroupPassDeps {
  readonly store: RollUpStore;
  readonly facts: RegisterFacts;
  /** Marks what is written beyond the claimed stretch, durably, before it is written. */
  readonly mark: (stretches: readonly MarkedStretch[]) => Promise<void>;
  /** Called between series: gives the event loop its turn. */
  readonly breathe: () => Promise<void>;
}

export interface PassTime {
  /** The first quarter hour that is not over. */
  readonly runningSlot: number;
  readonly sealedSlot: number;
  /** No stamp is later, epoch milliseconds. */
  readonly newestStamp: number;
}

export interface PassResult {
  /** Sites whose figures are to be made again, whether or not a row differs. */
  readonly touched: readonly TouchedSite[];
  readonly rows: Readonly<Record<'15m' | '1h' | '1d', number>>;
  readonly events: number;
}

/** Read behind it: where counting is compared, and what its last values look ahead to. */
const TAIL_SLOTS = 4;

/** What was made of one series. */
interface SeriesOutcome {
  readonly work: DeviceWork;
  readonly metric: string;
  readonly rules: MeterRules;
  /** Quarter hours [firstSlot, endSlot) are what `fresh` says. */
  readonly firstSlot: number;
  readonly endSlot: number;
  readonly fresh: readonly RollUp[];
}

/** A series whose change reaches further than was read. */
interface WiderSeries {
  readonly work: DeviceWork;
  readonly metric: string;
  readonly readFrom: number;
  readonly readTo: number;
}

interface Update extends RollUpUpdate {
  readonly rows: { readonly '15m': RollUp[]; readonly '1h': RollUp[]; readonly '1d': RollUp[] };
  readonly events: MeterEvent[];
  readonly erasedEvents: MeterEventKey[];
}

export class GroupPass {
  readonly #deps: GroupPassDeps;
  readonly #reader: StretchReader;
  readonly #civilDays = new CivilDays();

  constructor(deps: GroupPassDeps) {
    this.#deps = deps;
    this.#reader = new StretchReader(deps.store);
  }

  /** Throws StoreFailure, and what marking throws; then it is to be done again. */
  async run(group: readonly DeviceWork[], time: PassTime): Promise<PassResult> {
    const update: Update = { rows: { '15m': [], '1h': [], '1d': [] }, events: [], erasedEvents: [] };
    const outcomes: SeriesOutcome[] = [];
    const beyond: MarkedStretch[] = [];
    const run = { time, update, outcomes, beyond, touched: new TouchedSites() };
    const changed = group.filter(({ dirty }) => dirty !== undefined);
    let wider = changed.length === 0 ? [] : await this.#countDevices(changed, run);
    while (wider.length > 0) wider = await this.#countWider(wider, run);
    await this.#makeLonger(group, run);
    const { rows, events, erasedEvents } = update;
    if (rows['15m'].length + rows['1h'].length + rows['1d'].length + events.length + erasedEvents.length > 0) {
      if (beyond.length > 0) await this.#deps.mark(beyond);
      await this.#deps.store.putRollUps(update);
    }
    return {
      rows: { '15m': rows['15m'].length, '1h': rows['1h'].length, '1d': rows['1d'].length },
      events: events.length,
      touched: run.touched.all(),
    };
  }

  async #countDevices(group: readonly DeviceWork[], run: Run): Promise<WiderSeries[]> {
    const shifts = group.flatMap(({ facts }) => shiftsOf(facts));
    const [mostShiftMs, leastShiftMs] = [Math.max(...shifts), Math.min(...shifts)];
    const stretches = group.map((work) => effectiveSlots(work, [mostShiftMs, leastShiftMs]));
    const readFrom = Math.min(...stretches.map(({ first }) => first)) - Math.max(...group.map(leadSlots));
    const readTo = Math.max(...stretches.map(({ end }) => end)) + TAIL_SLOTS;
    const devices = group.map(({ key }) => key);
    const read = await this.#reader.read({ devices, readFrom, readTo, mostShiftMs, leastShiftMs });
    const series: WiderSeries[] = [];
    for (const work of group) {
      const stretch = read.get(nameOf(work.key)) as DeviceStretch;
      for (const metric of new Set([...stretch.values.keys(), ...stretch.rows.keys(), ...stretch.events.keys()])) {
        if (isCounter(metric)) series.push({ work, metric, readFrom, readTo });
        else this.#takeGauge(work, metric, stretch, readFrom, run);
        await this.#deps.breathe();
      }
    }
    return await this.#planCounters(series, read, run);
  }

  /** Reads more for those that need it; alike ones together. */
  async #countWider(series: readonly WiderSeries[], run: Run): Promise<WiderSeries[]> {
    const alike = new Map<string, WiderSeries[]>();
    for (const one of series) {
      const length = Math.ceil(Math.log2((one.work.dirty?.firstSlot ?? 0) - one.readFrom + 8));
      const likeness = `${length}/${one.readTo}`;
      const list = alike.get(likeness);
      if (list === undefined) alike.set(likeness, [one]);
      else list.push(one);
    }
    const wider: WiderSeries[] = [];
    for (const list of alike.values()) {
      const readFrom = Math.min(...list.map((one) => one.readFrom));
      const readTo = list[0]?.readTo ?? readFrom;
      const shifts = list.flatMap(({ work }) => shiftsOf(work.facts));
      const read = await this.#reader.read({
        devices: [...new Map(list.map(({ work }) => [nameOf(work.key), work.key])).values()],
        metrics: [...new Set(list.map(({ metric }) => metric))],
        readFrom,
        readTo,
        mostShiftMs: Math.max(...shifts),
        leastShiftMs: Math.min(...shifts),
      });
      const same = list.map((one) => ({ ...one, readFrom, readTo }));
      wider.push(...(await this.#planCounters(same, read, run)));
    }
    return wider;
  }

  /** All of them read from and to the same quarter hours. Returns those that need more. */
  async #planCounters(
    series: readonly WiderSeries[],
    read: ReadonlyMap<string, DeviceStretch>,
    run: Run,
  ): Promise<WiderSeries[]> {
    const wider: WiderSeries[] = [];
    let open = series;
    while (open.length > 0) {
      const needEarlier: WiderSeries[] = [];
      for (const one of open) {
        const stretch = read.get(nameOf(one.work.key)) as DeviceStretch;
        const need = this.#planCounter(one, stretch, run);
        if (need === 'earlier') needEarlier.push(one);
        else if (need !== undefined) wider.push(need);
        await this.#deps.breathe();
      }
      const slot = open[0]?.readFrom ?? 0;
      if (needEarlier.length > 0) {
        const asked = needEarlier.map(({ work, metric }) => ({ ...work.key, metric }));
        const earlier = await this.#reader.newestBefore(slot, asked);
        for (const { work, metric } of needEarlier) {
          const stored = storedOf(read.get(nameOf(work.key)) as DeviceStretch, metric, slot);
          stored.addEarlier(earlier.get(seriesName({ ...work.key, metric })));
        }
      }
      open = needEarlier;
    }
    return wider;
  }

  #planCounter(one: WiderSeries, stretch: DeviceStretch, run: Run): 'earlier' | WiderSeries | undefined {
    const { work, metric, readFrom, readTo } = one;
    const { time } = run;
    const rules = meterRulesOf(work.facts, metric);
    const { first, end } = effectiveSlots(work, [rules.shiftMs]);
    const series = stretch.values.get(metric);
    const stored = storedOf(stretch, metric, readFrom);
    stored.countWith(work.facts.meter?.multiplier ?? 1, work.sealed, rules.laterRegisters[0]?.from);
    const plan = planCounter({
      rules,
      firstSlot: first,
      endSlot: end,
      times: series?.times ?? NONE,
      values: series?.values ?? NONE,
      readFrom,
      readTo,
      isReadToEnd: startOfSlot(readTo) - Math.max(0, rules.shiftMs) > time.newestStamp,
      stored,
      sealedSlot: time.sealedSlot,
      runningSlot: time.runningSlot,
    });
    if (plan.kind === 'earlier') return 'earlier';
    if (plan.kind === 'wider') return { work, metric, readFrom: plan.readFrom, readTo: plan.readTo };
    const { counted, endSlot } = plan;
    const fresh = rowsOf(work, metric, counted, endSlot, (place) => counterFigures(counted, place, rules));
    this.#take({ work, metric, rules, firstSlot: counted.firstSlot, endSlot, fresh }, stored, run);
    const isInside = ({ at }: { at: number }) => slotOf(at) >= counted.firstSlot && slotOf(at) < endSlot;
    const { events, erasedEvents } = changedEvents(
      (stretch.events.get(metric) ?? []).filter(isInside),
      counted.events.filter(isInside).map((event) => ({ ...work.key, metric, ...event })),
    );
    run.update.events.push(...events);
    run.update.erasedEvents.push(...erasedEvents);
    // What is written behind the claimed stretch and the quarter hour after it would be missed by a second try.
    if (endSlot > end + 1) {
      const [from, to] = [startOfSlot(end) - rules.shiftMs, startOfSlot(endSlot) - rules.shiftMs];
      run.beyond.push({ ...work.key, from, to });
    }
    return undefined;
  }

  #takeGauge(work: DeviceWork, metric: string, stretch: DeviceStretch, readFrom: number, run: Run): void {
    const rules = meterRulesOf(work.facts, metric);
    const { first, end } = effectiveSlots(work, [rules.shiftMs]);
    const series = stretch.values.get(metric);
    const window = { firstSlot: first, slots: end - first };
    const slots = gaugeSlots({ times: series?.times ?? NONE, values: series?.values ?? NONE, rules, window });
    const fresh = rowsOf(work, metric, slots, end, (place) => gaugeFigures(slots, place, rules));
    this.#take(
      { work, metric, rules, firstSlot: first, endSlot: end, fresh },
      storedOf(stretch, metric, readFrom),
      run,
    );
  }

  #take(outcome: SeriesOutcome, stored: StoredSeries, run: Run): void {
    const before = stored.rowsIn(outcome.firstSlot, outcome.endSlot);
    run.update.rows['15m'].push(...changedRows(before, outcome.fresh));
    if (FIGURE_METRICS.has(outcome.metric)) {
      run.touched.take(before);
      run.touched.take(outcome.fresh);
    }
    run.outcomes.push(outcome);
  }

  /** The hours that are over, and the days that they lie in, of everything that was counted or is owed. */
  async #makeLonger(group: readonly DeviceWork[], run: Run): Promise<void> {
    const { runningSlot, sealedSlot } = run.time;
    const byDevice = new Map<string, Map<string, SeriesOutcome>>();
    for (const outcome of run.outcomes) {
      const name = nameOf(outcome.work.key);
      const ofDevice = byDevice.get(name) ?? new Map<string, SeriesOutcome>();
      ofDevice.set(outcome.metric, outcome);
      byDevice.set(name, ofDevice);
    }
    const alike = new Map<string, { works: DeviceWork[]; from: number; to: number }>();
    for (const work of group) {
      const ofDevice = byDevice.get(nameOf(work.key));
      const hours = [...(ofDevice?.values() ?? [])].flatMap((outcome) => hoursOf(outcome, runningSlot));
      hours.push(...work.owedHours);
      if (hours.length === 0) continue;
      const range = { from: Math.min(...hours), to: Math.max(...hours) + HOUR_MS };
      let [from, to] = [range.from, range.to];
      for (const zone of new Set(Object.values(work.facts.zones))) {
        const days = this.#civilDays.in(range, zone);
        from = Math.min(from, days[0]?.from ?? from);
        to = Math.max(to, days.at(-1)?.to ?? to);
      }
      const key = `${from}/${to}`;
      const list = alike.get(key) ?? { works: [], from, to };
      list.works.push(work);
      alike.set(key, list);
    }
    for (const { works, from, to } of alike.values()) {
      const devices = works.map(({ key }) => key);
      const quarters = await this.#reader.rows('15m', { devices, from, to });
      const storedHours = await this.#reader.rows('1h', { devices, from, to });
      // Days of a zone that the site once had may begin before.
      const storedDays = await this.#reader.rows('1d', { devices, from: from - 26 * HOUR_MS, to });
      for (const work of works) {
        const name = nameOf(work.key);
        const outcomes = byDevice.get(name);
        const [ofQuarters, ofHours, ofDays] = [quarters.get(name), storedHours.get(name), storedDays.get(name)];
        const metrics = new Set([
          ...(outcomes?.keys() ?? []),
          ...(work.owedHours.length > 0 ? (ofQuarters?.keys() ?? []) : []),
        ]);
        for (const metric of metrics) {
          const outcome = outcomes?.get(metric);
          const hours = new Set(work.owedHours.filter((hour) => hour >= startOfSlot(sealedSlot)));
          if (outcome !== undefined) for (const hour of hoursOf(outcome, runningSlot)) hours.add(hour);
          if (hours.size === 0) continue;
          const made = longerRows({
            ...work.key,
            metric,
            facts: work.facts,
            rules: outcome?.rules ?? meterRulesOf(work.facts, metric),
            hours: [...hours].sort((a, b) => a - b),
            quarters: replaced(ofQuarters?.get(metric) ?? [], outcome),
            storedHours: ofHours?.get(metric) ?? [],
            storedDays: ofDays?.get(metric) ?? [],
            zone: (site) => this.#deps.facts.zone(site),
            civilDays: this.#civilDays,
          });
          run.update.rows['1h'].push(...made.hours);
          run.update.rows['1d'].push(...made.days);
          await this.#deps.breathe();
        }
      }
    }
  }
}

interface Run {
  readonly touched: TouchedSites;
  readonly time: PassTime;
  readonly update: Update;
  readonly outcomes: SeriesOutcome[];
  readonly beyond: MarkedStretch[];
}

const NONE = new Float64Array(0);

/** By how much effective times of its counters and gauges are ahead of stamps. */
function shiftsOf(facts: DeviceWork['facts']): number[] {
  const { intervalMs = 0, intervalStamp } = facts;
  return [0, intervalStamp === 'begin' ? intervalMs : intervalStamp === 'end' ? -intervalMs : 0];
}

/** The quarter hours that the changed ones, which are told by stamp, are by effective time. */
function effectiveSlots({ dirty }: DeviceWork, shiftsMs: readonly number[]): { first: number; end: number } {
  const { firstSlot, slots } = dirty ?? { firstSlot: 0, slots: 0 };
  return {
    first: Math.min(...shiftsMs.map((shiftMs) => slotOf(startOfSlot(firstSlot) + shiftMs))),
    end: Math.max(...shiftsMs.map((shiftMs) => slotOf(startOfSlot(firstSlot + slots) + shiftMs - 1) + 1)),
  };
}

function storedOf(stretch: DeviceStretch, metric: string, readFrom: number): StoredSeries {
  let stored = stretch.rows.get(metric);
  if (stored === undefined) {
    stored = new StoredSeries(readFrom);
    stretch.rows.set(metric, stored);
  }
  return stored;
}

/** The rows of [slots.firstSlot, endSlot) of which something is known. */
function rowsOf(
  { key, facts }: DeviceWork,
  metric: string,
  slots: CounterSlots | GaugeSlots,
  endSlot: number,
  figuresAt: (place: number) => ReturnType<typeof counterFigures>,
): RollUp[] {
  const rows: RollUp[] = [];
  for (let slot = slots.firstSlot; slot < endSlot; slot++) {
    const figures = figuresAt(slot - slots.firstSlot);
    if (figures.count === 0 && figures.consumption === null) continue;
    const start = startOfSlot(slot);
    rows.push({ site: siteOf(facts, start), gateway: key.gateway, device: key.device, metric, start, ...figures });
  }
  return rows;
}

/**
 * Hours that what was counted lies in. Those that are not over are owed to a later pass; but hours of readings that are
 * stamped for another hour than theirs are made at once, since no mark stands for them.
 */
function hoursOf({ firstSlot, endSlot, rules }: SeriesOutcome, runningSlot: number): number[] {
  const hours: number[] = [];
  const first = Math.floor(startOfSlot(firstSlot) / HOUR_MS) * HOUR_MS;
  for (let hour = first; hour < startOfSlot(endSlot); hour += HOUR_MS) {
    if (hour + HOUR_MS <= startOfSlot(runningSlot) || rules.shiftMs !== 0) hours.push(hour);
  }
  return hours;
}

/** Rows as they are when the update is made. */
function replaced(rows: readonly RollUp[], outcome: SeriesOutcome | undefined): RollUp[] {
  if (outcome === undefined) return [...rows];
  const [from, to] = [startOfSlot(outcome.firstSlot), startOfSlot(outcome.endSlot)];
  const left = rows.filter(({ start }) => start < from || start >= to);
  return [...left, ...outcome.fresh].sort((one, other) => one.start - other.start);
}
