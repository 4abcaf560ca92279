/** Keeps the live stream open and says honestly how it stands: silence is not "live". */
import type {
  GatewaysEvent,
  GatewaysReply,
  LatestReply,
  SessionReply,
  SiteReply,
  StatusEvent,
  ValuesEvent,
} from '../api/replies.ts';
import { ApiError, getJson } from './api-client.ts';
import type { City } from './city.ts';

/** The server says its state each second; after this much silence the figures are no longer live. */
const QUIET_MS = 4_000;
/** After this much it is called gone. */
const GONE_MS = 15_000;
const RETRY_MS = 2_000;
/** Between attempts to read the newest values while the store is away. */
const AGAIN_MS = 10_000;
/** After the stream left values out, all are read again: whoever fell silent since would otherwise never be seen. */
const CATCH_UP_MS = 20_000;

export class LiveConnection {
  readonly #city: City;
  #source: EventSource | undefined;
  #heardAt = performance.now();
  #watch = 0;
  #retry = 0;
  #again = 0;
  #catchUp = 0;
  #closed = false;

  constructor(city: City) {
    this.#city = city;
  }

  open(): void {
    this.#closed = false;
    this.#watch = window.setInterval(() => this.#check(), 1_000);
    void this.#connect();
  }

  close(): void {
    this.#closed = true;
    window.clearInterval(this.#watch);
    window.clearTimeout(this.#retry);
    window.clearTimeout(this.#again);
    window.clearTimeout(this.#catchUp);
    this.#source?.close();
  }

  async #connect(): Promise<void> {
    this.#source?.close();
    try {
      // An EventSource hides why it is refused; this says whether signing in would help.
      const session = await getJson<SessionReply>('/api/session');
      if (!session.may_read) return this.#city.setConnection('signed-out');
    } catch {
      return this.#connectLater();
    }
    if (this.#closed) return;
    const source = new EventSource('/api/live');
    this.#source = source;
    source.addEventListener('open', () => void this.#backfill());
    source.addEventListener('status', (event) => this.#take(() => this.#city.takeStatus(parse<StatusEvent>(event))));
    source.addEventListener('values', (event) =>
      this.#take(() => {
        const news = parse<ValuesEvent>(event);
        this.#city.takeValues(news);
        if (news.skipped > 0) this.#catchUpLater();
      }),
    );
    source.addEventListener('gateways', (event) =>
      this.#take(() => {
        const news = parse<GatewaysEvent>(event);
        this.#city.takeGateways(news);
        if (news.refetch) void this.#fetchGateways();
      }),
    );
    source.addEventListener('error', () => {
      if (this.#city.connection === 'live') this.#city.setConnection('reconnecting');
      // The browser reconnects by itself unless the server refused.
      if (source.readyState === EventSource.CLOSED) this.#connectLater();
    });
  }

  #connectLater(): void {
    window.clearTimeout(this.#retry);
    if (!this.#closed) this.#retry = window.setTimeout(() => void this.#connect(), RETRY_MS);
  }

  #take(work: () => void): void {
    this.#heardAt = performance.now();
    this.#city.setConnection('live');
    work();
  }

  #check(): void {
    if (this.#city.connection === 'signed-out') return;
    const quiet = performance.now() - this.#heardAt;
    if (quiet > GONE_MS) this.#city.setConnection('gone');
    else if (quiet > QUIET_MS && this.#city.connection === 'live') this.#city.setConnection('reconnecting');
    // Ages grow even when nothing arrives.
    this.#city.changed();
  }

  async #backfill(): Promise<void> {
    try {
      this.#city.takeSites((await getJson<{ sites: SiteReply[] }>('/api/sites')).sites);
      this.#city.takeLatest(await getJson<LatestReply>('/api/latest'));
    } catch (error) {
      this.#city.failLatest(error instanceof ApiError ? error.message : 'The newest values could not be read.');
      window.clearTimeout(this.#again);
      if (!this.#closed) this.#again = window.setTimeout(() => void this.#backfill(), AGAIN_MS);
    }
  }

  /** At most once in a while, as long as the stream leaves values out, and once after it. */
  #catchUpLater(): void {
    if (this.#catchUp !== 0 || this.#closed) return;
    this.#catchUp = window.setTimeout(() => {
      this.#catchUp = 0;
      void this.#backfill();
    }, CATCH_UP_MS);
  }

  async #fetchGateways(): Promise<void> {
    try {
      const reply = await getJson<GatewaysReply>('/api/gateways?limit=10000');
      this.#city.takeGateways({ summary: reply.summary, rows: reply.gateways, refetch: false });
    } catch {
      // The rows stay as they were and say their age; the next event asks again.
    }
  }
}

function parse<Event>(event: MessageEvent<string>): Event {
  return JSON.parse(event.data) as Event;
}
