/**
 * Presence: a retained message that says whether the gateway is there, and the last will that corrects it.
 * A will of an earlier connection may fire late, after this one is up; the keeper sees it and says `online` again.
 */
import { type Presence, presenceSchema } from '../contract/presence.ts';
import type { Topics } from '../contract/topics.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Message, MessageLink } from '../runtime/message-link.ts';

/** Two processes with one id must not answer each other's presence in a tight loop. */
const REPUBLISH_AFTER_MS = 1_000;

export class PresenceKeeper {
  readonly #gateway: string;
  readonly #topics: Topics;
  readonly #link: MessageLink;
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #version: string;
  #since = 0;
  #isAnnounced = false;
  #republish: Timer | undefined;

  constructor(deps: {
    gateway: string;
    topics: Topics;
    link: MessageLink;
    clock: Clock;
    /** Epoch milliseconds by the gateway's best knowledge. */
    now: () => number;
    version: string;
  }) {
    this.#gateway = deps.gateway;
    this.#topics = deps.topics;
    this.#link = deps.link;
    this.#clock = deps.clock;
    this.#now = deps.now;
    this.#version = deps.version;
  }

  async start(): Promise<void> {
    await this.#link.subscribe(this.#topic, (_topic, payload) => this.#heard(payload));
  }

  /** The last will of the next connection. Rises, also when the wall clock goes back. */
  will(): Message {
    this.#since = Math.max(this.#since + 1, Math.round(this.#now()));
    return this.#message(false);
  }

  connected(): void {
    if (this.#since === 0) this.will();
    this.#isAnnounced = this.#link.publish(this.#message(true));
  }

  disconnected(): void {
    this.#isAnnounced = false;
    this.#republish?.cancel();
    this.#republish = undefined;
  }

  /** Says goodbye, for a clean stop. */
  leave(): void {
    this.disconnected();
    if (this.#link.connected) this.#link.publish(this.#message(false));
  }

  #heard(payload: Uint8Array): void {
    if (!this.#isAnnounced || this.#republish !== undefined) return;
    const heard = parsePresence(payload);
    if (heard?.online === true && heard.since >= this.#since) return;
    this.#republish = this.#clock.after(REPUBLISH_AFTER_MS, () => {
      this.#republish = undefined;
      if (this.#isAnnounced) this.#link.publish(this.#message(true));
    });
  }

  get #topic(): string {
    return this.#topics.of(this.#gateway, 'presence');
  }

  #message(online: boolean): Message {
    const presence: Presence = { online, since: this.#since, version: this.#version };
    return { topic: this.#topic, payload: JSON.stringify(presence), qos: 1, retain: true };
  }
}

function parsePresence(payload: Uint8Array): Presence | undefined {
  try {
    return presenceSchema.safeParse(JSON.parse(Buffer.from(payload).toString('utf8'))).data;
  } catch {
    return undefined;
  }
}
