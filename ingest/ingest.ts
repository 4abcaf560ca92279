/**
 * Ingest: where a reading enters the server, each step it takes, and where it is acknowledged. This file puts the steps
 * together, and starts and stops them; in the order of a reading they are
 *
 *   link ─ intake.ts: decode-batch ─ ledger: settled already? ─ admit-batch ─ commit-queue
 *        ─ committer.ts: dead letters and marks ─ store ─ settlement.ts: books, ledger ─ acknowledger
 *
 * Intake never waits: a message ends in the queue or in a counted outcome before the next one is looked at.
 * Guarantee: a batch is acknowledged as stored only after `store.commit` said that it is durable.
 */
import type { Registry } from 'prom-client';
import type { DiskSpace } from '../contract/disk-space.ts';
import type { CompletenessEvidence, EvidenceQuery } from '../contract/gateway-evidence.ts';
import type { Health } from '../contract/health.ts';
import { REPLAY_EPOCH } from '../contract/ids.ts';
import { Topics } from '../contract/topics.ts';
import type { RegisterView } from '../register/register-view.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { MessageLink } from '../runtime/message-link.ts';
import { type Random, randomWord } from '../runtime/random.ts';
import type { Service } from '../runtime/service.ts';
import type { StoreRejection, TelemetryStore } from '../store/telemetry-store.ts';
import { Accounts } from './accounts.ts';
import { Acknowledger } from './acknowledger.ts';
import { ADMISSION_DEFAULTS, type AdmissionOptions, createAdmit } from './admit-batch.ts';
import type { BatchOutcome } from './batch-outcome.ts';
import { CommitQueue } from './commit-queue.ts';
import { Committer, type CommitterOptions } from './committer.ts';
import { completenessEvidence } from './completeness-evidence.ts';
import { DeadLetters } from './dead-letters.ts';
import { Fleet } from './fleet.ts';
import { GatewayHistory } from './gateway-history.ts';
import { GatewayStatuses } from './gateway-statuses.ts';
import { exportIngestGauges } from './ingest-gauges.ts';
import type { Committed, DeadLettersView, GatewayStatus, IngestStatus, IngestView } from './ingest-view.ts';
import { Intake } from './intake.ts';
import { Ledger } from './ledger.ts';
import { replayDeadLetters } from './replay-dead-letters.ts';
import type { CommitMarks } from './roll-up-marks.ts';
import { Settlement } from './settlement.ts';
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
  /** What is free where it writes; absent where nobody looks. */
  readonly disk?: (() => DiskSpace | undefined) | undefined;
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
  readonly #intake: Intake;
  readonly #queue: CommitQueue;
  readonly #committer: Committer;
  readonly #settlement: Settlement;
  readonly #acknowledger: Acknowledger;
  readonly #accounts: Accounts;
  readonly #ledger = new Ledger();
  readonly #letters: DeadLetters;
  readonly #waiting = new WaitingBatches();
  readonly #history: GatewayHistory | undefined;
  readonly #marks: CommitMarks | undefined;
  readonly #fleet: Fleet;
  readonly #statuses: GatewayStatuses;
  readonly #disk: () => DiskSpace | undefined;
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
    this.#marks = deps.marks;
    this.#disk = deps.disk ?? (() => undefined);
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
    const books = {
      accounts: this.#accounts,
      ledger: this.#ledger,
      waiting: this.#waiting,
      queue: this.#queue,
      acknowledger: this.#acknowledger,
      clock,
    };
    this.#settlement = new Settlement({ ...books, history: this.#history });
    this.#committer = new Committer({
      queue: this.#queue,
      store,
      keepRejected: (rejections) => this.#keepRejected(rejections),
      marks: deps.marks,
      onSettled: (group, refused) => this.#settlement.settle(group, refused),
      clock,
      random,
      log,
      ...(options.commit && { options: options.commit }),
    });
    this.#intake = new Intake({
      ...books,
      admit: createAdmit({ register, clock, onNewDevice: deps.onNewDevice, options: this.admission }),
      letters: this.#letters,
      onQueued: () => this.#committer.queued(),
    });
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
    this.#statuses = new GatewayStatuses({ accounts: this.#accounts, fleet: this.#fleet });
    const letters = this.#letters;
    const submit = (gateway: string, payload: Uint8Array) => this.takeImported(gateway, payload);
    this.deadLetters = {
      list: (filter) => letters.list(filter),
      get: (id) => letters.get(id),
      counts: () => letters.counts(),
      drop: (filter) => letters.drop(filter),
      replay: (filter) => replayDeadLetters({ letters, filter, submit, nextSeq: () => this.#replaySeq++ }),
    };
    exportIngestGauges(registry, () => this.status());
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
    this.#acknowledger.stop();
    await this.#history?.stop();
    await this.#letters.stop();
  }

  onCommitted(listener: (news: Committed) => void): () => void {
    return this.#settlement.onCommitted(listener);
  }

  status(): IngestStatus {
    const { batches, readings, bytes, capacityBytes, accepting } = this.#queue;
    const now = this.#clock.monotonicMs();
    const { latency, storedRate } = this.#settlement;
    const p50Ms = latency.percentile(0.5, now);
    const p99Ms = latency.percentile(0.99, now);
    return {
      session: this.#acknowledger.session,
      accepting,
      storeFault: this.#committer.fault,
      queue: { batches, readings, bytes, capacityBytes },
      undecodable: this.#accounts.undecodable,
      storedPerSecond: storedRate.perSecond(now),
      acknowledgement: p50Ms === undefined || p99Ms === undefined ? undefined : { p50Ms, p99Ms },
      lastCommitAt: this.#committer.lastCommitAt,
      disk: this.#disk(),
    };
  }

  gateways(): GatewayStatus[] {
    return this.#statuses.all();
  }

  gateway(id: string): GatewayStatus | undefined {
    return this.#statuses.one(id);
  }

  async evidence(query: EvidenceQuery): Promise<CompletenessEvidence> {
    const [history, letters, waiting, marks] = [this.#history, this.#letters, this.#waiting, this.#marks];
    return await completenessEvidence({ history, letters, waiting, marks }, query);
  }

  /** A batch that came otherwise than by the link, of a file or replayed; resolves when its outcome is known. */
  async takeImported(gateway: string, batch: Uint8Array): Promise<BatchOutcome> {
    return this.#stopped ? { kind: 'shed' } : await this.#intake.submit(gateway, batch);
  }

  #takeMessage(topic: string, payload: Uint8Array): void {
    const gateway = this.#topics.parse(topic)?.gateway;
    if (gateway !== undefined && !this.#stopped) this.#intake.takeMessage(gateway, payload);
  }

  /** When anything was last heard of it. */
  #heardAt(gateway: string): number | undefined {
    const heardAt = Math.max(this.#accounts.heardAt(gateway), this.#fleet.entry(gateway)?.healthAt ?? 0);
    return heardAt === 0 ? undefined : heardAt;
  }

  /** Replayed readings were dead letters before and stay so when refused again. */
  async #keepRejected(rejections: readonly StoreRejection[]): Promise<void> {
    const fresh = rejections.filter(({ batch }) => batch.epoch !== REPLAY_EPOCH);
    if (fresh.length > 0) await this.#letters.keep(fresh);
  }

  #greet(gateway: string): void {
    this.#acknowledger.greet(gateway);
    this.#acknowledger.flushSoon();
  }

  #foldEpochs(gateway: string, health: Health): void {
    const held = [...health.epochs, health.epoch];
    if (!this.#ledger.forgetEpochs(gateway, held)) return;
    this.#store.forgetEpochs(gateway, held).catch((error: unknown) => {
      this.#log.warn({ gateway, error }, 'old epochs stay in the ledger for now');
    });
  }
}
