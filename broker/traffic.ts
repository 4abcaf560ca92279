/** What passes through the broker: plain numbers on the hot path, handed to Prometheus once a second. */
import type { Registry } from 'prom-client';
import { Tally } from '../runtime/counters.ts';

export class Traffic {
  bytesIn = 0;
  bytesOut = 0;
  /** PUBLISH packets from clients, and deliveries to clients. */
  messagesIn = 0;
  messagesOut = 0;
  /** Times a socket was not read because its connection exceeded a rate. */
  pauses = 0;
}

export interface BrokerLevels {
  readonly connections: number;
  readonly sessions: number;
  readonly subscriptions: number;
  readonly retained: number;
}

export class TrafficMetrics {
  readonly #bytes: Tally<'direction'>;
  readonly #messages: Tally<'direction'>;
  readonly #pauses: Tally<never>;
  readonly #levels: Tally<'of'>;

  constructor(registry: Registry) {
    const labels = ['direction'] as const;
    this.#bytes = new Tally(
      { name: 'lamplighter_broker_bytes_total', help: 'Bytes from (in) and to (out) MQTT clients.', labels },
      registry,
    );
    this.#messages = new Tally(
      { name: 'lamplighter_broker_messages_total', help: 'Messages from (in) and to (out) MQTT clients.', labels },
      registry,
    );
    this.#pauses = new Tally(
      {
        name: 'lamplighter_broker_pauses_total',
        help: 'Times a connection was not read for a moment because it exceeded a rate.',
        labels: [],
      },
      registry,
    );
    this.#levels = new Tally(
      {
        name: 'lamplighter_broker_held',
        help: 'What the broker holds now: connections, sessions (authenticated), subscriptions, retained messages.',
        labels: ['of'],
        kind: 'gauge',
      },
      registry,
    );
  }

  update(traffic: Traffic, levels: BrokerLevels): void {
    this.#bytes.set(traffic.bytesIn, 'in');
    this.#bytes.set(traffic.bytesOut, 'out');
    this.#messages.set(traffic.messagesIn, 'in');
    this.#messages.set(traffic.messagesOut, 'out');
    this.#pauses.set(traffic.pauses);
    this.#levels.set(levels.connections, 'connections');
    this.#levels.set(levels.sessions, 'sessions');
    this.#levels.set(levels.subscriptions, 'subscriptions');
    this.#levels.set(levels.retained, 'retained');
  }
}
