/**
 * What Aedes calls its persistence: here nothing but the retained messages, in memory, found by their exact topic.
 * (aedes-persistence scans every retained topic on each SUBSCRIBE: 24 ms with 20,000 of them.)
 *
 * There are no sessions to keep: `broker.ts` makes every session a clean one, because a queue for a client that never
 * comes back grows without limit, and the outbox of a gateway already holds what matters. Wills live with their
 * connection. Of QoS 2 only the packet ids are remembered, to tell a repetition [MQTT-4.3.3-2].
 *
 * A broker that starts remembers nothing: who owns a retained message publishes it again when it connects.
 */
import { Readable } from 'node:stream';
import type { AedesPublishPacket, Client } from 'aedes';
import { matchesFilter } from '../runtime/mqtt-link.ts';

interface WithId {
  readonly id: string;
}
interface WithMessageId {
  readonly messageId?: number | undefined;
}

export class RetainedStore {
  readonly #most: number;
  readonly #refuse: (topic: string) => void;
  readonly #packets = new Map<string, AedesPublishPacket>();
  readonly #incoming = new Map<string, Set<number>>();

  /** `refuse` is told when a message is not kept because the store is full. */
  constructor(options: { most: number; refuse: (topic: string) => void }) {
    this.#most = options.most;
    this.#refuse = options.refuse;
  }

  get size(): number {
    return this.#packets.size;
  }

  /** Retained messages that match a filter; costs one look-up when the filter has no wildcard. */
  *matching(filter: string): Generator<AedesPublishPacket> {
    if (filter.includes('#') || filter.includes('+')) {
      for (const [topic, packet] of this.#packets) if (matchesFilter(filter, topic)) yield packet;
    } else {
      const packet = this.#packets.get(filter);
      if (packet !== undefined) yield packet;
    }
  }

  keep(packet: AedesPublishPacket): void {
    // [MQTT-3.3.1-10] an empty payload takes the retained message away
    if (packet.payload.length === 0) {
      this.#packets.delete(packet.topic);
    } else if (this.#packets.has(packet.topic) || this.#packets.size < this.#most) {
      // a copy: the payload is a view into a chunk of the socket, which would be kept as long
      this.#packets.set(packet.topic, { ...packet, payload: copyOf(packet.payload) });
    } else {
      this.#refuse(packet.topic);
    }
  }

  // Below: what Aedes 1.2.0 calls. `setup` must be an async function by its constructor.

  async setup(): Promise<void> {}

  storeRetained(packet: AedesPublishPacket): PromiseLike<void> {
    this.keep(packet);
    return atOnce(undefined);
  }

  /** Empty: `replay.ts` sends retained messages, at the pace of the reader. */
  createRetainedStreamCombi(): Readable {
    return Readable.from([]);
  }

  async incomingStorePacket(client: WithId, packet: WithMessageId): Promise<void> {
    const ids = this.#incoming.get(client.id) ?? new Set();
    this.#incoming.set(client.id, ids.add(packet.messageId ?? 0));
  }

  async incomingGetPacket(client: WithId, packet: WithMessageId): Promise<WithMessageId> {
    if (!this.#incoming.get(client.id)?.has(packet.messageId ?? 0)) throw new Error('no such packet');
    return packet;
  }

  async incomingDelPacket(client: WithId, packet: WithMessageId): Promise<void> {
    if (!this.#incoming.get(client.id)?.delete(packet.messageId ?? 0)) throw new Error('no such packet');
  }

  async cleanIncoming(client: WithId): Promise<void> {
    this.#incoming.delete(client.id);
  }

  async addSubscriptions(): Promise<void> {}
  async removeSubscriptions(): Promise<void> {}
  async cleanSubscriptions(client: Client): Promise<Client> {
    return client;
  }
  async subscriptionsByClient(): Promise<readonly never[]> {
    return [];
  }
  subscriptionsByTopic(): PromiseLike<readonly never[]> {
    return atOnce([]);
  }
  async outgoingEnqueue(): Promise<void> {}
  outgoingEnqueueCombi(): PromiseLike<void> {
    return atOnce(undefined);
  }
  async outgoingUpdate(): Promise<void> {}
  async outgoingClearMessageId(): Promise<void> {}
  outgoingStream(): Readable {
    return Readable.from([]);
  }
  async putWill(): Promise<void> {}
  async delWill(): Promise<void> {}
  streamWill(): Readable {
    return Readable.from([]);
  }
}

/**
 * A promise that calls back within `then`. Aedes numbers a message, waits for these answers, and then drops it at every
 * receiver that has seen a higher number (`dedupe` in lib/client.js): were the answers a turn late, a retained `config`
 * would be lost behind an `ack` published in the same turn.
 */
function atOnce<T>(value: T): PromiseLike<T> {
  const answer = {
    // biome-ignore lint/suspicious/noThenProperty: being a thenable is the purpose
    then(resolve: (value: T) => unknown) {
      resolve(value);
      return answer;
    },
  };
  return answer as PromiseLike<T>;
}

function copyOf(payload: string | Buffer): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
