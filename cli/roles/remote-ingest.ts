/**
 * Ingest as the console sees it when it runs in another process: what it said last, at most a second old, and what it
 * answers when asked. While it does not answer, `status().unreachable` says why, and intake counts as closed.
 */
import type { CompletenessEvidence, EvidenceQuery } from '../../contract/gateway-evidence.ts';
import { ADMISSION_DEFAULTS, type AdmissionOptions } from '../../ingest/admit-batch.ts';
import type { BatchOutcome } from '../../ingest/batch-outcome.ts';
import type { Committed, DeadLettersView, GatewayStatus, IngestStatus, IngestView } from '../../ingest/ingest-view.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Service } from '../../runtime/service.ts';
import { untilStopped } from '../../runtime/until-stopped.ts';
import type { FeedLine } from './ingest-door.ts';
import type { InternalClient } from './internal-client.ts';

/** A replay of everything takes a while; what was not done in time goes on all the same. */
const REPLAY_WITHIN_MS = 600_000;

const NOTHING_HEARD: IngestStatus = {
  session: '',
  accepting: false,
  storeFault: '',
  queue: { batches: 0, readings: 0, bytes: 0, capacityBytes: 0 },
  undecodable: 0,
  storedPerSecond: 0,
  acknowledgement: undefined,
  lastCommitAt: undefined,
};

export class RemoteIngest implements IngestView, Service {
  readonly name = 'ingest, in another process';
  readonly deadLetters: DeadLettersView;
  readonly #client: InternalClient;
  readonly #deps: { readonly clock: Clock; readonly random: Random; readonly log: Log };
  readonly #stopped = new AbortController();
  readonly #committedListeners = new Set<(news: Committed) => void>();
  readonly #missedListeners = new Set<() => void>();
  #admission: AdmissionOptions = ADMISSION_DEFAULTS;
  #status = NOTHING_HEARD;
  #gateways = new Map<string, GatewayStatus>();
  #sorted: readonly GatewayStatus[] | undefined;
  #letterCounts: Readonly<Record<string, number>> = {};
  #fault: string | undefined = 'ingest has not answered yet';
  #following: Promise<void> = Promise.resolve();

  constructor(deps: { client: InternalClient; clock: Clock; random: Random; log: Log }) {
    const { client } = deps;
    this.#client = client;
    this.#deps = deps;
    this.deadLetters = {
      list: (filter) => client.post('ingest/dead-letters/list', filter),
      get: async (id) =>
        (await client.post<Awaited<ReturnType<DeadLettersView['get']>> | null>('ingest/dead-letters/get', { id })) ??
        undefined,
      counts: () => this.#letterCounts,
      replay: (filter) => client.post('ingest/dead-letters/replay', filter, { withinMs: REPLAY_WITHIN_MS }),
      drop: (filter) => client.post('ingest/dead-letters/drop', filter),
    };
  }

  /** Does not wait: the console is there while ingest is not. */
  async start(): Promise<void> {
    this.#following = untilStopped({
      ...this.#deps,
      stopped: this.#stopped.signal,
      attempt: (succeeded) => this.#follow(succeeded),
      onFailure: (words) => this.#failed(words),
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#following;
  }

  get admission(): AdmissionOptions {
    return this.#admission;
  }

  status(): IngestStatus {
    if (this.#fault === undefined) return this.#status;
    return {
      ...this.#status,
      accepting: false,
      storedPerSecond: 0,
      storeFault: `${this.#fault}.`,
      unreachable: this.#fault,
    };
  }

  gateways(): readonly GatewayStatus[] {
    this.#sorted ??= [...this.#gateways.values()].sort((one, other) => (one.gateway < other.gateway ? -1 : 1));
    return this.#sorted;
  }

  gateway(id: string): GatewayStatus | undefined {
    return this.#gateways.get(id);
  }

  async takeImported(gateway: string, batch: Uint8Array): Promise<BatchOutcome> {
    return await this.#client.post<BatchOutcome>('ingest/batch', batch, { query: { gateway } });
  }

  async evidence(query: EvidenceQuery): Promise<CompletenessEvidence> {
    return await this.#client.post<CompletenessEvidence>('ingest/evidence', query);
  }

  onCommitted(listener: (news: Committed) => void): () => void {
    this.#committedListeners.add(listener);
    return () => this.#committedListeners.delete(listener);
  }

  onMissed(listener: () => void): () => void {
    this.#missedListeners.add(listener);
    return () => this.#missedListeners.delete(listener);
  }

  async #follow(succeeded: () => void): Promise<void> {
    for await (const line of this.#client.lines('ingest/feed', this.#stopped.signal)) {
      this.#take(line as FeedLine);
      succeeded();
    }
    throw new Error(`ingest at ${this.#client.url} has stopped`);
  }

  #take(line: FeedLine): void {
    if (line.kind === 'committed') {
      for (const news of line.committed) this.#tell(news);
      // Of a late reading its day is all that anybody asks; one without values changes no chart.
      for (const [gateway, day] of line.late)
        this.#tell({ gateway, readings: [{ device: '', time: day, values: {} }] });
      return;
    }
    if (line.whole) {
      this.#gateways = new Map();
      for (const listener of this.#missedListeners) listener();
      if (this.#fault !== undefined) this.#deps.log.info({ url: this.#client.url }, 'ingest answers');
      this.#fault = undefined;
    }
    this.#admission = line.admission;
    this.#status = line.status;
    this.#letterCounts = line.deadLetters;
    for (const status of line.gateways) this.#gateways.set(status.gateway, status);
    if (line.whole || line.gateways.length > 0) this.#sorted = undefined;
  }

  #tell(news: Committed): void {
    for (const listener of this.#committedListeners) listener(news);
  }

  #failed(words: string): void {
    if (words !== this.#fault)
      this.#deps.log.warn({ error: words }, 'ingest cannot be asked; what is shown of it is old');
    this.#fault = words;
  }
}
