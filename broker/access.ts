/**
 * Who may publish and read what. Anything that is not allowed here is refused.
 *
 * | role     | publishes                                          | reads                                    |
 * |----------|----------------------------------------------------|------------------------------------------|
 * | gateway  | its own readings, presence, health, reply          | its own ack, config, command, presence   |
 * | observer | nothing                                            | anything below the prefix                |
 * | service  | ack, config, command of any gateway                | anything below the prefix                |
 */
import { CHANNELS, GATEWAY_PUBLISHES, GATEWAY_SUBSCRIBES, type Topics } from '../contract/topics.ts';
import type { Refusal } from './refusals.ts';
import type { Session } from './sessions.ts';

export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: { readonly length: number };
}

export class Access {
  readonly #topics: Topics;
  readonly #maxPresenceBytes: number;

  constructor(deps: { topics: Topics; maxPresenceBytes: number }) {
    this.#topics = deps.topics;
    this.#maxPresenceBytes = deps.maxPresenceBytes;
  }

  /** Why the session may not publish this; undefined when it may. */
  publishRefusal(session: Session, message: OutgoingMessage): Refusal | undefined {
    if (message.topic === session.readingsTopic) return undefined;
    const { role, id } = session.credential;
    if (role === 'observer') return 'publish-not-allowed';
    const address = this.#topics.parse(message.topic);
    if (address === undefined) return 'publish-outside';
    const { gateway, channel } = address;
    if (role === 'service') return CHANNELS[channel].from === 'gateway' ? 'publish-not-allowed' : undefined;
    if (gateway !== id) return 'publish-foreign';
    if (!GATEWAY_PUBLISHES.includes(channel)) return 'publish-not-allowed';
    // presence is retained: what is kept for every gateway must be small
    return channel === 'presence' && message.payload.length > this.#maxPresenceBytes ? 'presence-too-large' : undefined;
  }

  /** Only channels that the contract calls retained may be kept: a retained reading would stay for ever. */
  mayRetain(topic: string): boolean {
    const address = this.#topics.parse(topic);
    return address !== undefined && CHANNELS[address.channel].retain;
  }

  /** Topics that begin with `$` ($SYS, $share) are below no prefix and so denied to all. */
  maySubscribe(session: Session, filter: string): boolean {
    const { role, id } = session.credential;
    if (role !== 'gateway') return filter.startsWith(`${this.#topics.prefix}/`);
    const address = this.#topics.parse(filter);
    return address !== undefined && address.gateway === id && GATEWAY_SUBSCRIBES.includes(address.channel);
  }
}
