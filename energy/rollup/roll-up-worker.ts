/**
 * Start reading here. The worker that keeps roll-ups true: it claims what is marked (contract/roll-up-marks.ts), counts
 * it again from the readings, and writes the rows that differ.
 *
 *   marks ─ claim ─ groups of devices ─ read, count (energy/counting/), fold ─ put ─ done
 *
 * Guarantees
 * 1. Rows are a function of what is stored and of the register: whatever the order of arrivals, commits, passes and
 *    kills, once no mark is left they are what counting everything at once gives (test/suites/rollup-worker.ts).
 * 2. A mark is done only when its rows are durable; a pass that fails or is killed is made again and changes nothing
 *    else. Claims of an earlier start are void.
 * 3. What arrives for a quarter hour that is over is in the roll-ups within LATE_WITHIN_MS, as far as the machine keeps
 *    up; what is told of days past waits a few seconds for the rest of its day (ingest/roll-up-marks.ts). A quarter
 *    hour that ends is rolled up GRACE_MS later.
 * 4. Nothing is deleted that is not rolled up; rows whose readings are about to be deleted are sealed.
 *
 * Below: group-pass.ts (one group), counter-plan.ts (how far a change reaches), longer-rows.ts (hours and days),
 * applied-facts.ts (changes of the register), device-facts.ts (the register → the arithmetic).
 */
import { randomUUID } from 'node:crypto';
import { Histogram, type Registry } from 'prom-client';
import { MARKED_DAY_MS, type MarkedDay, type RolledUpDay, type RollUpMarks } from '../../contract/roll-up-marks.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Tally } from '../../runtime/counters.ts';
import { WriteRefused } from '../../runtime/lmdb-file.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import { fullJitterMs } from '../../runtime/retry.ts';
import type { Service } from '../../runtime/service.ts';
import { unlessStopped } from '../../runtime/until-stopped.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import { StoreFailure, type TelemetryStore } from '../../store/telemetry-store.ts';
import { slotOf, startOfSlot } from '../counting/slots.ts';
import { AppliedFacts, type Retirement } from './applied-facts.ts';
import { nameOf, RegisterFacts } from './device-facts.ts';
import { type DeviceWork, deviceWork, groupsOf } from './device-work.ts';
import { GroupPass, type PassTime } from './group-pass.ts';
import { HOUR_MS } from './longer-rows.ts';
import { sitesOfRetired } from './retired-meters.ts';
import type { TouchedSite } from './touched-sites.ts';

/** Late data is in the roll-ups within this time, milliseconds. */
export const LATE_WITHIN_MS = 60_000;
/** How long after its end a quarter hour is first rolled up: the readings that complete it have mostly come by then. */
export const GRACE_MS = 45_000;
/** How often the worker looks for marks. */
const EVERY_MS = 5_000;
/** How long the event loop may be kept busy at once, milliseconds. */
const SLICE_MS = 8;
const DAYS_PER_CLAIM = 256;
/** Readings may be stamped this far ahead of our clock (admission takes two minutes). */
const AHEAD_MS = 5 * 60_000;
const DAY_MS = MARKED_DAY_MS;

const BACK_OFF = {
  unavailable: { firstMs: 1_000, mostMs: 15_000 },
  misconfigured: { firstMs: 5_000, mostMs: 60_000 },
} as const;

export interface RollUpWorkerOptions {
  /** Folder of what the worker remembers: `<data>/roll-up-state`. */
  readonly folder: string;
  /** How long readings and 15-minute rows are kept, milliseconds; absent: for ever. */
  readonly rawMs?: number | undefined;
  readonly quarterMs?: number | undefined;
}

export interface RollUpWorkerDeps {
  readonly options: RollUpWorkerOptions;
  readonly store: RollUpStore & Pick<TelemetryStore, 'totals'>;
  readonly marks: RollUpMarks;
  readonly register: RegisterView;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
  /**
   * Told which sites were counted again, after their rows are durable and before their marks are done, and of which a
   * meter was retired, or no longer is: what it throws has it told again. For figures that are made of the rows. It need
   * not come to an end once the signal is given.
   */
  readonly afterPass?: ((touched: readonly TouchedSite[], stopped: AbortSignal) => Promise<void>) | undefined;
}

export interface RollUpStatus {
  /** Quarter hours of devices that are over and not rolled up. */
  readonly pendingQuarters: number;
  /** Milliseconds that the oldest of them waits; 0 when there is none. */
  readonly oldestMs: number;
  /** Everything that was over and stored at this instant is rolled up, epoch milliseconds; undefined: not since the start. */
  readonly caughtUpAt: number | undefined;
  /** Rows written since the start, by width. */
  readonly rowsWritten: Readonly<Record<'15m' | '1h' | '1d', number>>;
  /** Why nothing can be rolled up; empty when all is well. */
  readonly fault: string;
  /** Devices, `gateway/device`, whose readings could not be counted; the log says why. They are tried again after a restart. */
  readonly failedDevices: readonly string[];
}

export class RollUpWorker implements Service {
  readonly name = 'roll-ups';
  readonly #deps: RollUpWorkerDeps;
  readonly #facts: RegisterFacts;
  readonly #applied: AppliedFacts;
  readonly #pass: GroupPass;
  readonly #session = randomUUID();
  readonly #rows: Tally<'width'>;
  readonly #events: Tally<never>;
  readonly #gauges: { readonly pending: Tally<never>; readonly oldest: Tally<never>; readonly failed: Tally<never> };
  readonly #seconds: Histogram;
  readonly #failed = new Set<string>();
  readonly #mark: RollUpMarks['mark'];
  #appliedVersion = Number.NaN;
  /** What a failed turn had claimed is to be given back. */
  #mustRelease = false;
  #isStarted = false;
  #stopped = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #sliceBeganMs = 0;
  #keptAtMs = Number.NEGATIVE_INFINITY;
  #caughtUpAt: number | undefined;
  #fault = '';

  constructor(deps: RollUpWorkerDeps) {
    this.#deps = deps;
    const { options, register, store, marks, registry } = deps;
    this.#mark = (stretches) => marks.mark(stretches);
    this.#facts = new RegisterFacts(register);
    this.#applied = new AppliedFacts(options.folder);
    this.#pass = new GroupPass({
      store: this.#stoppable(store),
      facts: this.#facts,
      mark: this.#mark,
      breathe: () => this.#breathe(),
    });
    const common = { labels: [], kind: 'gauge' } as const;
    this.#rows = new Tally(
      { name: 'lamplighter_roll_up_rows_total', help: 'Roll-up rows written, by width.', labels: ['width'] },
      registry,
    );
    this.#events = new Tally(
      { name: 'lamplighter_roll_up_events_total', help: 'Events of meters written.', labels: [] },
      registry,
    );
    this.#gauges = {
      pending: new Tally(
        { ...common, name: 'lamplighter_roll_up_pending_quarters', help: 'Quarter hours over and not rolled up.' },
        registry,
      ),
      oldest: new Tally(
        { ...common, name: 'lamplighter_roll_up_oldest_seconds', help: 'How long the oldest of them waits.' },
        registry,
      ),
      failed: new Tally(
        { ...common, name: 'lamplighter_roll_up_failed_devices', help: 'Devices that could not be rolled up.' },
        registry,
      ),
    };
    this.#seconds = new Histogram({
      name: 'lamplighter_roll_up_pass_seconds',
      help: 'Seconds from a claim to its rows being durable.',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    });
  }

  async start(): Promise<void> {
    this.#applied.open();
    this.#stopped = new AbortController();
    this.#isStarted = true;
    this.#loop = this.#run();
  }

  /** Finishes the write that is under way and gives up the rest, which the next start makes again; closes its file. */
  async stop(): Promise<void> {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#stopped.abort();
    this.#wake?.();
    await this.#loop;
    await this.#deps.marks.release(this.#session).catch((error: unknown) => {
      this.#deps.log.warn({ error }, 'claimed marks are not given back; they are void with the next start');
    });
    await this.#applied.close();
  }

  async status(): Promise<RollUpStatus> {
    const { quarters, oldestMs } = await this.#deps.marks.status(startOfSlot(this.#time().runningSlot));
    return {
      pendingQuarters: quarters,
      oldestMs,
      caughtUpAt: this.#caughtUpAt,
      rowsWritten: { '15m': this.#rows.get('15m'), '1h': this.#rows.get('1h'), '1d': this.#rows.get('1d') },
      fault: this.#fault,
      failedDevices: [...this.#failed],
    };
  }

  async #run(): Promise<void> {
    const { log, random } = this.#deps;
    for (let attempt = 0; !this.#isStopped; ) {
      let pauseMs = EVERY_MS;
      try {
        await this.#turn();
        if (this.#fault !== '') log.info('rolling up again');
        this.#fault = '';
        attempt = 0;
      } catch (error) {
        if (this.#isStopped) return;
        const words = error instanceof Error ? error.message : String(error);
        if (words !== this.#fault) log.error({ error }, `cannot roll up, readings wait for it: ${words}`);
        this.#fault = words;
        const kind = error instanceof StoreFailure ? error.kind : 'unavailable';
        pauseMs = 250 + fullJitterMs(BACK_OFF[kind], attempt++, random);
        this.#mustRelease = true;
      }
      if (!this.#isStopped) await this.#pause(pauseMs);
    }
  }

  /** Everything that is claimable now. */
  async #turn(): Promise<void> {
    const { store, marks, clock } = this.#deps;
    if (this.#mustRelease) await marks.release(this.#session);
    this.#mustRelease = false;
    if (!this.#applied.hasBegun) await this.#applied.begin(await store.totals({}), this.#mark);
    while (!this.#isStopped) {
      await this.#applyRegister();
      const time = this.#time();
      const before = startOfSlot(time.runningSlot);
      const days = await marks.claim({ session: this.#session, before, most: DAYS_PER_CLAIM });
      if (days.length === 0) break;
      await this.#rollUp(days, time);
      await this.#measure(before);
    }
    if (this.#isStopped) return;
    const now = clock.now();
    // Of what cannot be claimed yet, since more may come for its day, it is behind.
    const oldestMs = await this.#measure(startOfSlot(this.#time().runningSlot));
    this.#caughtUpAt = Math.max(this.#caughtUpAt ?? 0, now - oldestMs);
    await this.#keep();
  }

  /** Marks what a change of the register touches, before anything more is claimed. */
  async #applyRegister(): Promise<void> {
    const { register, clock } = this.#deps;
    const { version } = register;
    if (this.#appliedVersion === version) return;
    const bounds = { from: startOfSlot(this.#time().sealedSlot), now: clock.now() };
    const changed = { mark: this.#mark, retired: (devices: readonly Retirement[]) => this.#retire(devices) };
    await this.#applied.applyChanges(this.#facts, changed, bounds, () => this.#breathe());
    // Of what changed meanwhile the version is another one.
    this.#appliedVersion = version;
  }

  /** Rows stay as they are; figures that say of what is expected how much is there do not. */
  async #retire(devices: readonly Retirement[]): Promise<void> {
    const { register, store, clock, afterPass } = this.#deps;
    if (afterPass === undefined) return;
    const touched = await sitesOfRetired(devices, { register, store, now: clock.now() });
    if (touched.length > 0) await afterPass(touched, this.#stopped.signal);
  }

  async #rollUp(days: readonly MarkedDay[], time: PassTime): Promise<void> {
    const works = days.map((day) => deviceWork(day, this.#facts.of(day), time.sealedSlot, this.#applied.sealedOf(day)));
    const isSealed = ({ dirty, owedHours }: DeviceWork) => dirty === undefined && owedHours.length === 0;
    await this.#done(works.filter(isSealed), time);
    for (const group of groupsOf(works.filter((work) => !isSealed(work)))) {
      if (this.#isStopped) return;
      const end = this.#seconds.startTimer();
      await this.#applied.noteRolledUp(group);
      await this.#rollUpGroup(group, time);
      end();
    }
  }

  /** One device that cannot be counted does not keep the others from it. */
  async #rollUpGroup(group: readonly DeviceWork[], time: PassTime): Promise<void> {
    let touched: readonly TouchedSite[];
    try {
      const { rows, events, ...passed } = await this.#pass.run(group, time);
      touched = passed.touched;
      for (const width of ['15m', '1h', '1d'] as const) this.#rows.add(rows[width], width);
      this.#events.add(events);
    } catch (error) {
      if (error instanceof StoreFailure || error instanceof WriteRefused || this.#isStopped) throw error;
      const [only] = group;
      if (group.length > 1 || only === undefined) {
        for (const work of group) await this.#rollUpGroup([work], time);
        return;
      }
      const { gateway, device } = only.key;
      this.#failed.add(nameOf(only.key));
      this.#deps.log.error({ gateway, device, day: only.marked.day, error }, 'cannot roll up a device; its marks stay');
      return;
    }
    this.#stopped.signal.throwIfAborted();
    await this.#deps.afterPass?.(touched, this.#stopped.signal);
    await this.#done(group, time);
  }

  async #done(works: readonly DeviceWork[], { runningSlot }: PassTime): Promise<void> {
    if (works.length === 0) return;
    const runningHour = Math.floor(startOfSlot(runningSlot) / HOUR_MS);
    const days = works.map(({ marked }): RolledUpDay => {
      const hour = runningHour - marked.day / HOUR_MS;
      const isOwed = marked.quarters.some((quarter) => Math.floor(quarter / 4) === hour);
      return { gateway: marked.gateway, device: marked.device, day: marked.day, owedHours: isOwed ? [hour] : [] };
    });
    await this.#deps.marks.done(this.#session, days);
    for (const { key } of works) this.#failed.delete(nameOf(key));
  }

  /** Returns how long the oldest of what is over waits, milliseconds. */
  async #measure(before: number): Promise<number> {
    const { quarters, oldestMs } = await this.#deps.marks.status(before);
    this.#gauges.pending.set(quarters);
    this.#gauges.oldest.set(oldestMs / 1_000);
    this.#gauges.failed.set(this.#failed.size);
    return oldestMs;
  }

  /** Once a day, and only when nothing waits that would lose what it is made of. */
  async #keep(): Promise<void> {
    const { options, store, marks, clock } = this.#deps;
    const { rawMs, quarterMs } = options;
    if (rawMs === undefined && quarterMs === undefined) return;
    if (clock.monotonicMs() - this.#keptAtMs < DAY_MS) return;
    const now = clock.now();
    const raw = rawMs === undefined ? undefined : now - rawMs;
    const { earliestDay } = await marks.status(now);
    if (raw !== undefined && earliestDay !== undefined && earliestDay < raw + 2 * DAY_MS) return;
    await this.#applied.noteKept(now);
    await store.keep({ raw, quarters: quarterMs === undefined ? undefined : now - quarterMs }, now);
    this.#keptAtMs = clock.monotonicMs();
  }

  #time(): PassTime {
    const now = this.#deps.clock.now();
    const { rawMs } = this.#deps.options;
    // Sealed a day before the readings may be gone, in whole days of UTC; until something is deleted, nothing is sealed.
    const isSealing = rawMs !== undefined && this.#applied.keptSince !== undefined;
    const sealed = isSealing ? Math.ceil((now - rawMs + DAY_MS) / DAY_MS) * DAY_MS : 0;
    return { runningSlot: slotOf(now - GRACE_MS), sealedSlot: slotOf(sealed), newestStamp: now + AHEAD_MS };
  }

  get #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  /** The same store; what is read of it is not waited for once the worker stops. What is written is. */
  #stoppable(store: RollUpStore): RollUpStore {
    const soon = <T>(asked: Promise<T>): Promise<T> => unlessStopped(asked, this.#stopped.signal);
    return {
      values: (query) => soon(store.values(query)),
      rollUps: (query) => soon(store.rollUps(query)),
      latestRollUps: (query) => soon(store.latestRollUps(query)),
      meterEvents: (query) => soon(store.meterEvents(query)),
      putRollUps: (update) => store.putRollUps(update),
      keep: (kept, now) => store.keep(kept, now),
    };
  }

  /** Throws when the worker stops: nothing of the group is written yet. */
  async #breathe(): Promise<void> {
    this.#stopped.signal.throwIfAborted();
    if (performance.now() - this.#sliceBeganMs < SLICE_MS) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#sliceBeganMs = performance.now();
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#deps.clock.after(ms, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
