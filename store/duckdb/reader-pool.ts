/**
 * Connections for reading, each with one query at a time. Their number is small because a running query holds one of
 * libuv's four threads, of which a commit needs one.
 */
import type { DuckDBConnection } from '@duckdb/node-api';
import { inSnapshot } from './transactions.ts';

type Waiter = { readonly take: (connection: DuckDBConnection) => void; readonly refuse: (error: Error) => void };

export class ReaderPool {
  readonly #all: readonly DuckDBConnection[];
  readonly #idle: DuckDBConnection[];
  readonly #waiting: Waiter[] = [];
  #closed: (() => void) | undefined;
  #isClosing = false;

  constructor(connections: readonly DuckDBConnection[]) {
    this.#all = connections;
    this.#idle = [...connections];
  }

  /** Reads one state of the file on a connection of its own; waits while all are busy. */
  async use<T>(read: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#take();
    try {
      return await inSnapshot(connection, () => read(connection));
    } finally {
      this.#giveBack(connection);
    }
  }

  /** Interrupts what runs, refuses what waits, and closes the connections once they are idle. */
  async close(): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    for (const waiter of this.#waiting.splice(0)) waiter.refuse(new Error('the store was closed'));
    if (this.#idle.length < this.#all.length) {
      for (const connection of this.#all) connection.interrupt();
      await new Promise<void>((resolve) => {
        this.#closed = resolve;
      });
    }
    for (const connection of this.#all) connection.closeSync();
  }

  #take(): Promise<DuckDBConnection> {
    if (this.#isClosing) return Promise.reject(new Error('the store was closed'));
    const connection = this.#idle.pop();
    if (connection !== undefined) return Promise.resolve(connection);
    return new Promise((take, refuse) => this.#waiting.push({ take, refuse }));
  }

  #giveBack(connection: DuckDBConnection): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next.take(connection);
      return;
    }
    this.#idle.push(connection);
    if (this.#idle.length === this.#all.length) this.#closed?.();
  }
}
