/**
 * What the page shows as it happens, made once for all its readers: `status` each second, `values` at most four times
 * a second, `gateways` when one changed. Without a reader nothing is gathered and no timer runs.
 */
import type { Writable } from 'node:stream';
import type { Timer } from '../../runtime/clock.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { gatewayRows, summarise } from './gateway-rows.ts';
import { LiveClient } from './live-client.ts';
import { LiveGateways } from './live-gateways.ts';
import { LiveValues } from './live-values.ts';
import type { GatewayReply, GatewaysEvent, ValuesEvent } from './replies.ts';
import { siteOf } from './site-finder.ts';
import { StatusMaker } from './status-maker.ts';

export const MOST_LIVE_CLIENTS = 100;
const VALUES_MS = 250;
const STATUS_MS = 1_000;
/** Rows with nothing but new counts are sent this often. */
const COUNTS_EVERY_TICKS = 5;
const MOST_ROWS = 200;

export class LiveFeed {
  readonly #deps: ConsoleDeps;
  readonly #status: StatusMaker;
  readonly #values = new LiveValues();
  readonly #clients = new Set<LiveClient>();
  readonly #gateways = new LiveGateways();
  #timers: Timer[] = [];
  #unsubscribe: () => void = () => {};
  #ticks = 0;
  #closed = false;

  constructor(deps: ConsoleDeps) {
    this.#deps = deps;
    this.#status = new StatusMaker(deps);
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** False when there are too many readers already, or the console is stopping. */
  get hasRoom(): boolean {
    return !this.#closed && this.#clients.size < MOST_LIVE_CLIENTS;
  }

  /** Sends the present state at once and the news from then on. Returns how to let the reader go. */
  add(stream: Writable): () => void {
    const client = new LiveClient(stream);
    if (this.#clients.size === 0) this.#begin();
    this.#clients.add(client);
    const now = this.#deps.clock.monotonicMs();
    client.send('status', JSON.stringify(this.#status.make()), { now, skippable: false });
    const rows = gatewayRows(this.#deps, this.#deps.clock.now());
    const refetch = rows.length > MOST_ROWS;
    const event: GatewaysEvent = { summary: summarise(rows), rows: rows.slice(0, MOST_ROWS), refetch };
    client.send('gateways', JSON.stringify(event), { now, skippable: false });
    return () => this.#remove(client);
  }

  /** Lets every reader go: a server that stops is not held by its streams. */
  close(): void {
    this.#closed = true;
    for (const client of this.#clients) client.end();
    this.#clients.clear();
    this.#end();
  }

  #begin(): void {
    const { clock, ingest } = this.#deps;
    this.#values.clear();
    this.#status.forget();
    this.#gateways.forget();
    this.#gateways.take(gatewayRows(this.#deps, clock.now()), Number.POSITIVE_INFINITY);
    this.#unsubscribe = ingest.onCommitted((news) => this.#values.add(news));
    this.#timers = [
      clock.every(VALUES_MS, () => this.#sendValues()),
      clock.every(STATUS_MS, () => {
        this.#send('status', this.#status.make(), false);
        this.#sendGateways();
      }),
    ];
  }

  #end(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#unsubscribe();
    this.#unsubscribe = () => {};
  }

  #remove(client: LiveClient): void {
    if (this.#clients.delete(client) && this.#clients.size === 0) this.#end();
  }

  #sendValues(): void {
    const { values, skipped } = this.#values.take();
    if (values.length === 0) return;
    const event: ValuesEvent = {
      values: values.map(({ gateway, device, metric, time, value }) => [
        siteOf(this.#deps.register, gateway, device, time),
        gateway,
        device,
        metric,
        time,
        value,
      ]),
      skipped,
    };
    this.#send('values', event, true);
  }

  #sendGateways(): void {
    this.#ticks++;
    const rows = gatewayRows(this.#deps, this.#deps.clock.now());
    const countsAreDue = this.#ticks % COUNTS_EVERY_TICKS === 0;
    const changed = this.#gateways.take(rows, MOST_ROWS);
    if (changed.length === 0 && !countsAreDue) return;
    const sent: readonly GatewayReply[] = countsAreDue && rows.length <= MOST_ROWS ? rows : changed;
    const event: GatewaysEvent = { summary: summarise(rows), rows: [...sent], refetch: false };
    this.#send('gateways', event, false);
  }

  #send(name: string, event: unknown, skippable: boolean): void {
    if (this.#clients.size === 0) return;
    const body = JSON.stringify(event);
    const now = this.#deps.clock.monotonicMs();
    for (const client of this.#clients) {
      if (client.send(name, body, { now, skippable })) continue;
      this.#deps.log.info(
        { missed: client.missed },
        'a reader of the live stream stopped reading; its connection was closed',
      );
      this.#remove(client);
      client.destroy();
    }
  }
}
