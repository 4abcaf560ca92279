/**
 * Ingest: where a reading enters the server, each step it takes, and where it is acknowledged.
 *
 *   link ─ takeMessage ─ decode ─ (settled already?) ─ admit ─ queue ─ committer ─ store ─ acknowledgement
 *
 * Intake never waits: a message ends in the queue or in a counted outcome before the next one is looked at.
 * Guarantee: a batch is acknowledged as stored only after `store.commit` said that it is durable.
 */
import { Gauge, type Registry } from 'prom-client';
import { type CompletenessEvidence, type EvidenceQuery, LATE_AFTER_MS } from '../contract/gateway-evidence.ts';
import type { Health } from '../contract/health.ts';
import { isServerEpoch, REPLAY_EPOCH } from '../contract/ids.ts';
import type { Reading } from '../contract/reading.ts';
import { Topics } from '../contract/topics.ts';
import { type RejectedReading, WHOLE_BATCH } from '../contract/verdicts.ts';
import type { RegisterView } from '../register/register-view.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { MessageLink } from '../runtime/message-link.ts';
import { type Random, randomWord } from '../runtime/random.ts';
import type { Service } from '../runtime/service.ts';
import type { StoreRejection, TelemetryStore } from '../store/telemetry-store.ts';
import { Accounts, type GatewayAccount } from './accounts.ts';
import { Acknowledger } from './acknowledger.ts';
import { ADMISSION_DEFAULTS, type AdmissionOptions, type Admit, createAdmit } from './admit-batch.ts';
import type { BatchOutcome, Rejection } from './batch-outcome.ts';
import { CommitQueue, type QueuedBatch } from './commit-queue.ts';
import { Committer, type CommitterOptions, storedCount } from './committer.ts';
import { DeadLetters } from './dead-letters.ts';
import { type DecodedBatch, decodeBatch } from './decode-batch.ts';
import { Fleet } from './fleet.ts';
import { GatewayHistory, NO_RECORD } from './gateway-history.ts';
import type { Committed, DeadLettersView, GatewayStatus, IngestStatus, IngestView } from './ingest-view.ts';
import { LatencyWindow } from './latency-window.ts';
import { Ledger } from './ledger.ts';
import { RateWindow } from './rate-window.ts';
import { refusedReadings } from './refused-readings.ts';
import { replayDeadLetters, type SubmitOutcome } from './replay-dead-letters.ts';
import type { CommitMarks } from './roll-up-marks.ts';
import { WaitingBatches } from './waiting-batches.ts';

export interface IngestOptions {
  readonly topicPrefix: string;
  /** Folder of the dead letters. */
  readonly deadLettersPath: string;
  /** Folder of what is remembered of gateways; absent: nothing is, and missing readings cannot be explained. */
  readonly historyPath?: string | undefined;
  readonly mostDeadLetters?: number;
  readonly queueBytes?: number;
  readonly commit?: Partial<CommitterOptions>;
  readonly admission?: Partial<AdmissionOptions>;
}

const DEFAULTS = {
  mostDeadLetters: 100_000,
  mostDeadLetterCharacters: 256 * 1024 * 1024,
  queueBytes: 64 * 1024 * 1024,
} as const;

/** How often answers are published that no commit carries: to probes, duplicates and batches to come later. */
const ANSWER_EVERY_MS = 5;

export interface IngestDeps {
  readonly options: IngestOptions;
  readonly link: MessageLink;
  readonly register: RegisterView;
  readonly store: TelemetryStore;
  /** Started before ingest and stopped after it; absent where nothing is rolled up. */
  readonly marks?: CommitMarks | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
  /** Told once of each device that the register does not know. */
  readonly onNewDevice: (gateway: string, device: string) => void;
}

export class Ingest implements Service, IngestView {
  readonly name = 'ingest';
  readonly deadLetters: Omit<DeadLettersView, 'list' | 'get'> & Pick<DeadLetters, 'list' | 'get'>;
  readonly admission: AdmissionOptions;
  readonly #link: MessageLink;
  readonly #store: TelemetryStore;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #topics: Topics;
  readonly #admit: Admit;
  readonly #queue: CommitQueue;
  readonly #committer: Committer;
  readonly #accounts: Accounts;
  readonly #acknowledger: Acknowledger;
  readonly #letters: DeadLetters;
  readonly #fleet: Fleet;
  readonly #ledger = new Ledger();
  readonly #history: GatewayHistory | undefined;
  readonly #marks: CommitMarks | undefined;
  readonly #waiting = new WaitingBatches();
  readonly #latency = new LatencyWindow(60_000);
  readonly #storedRate = new RateWindow(10);
  readonly #committedListeners = new Set<(news: Committed) => void>();
  /** Told to hold; to be told when intake opens again. */
  readonly #held = new Set<string>();
  #ids: { accounts: number; heardOf: number; sorted: readonly string[] } = { accounts: 0, heardOf: 0, sorted: [] };
  #answering: Timer | undefined;
  #replaySeq = Date.now();
  #stopped = true;

  constructor(deps: IngestDeps) {
    const { options, link, register, store, clock, random, log, registry } = deps;
    this.#link = link;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#topics = new Topics(options.topicPrefix);
    this.admission = { ...ADMISSION_DEFAULTS, ...options.admission };
    this.#admit = createAdmit({ register, clock, onNewDevice: deps.onNewDevice, options: this.admission });
    this.#marks = deps.marks;
    this.#queue = new CommitQueue(options.queueBytes ?? DEFAULTS.queueBytes);
    this.#accounts = new Accounts(registry);
    this.#letters = new DeadLetters({
      options: {
        path: options.deadLettersPath,
        mostLetters: options.mostDeadLetters ?? DEFAULTS.mostDeadLetters,
        mostCharacters: DEFAULTS.mostDeadLetterCharacters,
      },
      clock,
      log,
      registry,
    });
    this.#acknowledger = new Acknowledger({
      session: randomWord(12),
      link,
      topics: this.#topics,
      clock,
      isAccepting: () => this.#queue.accepting,
    });
    this.#committer = new Committer({
      queue: this.#queue,
      store,
      keepRejected: (rejections) => this.#keepRejected(rejections),
      marks: deps.marks,
      onSettled: (group, refused) => this.#settle(group, refused),
      clock,
      random,
      log,
      ...(options.commit && { options: options.commit }),
    });
    if (options.historyPath !== undefined) {
      this.#history = new GatewayHistory({
        folder: options.historyPath,
        clock,
        log,
        isConnected: () => link.connected,
        heardAt: (gateway) => this.#heardAt(gateway),
        gapsOf: (gateway) => this.#ledger.gaps(gateway),
      });
    }
    this.#fleet = new Fleet({
      link,
      topics: this.#topics,
      clock,
      log,
      onOnline: (gateway) => this.#greet(gateway),
      onHealth: (gateway, health) => {
        this.#history?.health(gateway, health);
        this.#foldEpochs(gateway, health);
      },
      onPresence: (gateway, presence) => this.#history?.presence(gateway, presence),
    });
    const letters = this.#letters;
    this.deadLetters = {
      list: (filter) => letters.list(filter),
      get: (id) => letters.get(id),
      counts: () => letters.counts(),
      drop: (filter) => letters.drop(filter),
      replay: (filter) =>
        replayDeadLetters({ letters, filter, submit: (gateway, readings) => this.#replay(gateway, readings) }),
    };
    this.#exportGauges(registry);
  }

  /** Loads the ledger, then takes messages. The store must be open. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#letters.start();
    this.#ledger.load(await this.#store.ledger());
    await this.#history?.start();
    this.#link.onConnect(() => this.#history?.connected());
    this.#committer.start();
    await this.#fleet.start();
    await this.#link.subscribe(this.#topics.all('readings'), (topic, payload) => this.#takeMessage(topic, payload));
  }

  /** Stops taking messages, commits what is queued if the store works, answers, and closes the dead letters. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    await this.#committer.stop();
    this.#answering?.cancel();
    this.#acknowledger.flush();
    await this.#history?.stop();
    await this.#letters.stop();
  }

  onCommitted(listener: (news: Committed) => void): () => void {
    this.#committedListeners.add(listener);
    return () => this.#committedListeners.delete(listener);
  }

  status(): IngestStatus {
    const { batches, readings, bytes, capacityBytes, accepting } = this.#queue;
    const now = this.#clock.monotonicMs();
    const p50Ms = this.#latency.percentile(0.5, now);
    const p99Ms = this.#latency.percentile(0.99, now);
    return {
      session: this.#acknowledger.session,
      accepting,
      storeFault: this.#committer.fault,
      queue: { batches, readings, bytes, capacityBytes },
      undecodable: this.#accounts.undecodable,
      storedPerSecond: this.#storedRate.perSecond(this.#clock.monotonicMs()),
      acknowledgement: p50Ms === undefined || p99Ms === undefined ? undefined : { p50Ms, p99Ms },
      lastCommitAt: this.#committer.lastCommitAt,
    };
  }

  gateways(): GatewayStatus[] {
    return this.#gatewayIds().map((id) => this.#statusOf(id));
  }

  gateway(id: string): GatewayStatus | undefined {
    return this.#accounts.has(id) || this.#fleet.entry(id) !== undefined ? this.#statusOf(id) : undefined;
  }

  async evidence(query: EvidenceQuery): Promise<CompletenessEvidence> {
    const history = this.#history;
    const refused = await refusedReadings(this.#letters, query);
    const gateways: CompletenessEvidence['gateways'][number][] = [];
    for (const gateway of query.gateways) {
      gateways.push({
        gateway,
        ...(history === undefined ? NO_RECORD : await history.record(gateway, query.from, query.to)),
        refused: refused.byGateway.get(gateway) ?? [],
        waiting: this.#waiting.of(gateway, query.from, query.to),
      });
    }
    const stretch = { from: query.from, to: query.to, before: query.rolledUpBefore };
    return {
      listening: history?.listening() ?? [],
      gateways,
      refusedPartly: refused.isPartly,
      unfinishedDays: query.gateways.flatMap((gateway) => this.#marks?.unfinishedDays?.(gateway, stretch) ?? []),
    };
  }

  /** When anything was last heard of it. */
  #heardAt(gateway: string): number | undefined {
    const heardAt = Math.max(this.#accounts.heardAt(gateway), this.#fleet.entry(gateway)?.healthAt ?? 0);
    return heardAt === 0 ? undefined : heardAt;
  }

  /** In order; sorted anew only when there are more, since this is asked every second. */
  #gatewayIds(): readonly string[] {
    const { size: accounts } = this.#accounts;
    const { size: heardOf } = this.#fleet;
    if (this.#ids.accounts !== accounts || this.#ids.heardOf !== heardOf) {
      const sorted = [...new Set([...this.#accounts.gateways(), ...this.#fleet.gateways()])].sort();
      this.#ids = { accounts, heardOf, sorted };
    }
    return this.#ids.sorted;
  }

  #statusOf(gateway: string): GatewayStatus {
    const entry = this.#fleet.entry(gateway);
    return {
      gateway,
      online: entry?.presence?.online,
      since: entry?.presence?.since,
      version: entry?.presence?.version,
      health: entry?.health,
      healthAt: entry?.healthAt,
      twoEpochs: this.#fleet.hasTwoEpochs(gateway),
      counts: this.#accounts.counts(gateway),
    };
  }

  /** One message of a readings topic: every path ends in a counted outcome, and none waits. */
  #takeMessage(topic: string, payload: Uint8Array): void {
    if (this.#stopped) return;
    const gateway = this.#topics.parse(topic)?.gateway;
    if (gateway === undefined) return;
    const decoded = decodeBatch(payload);
    switch (decoded.kind) {
      case 'batch':
        this.#takeBatch(gateway, decoded, payload.length, (outcome) => this.#answer(gateway, decoded, outcome));
        break;
      case 'probe':
        this.#acknowledger.greet(gateway, decoded.epoch);
        this.#answerSoon();
        break;
      case 'later': {
        const account = this.#accounts.of(gateway);
        account.received += decoded.readings;
        account.postpone(decoded.reason, decoded.readings);
        this.#acknowledger.later(gateway, decoded.epoch, decoded.seq, decoded.reason);
        this.#answerSoon();
        break;
      }
      case 'undecodable':
        this.#accounts.undecodable++;
        this.#letters.keepUndecodable(gateway, payload, decoded.reason, decoded.detail);
    }
  }

  /** Books, ledger, admission and queue of one batch; who handed it in is told how it ended, at once or when settled. */
  #takeBatch(gateway: string, batch: DecodedBatch, bytes: number, tell: (outcome: BatchOutcome) => void): void {
    const { epoch, seq, readings } = batch;
    const account = this.#accounts.of(gateway);
    account.received += readings.length;
    account.heardAt = this.#clock.now();

    const claim = this.#ledger.claim(gateway, epoch, seq);
    if (claim !== 'new') {
      account.duplicate += readings.length;
      if (claim === 'pending') tell({ kind: 'pending' });
      else tell({ kind: 'duplicate', rejected: this.#ledger.rejections(gateway, epoch, seq) });
      return;
    }

    const admission = this.#admit(gateway, batch);
    if (admission.later !== undefined) {
      this.#ledger.release(gateway, epoch, seq);
      account.postpone(admission.later, readings.length);
      this.#waiting.wait(gateway, `${epoch}/${seq}`, readings, admission.later);
      tell({ kind: 'later', reason: admission.later });
      return;
    }

    const taken = this.#queue.offer({
      gateway,
      epoch,
      seq,
      readings,
      rejected: admission.rejected,
      bytes,
      arrivedMs: this.#clock.monotonicMs(),
      onSettled: (rejected) => tell({ kind: 'settled', rejected }),
    });
    if (!taken) {
      this.#ledger.release(gateway, epoch, seq);
      account.shed += readings.length;
      tell({ kind: 'shed' });
      return;
    }
    account.queued += readings.length;
    this.#committer.queued();
  }

  /** What a gateway is told of its batch, and when. */
  #answer(gateway: string, { epoch, seq }: DecodedBatch, outcome: BatchOutcome): void {
    switch (outcome.kind) {
      case 'settled':
        // Published with all others of its group.
        this.#acknowledger.settled(gateway, epoch, seq, outcome.rejected.map(rejectionOf));
        return;
      case 'duplicate':
        this.#acknowledger.settled(gateway, epoch, seq, outcome.rejected);
        break;
      case 'later':
        this.#acknowledger.later(gateway, epoch, seq, outcome.reason);
        break;
      case 'shed':
        this.#held.add(gateway);
        this.#acknowledger.greet(gateway, epoch);
        break;
      default:
        // A pending batch is answered when it is committed.
        return;
    }
    this.#answerSoon();
  }

  /** The group is durable: books, ledger, news, acknowledgements. */
  #settle(group: readonly QueuedBatch[], refused: ReadonlyMap<unknown, readonly RejectedReading[]>): void {
    const now = this.#clock.monotonicMs();
    const lateBefore = this.#clock.now() - LATE_AFTER_MS;
    let storedNow = 0;
    for (const batch of group) {
      const { gateway, epoch, seq, readings } = batch;
      const refusedNow = refused.get(batch);
      const rejected = refusedNow === undefined ? batch.rejected : [...batch.rejected, ...refusedNow];
      const account = this.#accounts.of(gateway);
      const stored = storedCount(batch, rejected);
      account.queued -= readings.length;
      account.stored += stored;
      storedNow += stored;
      if (rejected.length > 0) countRejections(account, readings.length, rejected);
      this.#ledger.settle(gateway, epoch, seq, rejected, readings[0]?.time, readings.at(-1)?.time);
      if (!this.#waiting.isEmpty) this.#waiting.settled(gateway, `${epoch}/${seq}`);
      this.#countLate(batch, rejected, lateBefore);
      this.#latency.record(now - batch.arrivedMs, now);
      batch.onSettled(rejected);
      if (this.#committedListeners.size > 0) this.#tellCommitted(gateway, readings, rejected);
    }
    this.#queue.settled(group);
    this.#accounts.stored += storedNow;
    this.#storedRate.add(storedNow, now);
    this.#releaseHeld();
    this.#acknowledger.flush();
  }

  #tellCommitted(gateway: string, readings: readonly Reading[], rejected: readonly RejectedReading[]): void {
    if (rejected[0]?.index === WHOLE_BATCH) return;
    const stored =
      rejected.length === 0 ? readings : readings.filter((_, i) => !rejected.some(({ index }) => index === i));
    for (const listener of this.#committedListeners) listener({ gateway, readings: stored });
  }

  /** A file that a person imports is not late. */
  #countLate({ gateway, epoch, readings }: QueuedBatch, rejected: readonly RejectedReading[], before: number): void {
    if (this.#history === undefined || isServerEpoch(epoch) || rejected[0]?.index === WHOLE_BATCH) return;
    for (let index = 0; index < readings.length; index++) {
      const { time } = readings[index] as Reading;
      if (time < before && !rejected.some((one) => one.index === index)) this.#history.countLate(gateway, time);
    }
  }

  #releaseHeld(): void {
    if (this.#held.size === 0 || !this.#queue.accepting) return;
    for (const gateway of this.#held) this.#acknowledger.greet(gateway);
    this.#held.clear();
  }

  /** Replayed readings were dead letters before and stay so when refused again. */
  async #keepRejected(rejections: readonly StoreRejection[]): Promise<void> {
    const fresh = rejections.filter(({ batch }) => batch.epoch !== REPLAY_EPOCH);
    if (fresh.length > 0) await this.#letters.keep(fresh);
  }

  /** Sends readings through the pipeline as a batch of the replay epoch; resolves when it is settled. */
  async #replay(gateway: string, readings: readonly Reading[]): Promise<SubmitOutcome> {
    const seq = this.#replaySeq++;
    const bytes = Buffer.from(JSON.stringify({ v: 1, epoch: REPLAY_EPOCH, seq, readings }));
    const outcome = await this.#submit(gateway, bytes);
    switch (outcome.kind) {
      case 'settled':
        return { rejected: outcome.rejected };
      case 'later':
        return { notTaken: outcome.reason };
      case 'shed':
        return { notTaken: 'queue-full' };
      default:
        // Its number is new, and its readings were read from JSON: neither known already nor malformed as a batch.
        return { notTaken: outcome.kind };
    }
  }

  async takeImported(gateway: string, batch: Uint8Array): Promise<BatchOutcome> {
    return await this.#submit(gateway, batch);
  }

  /** A batch that came otherwise than by the link takes the same steps; resolves when its outcome is known. */
  async #submit(gateway: string, payload: Uint8Array): Promise<BatchOutcome> {
    if (this.#stopped) return { kind: 'shed' };
    const decoded = decodeBatch(payload);
    switch (decoded.kind) {
      case 'batch':
        return await new Promise((resolve) => this.#takeBatch(gateway, decoded, payload.length, resolve));
      case 'later':
        return { kind: 'later', reason: decoded.reason };
      case 'probe':
        return { kind: 'malformed', detail: 'seq: 0 is for probes; batches count from 1' };
      case 'undecodable':
        return { kind: 'malformed', detail: decoded.detail };
    }
  }

  #greet(gateway: string): void {
    this.#acknowledger.greet(gateway);
    this.#answerSoon();
  }

  #answerSoon(): void {
    this.#answering ??= this.#clock.after(ANSWER_EVERY_MS, () => {
      this.#answering = undefined;
      this.#acknowledger.flush();
    });
  }

  #foldEpochs(gateway: string, health: Health): void {
    const held = [...health.epochs, health.epoch];
    if (!this.#ledger.forgetEpochs(gateway, held)) return;
    this.#store.forgetEpochs(gateway, held).catch((error: unknown) => {
      this.#log.warn({ gateway, error }, 'old epochs stay in the ledger for now');
    });
  }

  #exportGauges(registry: Registry): void {
    const ingest = this;
    const gauge = (name: string, help: string, read: (status: IngestStatus) => number | undefined): void => {
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          const value = read(ingest.status());
          if (value !== undefined) this.set(value);
        },
      });
    };
    gauge('lamplighter_ingest_queue_bytes', 'Bytes taken in and not yet committed', ({ queue }) => queue.bytes);
    gauge('lamplighter_ingest_accepting', '1 while intake is open', ({ accepting }) => (accepting ? 1 : 0));
    gauge('lamplighter_ingest_store_failing', '1 while the store refuses commits', ({ storeFault }) =>
      storeFault === '' ? 0 : 1,
    );
    gauge(
      'lamplighter_ingest_stored_per_second',
      'Readings stored per second over ten seconds',
      (s) => s.storedPerSecond,
    );
    gauge(
      'lamplighter_ingest_acknowledgement_p50_ms',
      'Median time from arrival to acknowledgement',
      (s) => s.acknowledgement?.p50Ms,
    );
    gauge('lamplighter_ingest_acknowledgement_p99_ms', '99th percentile of the same', (s) => s.acknowledgement?.p99Ms);
  }
}

function rejectionOf({ index, reason }: RejectedReading): Rejection {
  return [index, reason];
}

function countRejections(account: GatewayAccount, readings: number, rejected: readonly RejectedReading[]): void {
  for (const { index, reason } of rejected) account.reject(reason, index === WHOLE_BATCH ? readings : 1);
}
