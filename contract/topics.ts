/** The topics of the wire contract: `{prefix}/{gateway}/{channel}`. */
import { ID_PATTERN } from './ids.ts';

export const DEFAULT_TOPIC_PREFIX = 'city/v1';

/** QoS 0 where the outbox is the only retransmitter; 1 where a message has no other keeper. */
export const CHANNELS = {
  readings: { from: 'gateway', qos: 0, retain: false },
  ack: { from: 'ingest', qos: 0, retain: false },
  presence: { from: 'gateway', qos: 1, retain: true },
  health: { from: 'gateway', qos: 0, retain: false },
  config: { from: 'console', qos: 1, retain: true },
  command: { from: 'console', qos: 1, retain: false },
  reply: { from: 'gateway', qos: 1, retain: false },
} as const;

export type Channel = keyof typeof CHANNELS;

/** What a gateway may publish, on its own topics only. */
export const GATEWAY_PUBLISHES: readonly Channel[] = ['readings', 'presence', 'health', 'reply'];
/** What a gateway may subscribe to, on its own topics only. */
export const GATEWAY_SUBSCRIBES: readonly Channel[] = ['ack', 'config', 'command', 'presence'];

export interface TopicAddress {
  readonly gateway: string;
  readonly channel: Channel;
}

export class Topics {
  readonly prefix: string;
  readonly #start: string;

  constructor(prefix: string = DEFAULT_TOPIC_PREFIX) {
    this.prefix = prefix;
    this.#start = `${prefix}/`;
  }

  of(gateway: string, channel: Channel): string {
    return `${this.#start}${gateway}/${channel}`;
  }

  /** The filter that matches one channel of every gateway. */
  all(channel: Channel): string {
    return `${this.#start}+/${channel}`;
  }

  /** The gateway that a topic of this contract belongs to; undefined for any other topic. */
  parse(topic: string): TopicAddress | undefined {
    if (!topic.startsWith(this.#start)) return undefined;
    const slash = topic.indexOf('/', this.#start.length);
    if (slash < 0) return undefined;
    const gateway = topic.slice(this.#start.length, slash);
    const channel = topic.slice(slash + 1);
    if (!Object.hasOwn(CHANNELS, channel) || !ID_PATTERN.test(gateway)) return undefined;
    return { gateway, channel: channel as Channel };
  }
}
