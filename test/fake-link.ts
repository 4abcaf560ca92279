/** A MessageLink that a test plays the broker of: it records what is published and delivers what the test says. */
import type { Message, MessageHandler, MessageLink } from '../runtime/message-link.ts';
import { matchesFilter } from '../runtime/mqtt-link.ts';

export class FakeLink implements MessageLink {
  connected = true;
  readonly published: Message[] = [];
  readonly #handlers: [filter: string, handler: MessageHandler][] = [];
  readonly #listeners: (() => void)[] = [];

  async subscribe(filter: string, handler: MessageHandler): Promise<void> {
    this.#handlers.push([filter, handler]);
  }

  publish(message: Message): boolean {
    if (!this.connected) return false;
    this.published.push(message);
    return true;
  }

  onConnect(listener: () => void): void {
    this.#listeners.push(listener);
    if (this.connected) listener();
  }

  connect(): void {
    this.connected = true;
    for (const listener of this.#listeners) listener();
  }

  deliver(topic: string, body: unknown): void {
    const payload =
      body instanceof Uint8Array ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    for (const [filter, handler] of this.#handlers) if (matchesFilter(filter, topic)) handler(topic, payload);
  }

  /** The JSON bodies published on a topic, in order. */
  bodies<T>(topic: string): T[] {
    return this.published
      .filter((message) => message.topic === topic)
      .map(({ payload }) => JSON.parse(String(payload)) as T);
  }
}
