/** Who is connected: one session for each authenticated connection, and which user holds which client id. */
import type { Client } from 'aedes';
import type { Credential } from '../register/model.ts';
import type { ConnectionGate } from './connection-gate.ts';
import type { TokenBucket } from './token-bucket.ts';

export interface Session {
  readonly client: Client;
  readonly gate: ConnectionGate;
  readonly clientId: string;
  readonly credential: Credential;
  /** Topic on which nearly all messages of a gateway arrive; undefined for other roles. */
  readonly readingsTopic: string | undefined;
  /** Granted subscriptions. */
  readonly filters: Set<string>;
  /** Forbidden messages that are dropped before the connection is closed. */
  readonly forbidden: TokenBucket;
}

export class Sessions {
  /** Kept as long as the client: Aedes asks about the will after the connection has closed. */
  readonly #byClient = new WeakMap<Client, Session>();
  readonly #open = new Set<Session>();
  readonly #holders = new Map<string, Session>();

  get count(): number {
    return this.#open.size;
  }

  open(session: Session): void {
    this.#byClient.set(session.client, session);
    this.#open.add(session);
    this.#holders.set(session.clientId, session);
    session.client.conn.once('close', () => {
      this.#open.delete(session);
      // a later connection of the same user may have taken the client id over
      if (this.#holders.get(session.clientId) === session) this.#holders.delete(session.clientId);
    });
  }

  of(client: Client): Session | undefined {
    return this.#byClient.get(client);
  }

  /** User name that holds a client id. */
  holderOf(clientId: string): string | undefined {
    return this.#holders.get(clientId)?.credential.id;
  }

  /** Every open session. */
  all(): Iterable<Session> {
    return this.#open;
  }

  subscriptions(): number {
    let count = 0;
    for (const session of this.#open) count += session.filters.size;
    return count;
  }
}
