/**
 * The one way to the server: the client library's HTTP transport, with what it lacks.
 *
 * - A request that timed out is cut. The library reports the timeout and leaves the request running; it could then
 *   reach the server after newer points of the same gateway.
 * - A limit for the whole request; the library's timeout only sees a silent socket. A long answer that is read as it
 *   comes may take as long as it flows.
 * - 201 is a partial success (InfluxDB 3 clustered, in the client's WriteApiImpl) and must not pass for a success.
 * - `close()` cuts what is in flight, so that nothing stays open.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import {
  type ChunkCombiner,
  type CommunicationObserver,
  type Headers,
  HttpError,
  InfluxDB,
  RequestTimedOutError,
  type SendOptions,
  type Transport,
} from '@influxdata/influxdb-client';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { InfluxdbTarget } from './influxdb-options.ts';

const MOST_HEADER_BYTES = 4 * 1024 * 1024;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export interface Ask {
  readonly method: 'GET' | 'PATCH' | 'POST';
  /** Begins with a slash. */
  readonly path: string;
  readonly contentType?: string;
  readonly body?: string;
}

export class ConnectionClosed extends Error {
  constructor() {
    super('the connection to the store was closed');
    this.name = 'ConnectionClosed';
  }
}

export class InfluxdbTransport implements Transport {
  readonly chunkCombiner: ChunkCombiner;
  readonly #inner: Transport;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #cuts = new Set<(error: Error) => void>();
  #closed = false;

  constructor(target: InfluxdbTarget, clock: Clock) {
    this.#clock = clock;
    this.#timeoutMs = target.requestTimeoutMs;
    this.#agent = target.url.startsWith('https:')
      ? new HttpsAgent({ keepAlive: true })
      : new HttpAgent({ keepAlive: true });
    this.#inner = new InfluxDB({
      url: target.url,
      timeout: target.requestTimeoutMs,
      headers: target.authorization === '' ? {} : { authorization: target.authorization },
      // 1.x repeats its words, with the lines it could not read, in a header; Node's 16 KB would hide the answer.
      transportOptions: { agent: this.#agent, maxHeaderSize: MOST_HEADER_BYTES },
    }).transport;
    this.chunkCombiner = this.#inner.chunkCombiner;
  }

  send(
    path: string,
    body: string,
    options: SendOptions,
    callbacks: Partial<CommunicationObserver<Uint8Array>> = {},
    limit: 'whole request' | 'silence' = 'whole request',
  ): void {
    const abort = new AbortController();
    let status = 0;
    let heard: Headers = {};
    let partial = '';
    let isOver = false;
    const over = (tell: () => void): void => {
      if (isOver) return;
      isOver = true;
      deadline.cancel();
      this.#cuts.delete(cut);
      tell();
    };
    const cut = (error: Error): void =>
      over(() => {
        abort.abort();
        callbacks.error?.(error);
      });
    const limited = (): Timer => this.#clock.after(this.#timeoutMs, () => cut(new RequestTimedOutError()));
    let deadline = limited();
    if (this.#closed) {
      cut(new ConnectionClosed());
      return;
    }
    this.#cuts.add(cut);
    try {
      this.#inner.send(
        path,
        body,
        { ...options, signal: abort.signal },
        {
          responseStarted: (headers, code) => {
            status = code ?? 0;
            heard = headers;
            if (!isOver) callbacks.responseStarted?.(headers, code);
          },
          next: (chunk) => {
            if (limit === 'silence' && !isOver) {
              deadline.cancel();
              deadline = limited();
            }
            if (status === 201) partial += Buffer.from(chunk).toString('utf8');
            return isOver ? undefined : callbacks.next?.(chunk);
          },
          // The socket of an answered request is already back with the agent; only an unanswered one is cut.
          error: (error) => (error instanceof HttpError ? over(() => callbacks.error?.(error)) : cut(error)),
          complete: () =>
            over(() => {
              if (status === 201 && path.startsWith('/api/v2/write')) callbacks.error?.(partialSuccess(partial, heard));
              else callbacks.complete?.();
            }),
        },
      );
    } catch (error) {
      cut(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /**
   * Resolves with a 2xx answer; rejects with HttpError for any other, or with what went wrong on the way.
   * With `take` the body is handed over as it comes, and the answer's own is empty; what `take` throws, rejects.
   */
  ask(ask: Ask, take?: (chunk: Uint8Array) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      let refusal: { readonly error: unknown } | undefined;
      let status = 0;
      let headers: Headers = {};
      const contentType = ask.contentType ?? 'application/json; charset=utf-8';
      this.send(
        ask.path,
        ask.body ?? '',
        { method: ask.method, headers: { 'content-type': contentType } },
        {
          responseStarted: (heard, code) => {
            headers = heard;
            status = code ?? 0;
          },
          next: (chunk) => {
            if (take === undefined) chunks.push(chunk);
            else if (refusal === undefined) {
              try {
                take(chunk);
              } catch (error) {
                // Thrown on, it would end the process: this runs in an event of the socket.
                refusal = { error };
              }
            }
          },
          error: reject,
          complete: () => {
            if (refusal === undefined) resolve({ status, headers, body: Buffer.concat(chunks).toString('utf8') });
            else reject(refusal.error);
          },
        },
        take === undefined ? 'whole request' : 'silence',
      );
    });
  }

  request(...args: Parameters<Transport['request']>): ReturnType<Transport['request']> {
    return this.#inner.request(...args);
  }

  iterate(...args: Parameters<Transport['iterate']>): ReturnType<Transport['iterate']> {
    return this.#inner.iterate(...args);
  }

  /** Cuts everything in flight; from now on every request fails with ConnectionClosed. */
  close(): void {
    this.#closed = true;
    for (const cut of [...this.#cuts]) cut(new ConnectionClosed());
    this.#agent.destroy();
  }
}

function partialSuccess(body: string, headers: Headers): HttpError {
  const type = headers['content-type'];
  return new HttpError(400, 'Partial success', body, undefined, Array.isArray(type) ? type[0] : type);
}
