/**
 * A connection from its accept until MQTT can be spoken on it: the TLS handshake and the WebSocket upgrade happen in
 * between. The time to connect runs from the accept, so a slow handshake has no more time than a slow CONNECT.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Refusal } from './refusals.ts';

/** A client certificate that the client CA vouches for. */
export interface ClientCertificate {
  /** Common name of its subject. */
  readonly name: string;
}

export class Arrival {
  readonly socket: Socket;
  /** Remote address; kept because a closed socket has none. */
  readonly address: string;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #refuse: (reason: Refusal, detail?: string) => void;
  #timer: Timer | undefined;
  #isRefused = false;

  constructor(deps: {
    socket: Socket;
    address: string;
    clock: Clock;
    connectTimeoutMs: number;
    refuse: (reason: Refusal, detail?: string) => void;
  }) {
    this.socket = deps.socket;
    this.address = deps.address;
    this.#clock = deps.clock;
    this.#deadlineMs = deps.clock.monotonicMs() + deps.connectTimeoutMs;
    this.#refuse = deps.refuse;
  }

  /** What is left of the time to connect, at least one millisecond. */
  get remainingMs(): number {
    return Math.max(1, this.#deadlineMs - this.#clock.monotonicMs());
  }

  get isRefused(): boolean {
    return this.#isRefused;
  }

  /** Refuses the connection when the step has not ended (`passed`) in time. */
  begins(step: 'TLS handshake' | 'WebSocket upgrade'): void {
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.remainingMs, () => this.refuse('connect-timeout', `during the ${step}`));
    this.socket.once('close', this.#cancel);
  }

  /** The step that was awaited has ended. */
  passed(): void {
    this.#cancel();
    this.socket.off('close', this.#cancel);
  }

  /** Counts the first reason and closes the connection. */
  refuse(reason: Refusal, detail?: string): void {
    if (!this.#isRefused) {
      this.#isRefused = true;
      this.#refuse(reason, detail);
    }
    this.#cancel();
    this.socket.destroy();
  }

  readonly #cancel = (): void => {
    this.#timer?.cancel();
    this.#timer = undefined;
  };
}
