/**
 * A link carries messages between a role and the broker: in-process (the broker's own) or over MQTT (mqtt-link.ts).
 * Handlers must return at once; nothing on a link ever waits for a store.
 */

/** `retained`: the broker kept the message and delivers it because of a new subscription, so it may be old. */
export type MessageHandler = (topic: string, payload: Uint8Array, retained?: boolean) => void;

export interface Message {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
}

export interface MessageLink {
  /** Resolves when the broker has granted it; kept over reconnects. */
  subscribe(filter: string, handler: MessageHandler): Promise<void>;
  /** Sends if connected; otherwise the message is gone and `false` is returned. QoS 1 is queued by the client. */
  publish(message: Message): boolean;
  readonly connected: boolean;
  /** Called at every (re)connect, and at once when already connected. */
  onConnect(listener: () => void): void;
}
