/** What the gateways say of themselves: presence and health, the newest of each, in memory. */
import { type Health, healthSchema } from '../contract/health.ts';
import { isStaleOffline, type Presence, presenceSchema } from '../contract/presence.ts';
import type { Topics } from '../contract/topics.ts';
import type { Clock } from '../runtime/clock.ts';
import { getOrCreate } from '../runtime/get-or-create.ts';
import type { Log } from '../runtime/log.ts';
import type { MessageLink } from '../runtime/message-link.ts';

/** Two starts that keep alternating for this long were seen alive at once. */
const TWO_EPOCHS_REMEMBERED_MS = 10 * 60_000;

export interface FleetEntry {
  presence?: Presence;
  health?: Health;
  /** Epoch milliseconds of arrival. */
  healthAt?: number;
  /** Epochs that a newer one has followed. */
  pastEpochs?: Set<string>;
  /** When a past epoch was last seen current again. */
  twoEpochsAt?: number;
}

export class Fleet {
  readonly #link: MessageLink;
  readonly #topics: Topics;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onOnline: (gateway: string) => void;
  readonly #onHealth: (gateway: string, health: Health) => void;
  readonly #onPresence: (gateway: string, presence: Presence) => void;
  readonly #entries = new Map<string, FleetEntry>();
  /** Messages on a presence or health topic that could not be read. */
  unreadable = 0;

  constructor(deps: {
    link: MessageLink;
    topics: Topics;
    clock: Clock;
    log: Log;
    onOnline: (gateway: string) => void;
    onHealth: (gateway: string, health: Health) => void;
    onPresence?: (gateway: string, presence: Presence) => void;
  }) {
    this.#link = deps.link;
    this.#topics = deps.topics;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#onOnline = deps.onOnline;
    this.#onHealth = deps.onHealth;
    this.#onPresence = deps.onPresence ?? (() => {});
  }

  async start(): Promise<void> {
    await this.#link.subscribe(this.#topics.all('presence'), (topic, payload) => this.#take(topic, payload));
    await this.#link.subscribe(this.#topics.all('health'), (topic, payload) => this.#take(topic, payload));
  }

  entry(gateway: string): FleetEntry | undefined {
    return this.#entries.get(gateway);
  }

  get size(): number {
    return this.#entries.size;
  }

  gateways(): IterableIterator<string> {
    return this.#entries.keys();
  }

  hasTwoEpochs(gateway: string): boolean {
    const seen = this.#entries.get(gateway)?.twoEpochsAt;
    return seen !== undefined && this.#clock.now() - seen < TWO_EPOCHS_REMEMBERED_MS;
  }

  #take(topic: string, payload: Uint8Array): void {
    const address = this.#topics.parse(topic);
    if (address === undefined || payload.length === 0) return;
    try {
      const json: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
      if (address.channel === 'presence') this.#takePresence(address.gateway, presenceSchema.parse(json));
      else this.#takeHealth(address.gateway, healthSchema.parse(json));
    } catch (error) {
      this.unreadable++;
      this.#log.debug({ topic, error: (error as Error).message }, 'unreadable message');
    }
  }

  #takePresence(gateway: string, presence: Presence): void {
    const entry = this.#of(gateway);
    if (isStaleOffline(entry.presence, presence)) return;
    const wasOnline = entry.presence?.online === true && entry.presence.since === presence.since;
    entry.presence = presence;
    this.#onPresence(gateway, presence);
    if (presence.online && !wasOnline) this.#onOnline(gateway);
  }

  #takeHealth(gateway: string, health: Health): void {
    const entry = this.#of(gateway);
    const before = entry.health?.epoch;
    if (before !== undefined && before !== health.epoch) {
      if (entry.pastEpochs?.has(health.epoch)) {
        entry.twoEpochsAt = this.#clock.now();
        this.#log.warn(
          { gateway, epochs: [before, health.epoch] },
          'two starts of one gateway are alive: is its disk cloned?',
        );
      }
      entry.pastEpochs ??= new Set();
      entry.pastEpochs.add(before);
    }
    entry.health = health;
    entry.healthAt = this.#clock.now();
    this.#onHealth(gateway, health);
  }

  #of(gateway: string): FleetEntry {
    return getOrCreate(this.#entries, gateway, () => ({}));
  }
}
