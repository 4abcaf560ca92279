/** What the page knows of the city. One object, changed by the live connection, drawn at most once a frame. */
import type {
  GatewayReply,
  GatewaySummaryReply,
  GatewaysEvent,
  LatestReply,
  SiteReply,
  StatusEvent,
  ValuesEvent,
} from '../api/replies.ts';
import type { CityReply } from './city/replies.ts';
import { showTimesIn } from './formatters.ts';

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'gone' | 'signed-out';

export interface CityValue {
  readonly key: string;
  readonly site: string | null;
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
  readonly time: number;
  readonly value: number;
  /** performance.now() when it changed before the reader's eyes; 0 when it was there before. */
  readonly seenAt: number;
}

/** More series than this are not kept by the page; the table says so. */
const MOST_VALUES = 50_000;

export class City {
  connection: Connection = 'connecting';
  /** Server clock minus this browser's clock, milliseconds: ages are true on a machine whose clock is wrong. */
  clockOffsetMs = 0;
  status: StatusEvent | undefined;
  summary: GatewaySummaryReply | undefined;
  readonly gatewayById = new Map<string, GatewayReply>();
  readonly valueByKey = new Map<string, CityValue>();
  /** False until the newest values have been fetched once. */
  valuesLoaded = false;
  /** Why they could not be fetched; empty otherwise. */
  valuesFault = '';
  valuesLeftOut = 0;
  /** Readings that came too fast for the stream, in the last event of values. */
  skipped = 0;
  #siteNames: ReadonlyMap<string, string> = new Map();
  /** Rises when the set of series changes, not when a value does. */
  shape = 0;

  /** The headline figures, for every page: the city's zone, and whether its past is being loaded. */
  overview: CityReply | undefined;

  readonly #listeners = new Set<() => void>();
  readonly #valueListeners = new Set<(values: readonly CityValue[]) => void>();
  #frame = 0;

  /** The server's time, epoch milliseconds. */
  now(): number {
    return Date.now() + this.clockOffsetMs;
  }

  /** IANA zone of the city; the reader's until it is known. */
  get zone(): string {
    return this.overview?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  /** True when what is shown is older than it looks. */
  get isStale(): boolean {
    return this.connection === 'reconnecting' || this.connection === 'gone';
  }

  get isHistoryLoading(): boolean {
    return this.overview?.history.state === 'loading';
  }

  takeOverview(overview: CityReply | undefined): void {
    if (overview === this.overview) return;
    this.overview = overview;
    if (overview !== undefined) showTimesIn(overview.zone);
    this.changed();
  }

  /** The name of a site; its id as long as the register is silent about it. */
  siteName(site: string | null): string | undefined {
    return site === null ? undefined : (this.#siteNames.get(site) ?? site);
  }

  takeSites(sites: readonly SiteReply[]): void {
    this.#siteNames = new Map(sites.map(({ id, name }) => [id, name]));
    this.shape++;
    this.changed();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called with each event of new values. */
  onValues(listener: (values: readonly CityValue[]) => void): () => void {
    this.#valueListeners.add(listener);
    return () => this.#valueListeners.delete(listener);
  }

  setConnection(connection: Connection): void {
    if (this.connection === connection) return;
    this.connection = connection;
    this.changed();
  }

  takeStatus(status: StatusEvent): void {
    this.status = status;
    this.clockOffsetMs = status.at_ms - Date.now();
    this.changed();
  }

  takeGateways(event: GatewaysEvent): void {
    this.summary = event.summary;
    for (const row of event.rows) this.gatewayById.set(row.id, row);
    this.changed();
  }

  takeLatest(reply: LatestReply): void {
    this.valuesLoaded = true;
    this.valuesFault = '';
    for (const row of reply.values) this.#put(row.site, row.gateway, row.device, row.metric, row.time_ms, row.value, 0);
    this.changed();
  }

  failLatest(words: string): void {
    this.valuesFault = words;
    this.changed();
  }

  takeValues(event: ValuesEvent): void {
    this.skipped = event.skipped;
    const now = performance.now();
    const news: CityValue[] = [];
    for (const [site, gateway, device, metric, time, value] of event.values) {
      const taken = this.#put(site, gateway, device, metric, time, value, now);
      if (taken !== undefined) news.push(taken);
    }
    for (const listener of this.#valueListeners) listener(news);
    this.changed();
  }

  #put(
    site: string | null,
    gateway: string,
    device: string,
    metric: string,
    time: number,
    value: number,
    seenAt: number,
  ): CityValue | undefined {
    const key = `${gateway}/${device}/${metric}`;
    const known = this.valueByKey.get(key);
    if (known !== undefined && known.time > time) return undefined;
    if (known === undefined) {
      if (this.valueByKey.size >= MOST_VALUES) {
        this.valuesLeftOut++;
        return undefined;
      }
      this.shape++;
    }
    const taken: CityValue = { key, site, gateway, device, metric, time, value, seenAt };
    this.valueByKey.set(key, taken);
    return taken;
  }

  changed(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      for (const listener of this.#listeners) listener();
    });
  }
}
