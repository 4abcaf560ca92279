/**
 * The broker's own MessageLink, for roles in the same process: a message costs a function call.
 *
 * A payload is a view into a chunk of the sender's socket: who keeps it keeps the chunk (up to 64 KiB). Handlers run
 * before Aedes goes on and must return at once; one that throws is counted and logged, and nobody else notices.
 */
import type { Aedes, AedesPublishPacket } from 'aedes';
import type { Message, MessageHandler, MessageLink } from '../runtime/message-link.ts';
import type { Refusals } from './refusals.ts';
import type { RetainedStore } from './retained-store.ts';

interface Running {
  readonly aedes: Aedes;
  readonly retained: RetainedStore;
}

export class LocalLink implements MessageLink {
  readonly #refusals: Refusals;
  readonly #handlers: { readonly filter: string; readonly handler: MessageHandler }[] = [];
  readonly #listeners: (() => void)[] = [];
  #running: Running | undefined;

  constructor(refusals: Refusals) {
    this.#refusals = refusals;
  }

  get connected(): boolean {
    return this.#running !== undefined;
  }

  async subscribe(filter: string, handler: MessageHandler): Promise<void> {
    this.#handlers.push({ filter, handler });
    if (this.#running !== undefined) await this.#install(this.#running, filter, handler);
  }

  publish(message: Message): boolean {
    const running = this.#running;
    if (running === undefined) return false;
    const payload = typeof message.payload === 'string' ? Buffer.from(message.payload) : message.payload;
    const { topic, qos, retain } = message;
    running.aedes.publish({ cmd: 'publish', topic, payload, qos, retain, dup: false }, (error) => {
      // a broker that is stopping has closed its emitter; whoever publishes then reads `connected`
      if (error && this.#running === running) this.#refusals.count('publish-failed', { topic, detail: error.message });
    });
    return true;
  }

  onConnect(listener: () => void): void {
    this.#listeners.push(listener);
    if (this.connected) listener();
  }

  /** Called by the broker once it runs, before anyone can connect. */
  async attach(running: Running): Promise<void> {
    for (const { filter, handler } of this.#handlers) await this.#install(running, filter, handler);
    this.#running = running;
  }

  /** Called by the broker once its listeners are open. */
  announce(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Called by the broker before it stops; nothing is delivered any more. */
  detach(): void {
    this.#running = undefined;
  }

  async #install(running: Running, filter: string, handler: MessageHandler): Promise<void> {
    const deliver = (packet: AedesPublishPacket): void => {
      try {
        handler(packet.topic, packet.payload as Buffer);
      } catch (error) {
        this.#refusals.count('handler-failed', { topic: packet.topic, detail: String(error) });
      }
    };
    const onPacket = (packet: AedesPublishPacket, done: () => void): void => {
      if (this.#running === running) deliver(packet);
      done();
    };
    await new Promise<void>((resolve) => running.aedes.subscribe(filter, onPacket, resolve));
    for (const packet of running.retained.matching(filter)) deliver(packet);
  }
}
