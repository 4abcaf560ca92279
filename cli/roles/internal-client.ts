/** How a process asks another of the same city: JSON over HTTP, with the token that they share. */
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { ERRORS, type ErrorCode, LamplighterError } from '../../contract/error-codes.ts';

export interface InternalClientOptions {
  /** Such as http://console:8090. */
  readonly url: string;
  readonly token: string;
  /** Who answers there, for the words of an error: `console`. */
  readonly role: string;
}

type Query = Readonly<Record<string, string | number | undefined>>;

interface Asking {
  readonly query?: Query;
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for the whole answer. */
  readonly withinMs?: number;
}

const ANSWER_WITHIN_MS = 30_000;

export class InternalClient {
  readonly #options: InternalClientOptions;

  constructor(options: InternalClientOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  /** @throws LamplighterError: what the other process said, or `not-ready` when it does not answer. */
  async get<T>(path: string, asking: Asking = {}): Promise<T> {
    return (await this.#answer('GET', path, asking)) as T;
  }

  async post<T>(path: string, body: unknown, asking: Asking = {}): Promise<T> {
    return (await this.#answer('POST', path, asking, body)) as T;
  }

  /** The lines of a stream, until it ends, breaks (thrown as `not-ready`) or the signal says stop. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<unknown> {
    const response = await this.#send('GET', path, {}, undefined, signal);
    if (!response.ok || response.body === null) throw await this.#errorOf(response);
    const stream = Readable.fromWeb(response.body as ReadableStream);
    // readline does not pass on the errors of its input.
    let failure: unknown;
    stream.on('error', (error) => {
      failure = error;
    });
    try {
      for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
        yield JSON.parse(line);
      }
    } finally {
      stream.destroy();
    }
    if (failure !== undefined) throw this.#unreachable(failure);
  }

  async #answer(method: string, path: string, asking: Asking, body?: unknown): Promise<unknown> {
    const late = AbortSignal.timeout(asking.withinMs ?? ANSWER_WITHIN_MS);
    const signal = asking.signal === undefined ? late : AbortSignal.any([asking.signal, late]);
    const response = await this.#send(method, path, asking.query ?? {}, body, signal);
    if (!response.ok) throw await this.#errorOf(response);
    try {
      return await response.json();
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  async #send(method: string, path: string, query: Query, body: unknown, signal: AbortSignal): Promise<Response> {
    const url = new URL(`/internal/${path}`, this.#options.url);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value));
    const content =
      body instanceof Uint8Array ? new Uint8Array(body) : body === undefined ? body : JSON.stringify(body);
    try {
      return await fetch(url, {
        method,
        signal,
        headers: { authorization: `Bearer ${this.#options.token}` },
        ...(content === undefined ? {} : { body: content }),
      });
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  async #errorOf(response: Response): Promise<LamplighterError> {
    const text = await response.text().catch(() => '');
    const where = `${this.#options.role} at ${this.#options.url}`;
    try {
      const { error } = JSON.parse(text) as { error: { code: string; message: string } };
      if (Object.hasOwn(ERRORS, error.code)) {
        const code = error.code as ErrorCode;
        // Between processes a wrong token is a wrong setting, not a person to be asked.
        return code === 'not-signed-in'
          ? new LamplighterError('not-ready', `${where} refuses: ${error.message}`)
          : new LamplighterError(code, error.message);
      }
    } catch {
      // Not one of ours: told as it came.
    }
    return new LamplighterError('not-ready', `${where} answered ${response.status}: ${text.slice(0, 200)}`);
  }

  #unreachable(error: unknown): LamplighterError {
    const { role, url } = this.#options;
    return new LamplighterError('not-ready', `${role} at ${url} does not answer: ${wordsOf(error)}`, { cause: error });
  }
}

/** `fetch failed` says nothing; its cause does. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return (cause as NodeJS.ErrnoException).code ?? cause.message;
  return error.name === 'TimeoutError' ? 'no answer in time' : error.message;
}
