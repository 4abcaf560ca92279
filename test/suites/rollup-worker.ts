/**
 * What the roll-up worker leaves behind, whatever the engine and whatever happened on the way: exactly what counting all
 * stored values at once gives. Run over each store in test/energy/rollup/.
 */
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { metricById } from '../../contract/metrics.ts';
import type { MeterEvent, RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { startOfDay } from '../../energy/calendar.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import { countValues } from '../../energy/counting/count-values.ts';
import { counterFigures, type Figures, foldRows, gaugeFigures } from '../../energy/counting/figures.ts';
import { gaugeSlots } from '../../energy/counting/gauge-slots.ts';
import type { MeterRules } from '../../energy/counting/meter-rules.ts';
import { effectiveTime } from '../../energy/counting/meter-rules.ts';
import { slotOf, startOfSlot } from '../../energy/counting/slots.ts';
import { meterRulesOf, RegisterFacts } from '../../energy/rollup/device-facts.ts';
import { RollUpWorker } from '../../energy/rollup/roll-up-worker.ts';
import { FileRollUpMarks } from '../../ingest/roll-up-marks.ts';
import type { Device, Gateway, MeterDecision, Site } from '../../register/model.ts';
import { type RegisterView, siteAt } from '../../register/register-view.ts';
import { silentLog } from '../../runtime/log.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import { StoreFailure, type TelemetryStore } from '../../store/telemetry-store.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

type Stores = TelemetryStore & RollUpStore;

export interface RollUpWorkerEngine {
  readonly name: string;
  /** Open, initialised and empty; closed when the test is finished. */
  create(): Promise<Stores>;
  readonly runs: number;
  /** An update that fails has left nothing behind. */
  readonly isAtomic: boolean;
}

export const ENERGY = 'active_energy_kwh';
export const POWER = 'active_power_kw';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Two days before clocks go back in New York. */
export const START = Date.parse('2026-10-30T00:00:00Z');

export const SITES: readonly Site[] = [
  { id: 'new-york', name: 'New York', kind: 'building', zone: 'America/New_York' },
  { id: 'kolkata', name: 'Kolkata', kind: 'building', zone: 'Asia/Kolkata' },
];

/** A register whose devices, sites and decisions a story changes. */
export class StoryRegister implements RegisterView {
  version = 1;
  readonly #devices = new Map<string, Device>();
  readonly #sites = new Map(SITES.map((site) => [site.id, site]));
  readonly #listeners = new Set<() => void>();
  #decisions: MeterDecision[] = [];

  put(device: Device): void {
    this.#devices.set(`${device.gateway}/${device.id}`, device);
    this.#changed();
  }
  putSite(site: Site): void {
    this.#sites.set(site.id, site);
    this.#changed();
  }
  decide(decision: MeterDecision): void {
    const others = this.#decisions.filter(
      ({ device, metric, at }) => device !== decision.device || metric !== decision.metric || at !== decision.at,
    );
    this.#decisions = [...others, decision];
    this.#changed();
  }
  decisions(): readonly MeterDecision[] {
    return this.#decisions;
  }
  /** Every gateway hangs in New York. */
  gateway(id: string): Gateway {
    return { id, name: id, site: 'new-york', retired: false };
  }
  gateways(): readonly Gateway[] {
    return [];
  }
  device(gateway: string, device: string): Device | undefined {
    return this.#devices.get(`${gateway}/${device}`);
  }
  devices(): readonly Device[] {
    return [...this.#devices.values()];
  }
  site(id: string): Site | undefined {
    return this.#sites.get(id);
  }
  sites(): readonly Site[] {
    return [...this.#sites.values()];
  }
  credential(): undefined {
    return undefined;
  }
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  #changed(): void {
    this.version++;
    for (const listener of this.#listeners) listener();
  }
}

export interface StoryValue {
  readonly device: string;
  readonly metric: string;
  readonly time: number;
  readonly value: number;
}

let stories = 0;

/** A store, marks, a worker and a register, which can be killed and started again. */
export class RollUpStory {
  readonly gateway = `story-${process.pid}-${++stories}`;
  readonly register = new StoryRegister();
  readonly clock: ManualClock;
  readonly store: Stores;
  readonly #folder = temporaryFolder();
  readonly #isAtomic: boolean;
  readonly #final = new Map<string, StoryValue>();
  #marks: FileRollUpMarks;
  #worker: RollUpWorker;
  #life = { isOver: false, putsLeft: Number.POSITIVE_INFINITY, part: 1 };
  #seq = 0;

  constructor(engine: RollUpWorkerEngine, store: Stores, now = START) {
    this.store = store;
    this.#isAtomic = engine.isAtomic;
    this.clock = new ManualClock(now);
    this.#marks = this.#newMarks();
    this.#worker = this.#newWorker();
  }

  async start(): Promise<void> {
    await this.#marks.start();
    await this.#worker.start();
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
    await this.#marks.stop();
  }

  get worker(): RollUpWorker {
    return this.#worker;
  }

  get values(): readonly StoryValue[] {
    return [...this.#final.values()];
  }

  /** As ingest does it; `dies` before the store has it, or before anybody knew that it has. */
  async commit(values: readonly StoryValue[], dies?: 'before' | 'after'): Promise<void> {
    const newest = Math.max(...values.map(({ time }) => time));
    if (newest > this.clock.now()) this.clock.setWall(newest);
    const readings = values.map(({ device, metric, time, value }) => ({ device, time, values: { [metric]: value } }));
    const batch = { gateway: this.gateway, epoch: 'story', seq: ++this.#seq, readings, rejected: [] };
    await this.#marks.beforeCommit([batch]);
    if (dies === 'before') return await this.kill();
    await this.store.commit([batch], async () => {});
    for (const value of values) this.#final.set(`${value.device}/${value.metric}/${value.time}`, value);
    if (dies === 'after') return await this.kill();
    this.#marks.settled();
  }

  /** The process is gone, now or in the middle of the worker's next write. */
  async kill(inNextWrite?: { readonly part: number }): Promise<void> {
    if (inNextWrite === undefined) this.#life.isOver = true;
    else {
      this.#life.putsLeft = 0;
      this.#life.part = inNextWrite.part;
      for (let turn = 0; turn < 10 && !this.#life.isOver; turn++) await this.pass();
      this.#life.isOver = true;
    }
    await this.#worker.stop();
    await this.#marks.stop();
    this.#life = { isOver: false, putsLeft: Number.POSITIVE_INFINITY, part: 1 };
    this.#marks = this.#newMarks();
    this.#worker = this.#newWorker();
    await this.start();
  }

  /** Lets the worker look once. */
  async pass(): Promise<void> {
    await this.clock.advance(5_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Lets it work until nothing is left to do. */
  async settle(): Promise<void> {
    // Twice: the first time it may have been at work on what was before.
    let after = this.clock.now() + 21_000;
    let times = 0;
    for (let turn = 0; turn < 4_000; turn++) {
      await this.clock.advance(1_000);
      await new Promise((resolve) => setTimeout(resolve, 1));
      const { caughtUpAt, pendingQuarters, failedDevices } = await this.#worker.status();
      expect(failedDevices).toEqual([]);
      // Longer than a day that is being told is waited for.
      if ((caughtUpAt ?? 0) <= after || pendingQuarters > 0) continue;
      if (++times === 2) return;
      after = this.clock.now();
    }
    throw new Error(`not rolled up: ${JSON.stringify(await this.#worker.status())}`);
  }

  /** Everything that the store holds of this story, in order. */
  async stored(): Promise<{ rows: Record<RollUpWidth, RollUp[]>; events: MeterEvent[] }> {
    const devices = this.register.devices().map(({ gateway, id }) => ({ gateway, device: id }));
    const range = { devices, from: START - 400 * DAY, to: START + 400 * DAY };
    const rows = async (width: RollUpWidth) => inOrder(await this.store.rollUps({ width, ...range }));
    const events = [...(await this.store.meterEvents(range))].sort(
      (a, b) => a.device.localeCompare(b.device) || a.metric.localeCompare(b.metric) || a.at - b.at,
    );
    return { rows: { '15m': await rows('15m'), '1h': await rows('1h'), '1d': await rows('1d') }, events };
  }

  /** The same, counted at once from all values. */
  expected(): { rows: Record<RollUpWidth, RollUp[]>; events: MeterEvent[] } {
    const rows: Record<RollUpWidth, RollUp[]> = { '15m': [], '1h': [], '1d': [] };
    const events: MeterEvent[] = [];
    const facts = new RegisterFacts(this.register);
    const series = new Map<string, StoryValue[]>();
    for (const value of this.values) {
      const name = `${value.device}/${value.metric}`;
      series.set(name, [...(series.get(name) ?? []), value]);
    }
    for (const [, values] of [...series].sort(([a], [b]) => a.localeCompare(b))) {
      const { device, metric } = values[0]!;
      const key = { gateway: this.gateway, device, metric };
      const rules = meterRulesOf(facts.of(key), metric);
      const sorted = values.sort((a, b) => a.time - b.time);
      const times = Float64Array.from(sorted, ({ time }) => time);
      const numbers = Float64Array.from(sorted, ({ value }) => value);
      const firstSlot = slotOf(effectiveTime(times[0]!, rules));
      const window = { firstSlot, slots: slotOf(effectiveTime(times.at(-1)!, rules)) + 1 - firstSlot };
      let figuresAt: (place: number) => Figures;
      if (metricById.get(metric)?.kind === 'counter') {
        const counted = countValues({ times, values: numbers, position: undefined, rules, window });
        figuresAt = (place) => counterFigures(counted, place, rules);
        events.push(...counted.events.map((event) => ({ ...key, ...event })));
      } else {
        const slots = gaugeSlots({ times, values: numbers, rules, window });
        figuresAt = (place) => gaugeFigures(slots, place, rules);
      }
      const placements = this.register.device(this.gateway, device)!.placements;
      const quarters: RollUp[] = [];
      for (let place = 0; place < window.slots; place++) {
        const start = startOfSlot(firstSlot + place);
        const figures = figuresAt(place);
        if (figures.count === 0 && figures.consumption === null) continue;
        quarters.push({ site: siteAt({ placements }, start), ...key, start, ...figures });
      }
      rows['15m'].push(...quarters);
      const wholeMs = (site: string, from: number, to: number) => {
        let ms = 0;
        for (let at = from; at < to; at += QUARTER_MS) if (siteAt({ placements }, at) === site) ms += QUARTER_MS;
        return ms;
      };
      rows['1h'].push(
        ...folded(
          quarters,
          rules,
          ({ start }) => Math.floor(start / HOUR) * HOUR,
          (site, from) => wholeMs(site, from, from + HOUR),
        ),
      );
      const zone = (site: string) => this.register.site(site)?.zone ?? 'UTC';
      rows['1d'].push(
        ...folded(
          quarters,
          rules,
          ({ site, start }) => startOfDay(start, zone(site)),
          (site, from) => wholeMs(site, from, startOfDay(from + 36 * HOUR, zone(site))),
        ),
      );
    }
    return { rows: { '15m': inOrder(rows['15m']), '1h': inOrder(rows['1h']), '1d': inOrder(rows['1d']) }, events };
  }

  #newMarks(): FileRollUpMarks {
    return new FileRollUpMarks({ folder: `${this.#folder}/marks`, clock: this.clock });
  }

  #newWorker(): RollUpWorker {
    const life = this.#life;
    const marks = this.#marks;
    const { store, gateway } = this;
    const isAtomic = this.#isAtomic;
    const alive = async <T>(work: () => Promise<T>): Promise<T> => {
      if (life.isOver) throw new StoreFailure('unavailable', 'the process is gone');
      return await work();
    };
    return new RollUpWorker({
      options: { folder: `${this.#folder}/state` },
      store: {
        totals: async (query) => await alive(() => store.totals({ ...query, gateway })),
        values: (query) => alive(() => store.values(query)),
        rollUps: (query) => alive(() => store.rollUps(query)),
        latestRollUps: (query) => alive(() => store.latestRollUps(query)),
        meterEvents: (query) => alive(() => store.meterEvents(query)),
        keep: (kept, now) => alive(() => store.keep(kept, now)),
        putRollUps: (update) =>
          alive(async () => {
            if (life.putsLeft-- > 0) return await store.putRollUps(update);
            life.isOver = true;
            const some = <T>(list: readonly T[]) => list.slice(0, Math.floor(list.length * life.part));
            const { rows } = update;
            if (!isAtomic)
              await store.putRollUps({ ...update, rows: { '15m': some(rows['15m']), '1h': [], '1d': [] } });
            else if (life.part > 0.5) await store.putRollUps(update);
            throw new StoreFailure('unavailable', 'killed in the middle of it');
          }),
      },
      marks: {
        claim: (claim) => alive(() => marks.claim(claim)),
        done: (session, days) => alive(() => marks.done(session, days)),
        release: async (session) => (life.isOver ? undefined : await marks.release(session)),
        mark: (stretches) => alive(() => marks.mark(stretches)),
        status: (before) => marks.status(before),
      },
      register: this.register,
      clock: this.clock,
      random: () => 0,
      log: silentLog,
      registry: new Registry(),
    });
  }
}

function folded(
  quarters: readonly RollUp[],
  rules: MeterRules,
  startOf: (row: RollUp) => number,
  wholeMs: (site: string, from: number) => number,
): RollUp[] {
  const groups = new Map<string, RollUp[]>();
  for (const row of quarters) {
    const name = `${startOf(row)} ${row.site}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  return [...groups.values()].map((rows) => {
    const { site, gateway, device, metric } = rows[0]!;
    const start = startOf(rows[0]!);
    const figures = foldRows(rows, { rules, wholeMs: wholeMs(site, start) });
    // A day is exactly the sum of its quarter hours.
    const sum = rows.reduce((counts, row) => counts + Math.round((row.consumption ?? 0) * rules.scale), 0);
    expect(Math.round((figures.consumption ?? 0) * rules.scale)).toBe(sum);
    expect(figures.count).toBe(rows.reduce((count, row) => count + row.count, 0));
    return { site, gateway, device, metric, start, ...figures };
  });
}

function inOrder(rows: readonly RollUp[]): RollUp[] {
  return [...rows].sort(
    (a, b) =>
      a.device.localeCompare(b.device) ||
      a.metric.localeCompare(b.metric) ||
      a.start - b.start ||
      a.site.localeCompare(b.site),
  );
}

export function aDevice(gateway: string, id: string, change: Partial<Device> = {}): Device {
  return { gateway, id, name: id, placements: [{ site: 'new-york', from: 0 }], is_new: false, ...change };
}

type ValueOf<A> = A extends fc.Arbitrary<infer T> ? T : never;

const happening = fc.oneof(
  { weight: 30, arbitrary: fc.record({ kind: fc.constant('count' as const), by: fc.integer({ min: 0, max: 40 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('fall' as const), by: fc.integer({ min: 1, max: 9_000 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('silence' as const), by: fc.integer({ min: 2, max: 150 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('zero' as const), by: fc.constant(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('spike' as const), by: fc.constant(10 ** 9) }) },
);
const telling = fc.record({
  intervalMinutes: fc.constantFrom(5, 15, 60),
  states: fc.boolean(),
  stamp: fc.constantFrom('begin' as const, 'end' as const, undefined, undefined),
  limit: fc.constantFrom(undefined, 1_000),
  happenings: fc.array(happening, { minLength: 1, maxLength: 90 }),
  movesAt: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
});
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      share: fc.double({ min: 0.01, max: 0.4, noNaN: true }),
      late: fc.boolean(),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pass' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('kill-in-write' as const),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('kill-in-commit' as const),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      hour: fc.integer({ min: 0, max: 200 }),
      back: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('meter' as const), multiplier: fc.constantFrom(1, 40) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('zone' as const),
      zone: fc.constantFrom('America/New_York', 'Asia/Kathmandu'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('swap' as const), hour: fc.integer({ min: 0, max: 100 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      place: fc.nat(),
      decision: fc.constantFrom('normal' as const, 'reset' as const, 'glitch-zero' as const, 'rollover' as const),
    }),
  },
);

export function describeRollUpWorker(engine: RollUpWorkerEngine): void {
  describe(`roll-ups on ${engine.name}`, () => {
    it('are what counting everything at once gives, whatever came in between', async () => {
      const store = await engine.create();
      await fc.assert(
        fc.asyncProperty(
          fc.array(telling, { minLength: 1, maxLength: 2 }),
          fc.array(step, { minLength: 3, maxLength: 14 }),
          fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
          async (tellings, steps, chances) => {
            const story = new RollUpStory(engine, store);
            await story.start();
            try {
              const chance = () => chances.next().value as number;
              const told = tellings.flatMap((one, index) => tellOf(story, one, `meter-${index}`));
              // Mostly in order of time, some late, some twice with another value.
              const waiting = told.sort((a, b) => a.time - b.time);
              const take = (share: number, late: boolean): StoryValue[] => {
                const count = Math.max(1, Math.floor(told.length * share));
                const at = late ? Math.floor(chance() * waiting.length) : 0;
                const taken = waiting.splice(at, count);
                if (taken.length > 0 && chance() < 0.2) taken.push({ ...taken[0]!, value: taken[0]!.value + 0.5 });
                return taken;
              };
              for (const one of steps) await happen(story, one, take, chance);
              for (let left = take(1, false); left.length > 0; left = take(1, false)) await story.commit(left);
              story.clock.setWall(Math.max(story.clock.now(), START + 30 * DAY));
              await story.settle();
              expect(await story.stored()).toEqual(story.expected());
            } finally {
              await story.stop();
            }
          },
        ),
        // Shrinking takes as many whole stories.
        { numRuns: engine.runs, endOnFailure: true },
      );
    }, 180_000);
  });
}

function tellOf(story: RollUpStory, one: ValueOf<typeof telling>, device: string): StoryValue[] {
  story.register.put(
    aDevice(story.gateway, device, {
      ...(one.states ? { interval_s: one.intervalMinutes * 60 } : {}),
      ...(one.stamp === undefined ? {} : { interval_stamp: one.stamp }),
      ...(one.limit === undefined ? {} : { meter: { register_limit: one.limit } }),
      placements: [
        { site: 'new-york', from: 0 },
        ...(one.movesAt === undefined ? [] : [{ site: 'kolkata', from: START + one.movesAt * 20 * MINUTE }]),
      ],
    }),
  );
  const values: StoryValue[] = [];
  let [time, counter] = [START + 7 * MINUTE, 5_000];
  for (const { kind, by } of one.happenings) {
    time += one.intervalMinutes * MINUTE * (kind === 'silence' ? by : 1);
    if (kind === 'fall') counter = Math.max(0, counter - by);
    else if (kind === 'count' || kind === 'silence') counter += by;
    const height = kind === 'zero' ? 0 : kind === 'spike' ? counter + by : counter;
    values.push({ device, metric: ENERGY, time, value: height / 10 });
    values.push({ device, metric: POWER, time, value: by % 97 });
  }
  return values;
}

async function happen(
  story: RollUpStory,
  one: ValueOf<typeof step>,
  take: (share: number, late: boolean) => StoryValue[],
  chance: () => number,
): Promise<void> {
  const { register, gateway } = story;
  const devices = register.devices();
  const device = devices[Math.floor(chance() * devices.length) % devices.length]!;
  switch (one.kind) {
    case 'commit': {
      const values = take(one.share, one.late);
      if (values.length > 0) await story.commit(values);
      break;
    }
    case 'pass':
      await story.pass();
      break;
    case 'settle':
      await story.settle();
      break;
    case 'kill':
      await story.kill();
      break;
    case 'kill-in-write':
      await story.kill({ part: one.part });
      break;
    case 'kill-in-commit': {
      const values = take(0.1, false);
      if (values.length > 0) {
        await story.commit(values, one.when);
        // The gateway sends again what was not acknowledged.
        await story.commit(values);
      }
      break;
    }
    case 'move': {
      const from = START + one.hour * HOUR + 7 * MINUTE;
      const placements = [
        { site: one.back ? 'kolkata' : 'new-york', from: 0 },
        { site: one.back ? 'new-york' : 'kolkata', from },
      ];
      register.put({ ...device, placements });
      break;
    }
    case 'meter':
      register.put({ ...device, meter: { ...device.meter, multiplier: one.multiplier } });
      break;
    case 'zone':
      register.putSite({ ...SITES[0]!, zone: one.zone });
      break;
    case 'swap':
      register.put({
        ...device,
        meter: { ...device.meter, swaps: [{ metric: ENERGY, at: START + one.hour * HOUR, last: 600, first: 3 }] },
      });
      break;
    case 'decide': {
      const counters = story.values.filter((value) => value.device === device.id && value.metric === ENERGY);
      const value = counters[one.place % Math.max(1, counters.length)];
      if (value === undefined) break;
      const rules = meterRulesOf(new RegisterFacts(register).of({ gateway, device: device.id }), ENERGY);
      const at = effectiveTime(value.time, rules);
      const people = { who: 'somebody', why: 'because', decided: START };
      register.decide({ gateway, device: device.id, metric: ENERGY, at, decision: one.decision, ...people });
    }
  }
}
