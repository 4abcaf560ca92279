/** What an answer of the server, or its absence, means: points refused, request too large, or a StoreFailure. */
import { HttpError, RequestTimedOutError } from '@influxdata/influxdb-client';
import { StoreFailure } from '../telemetry-store.ts';
import type { InfluxdbTarget } from './influxdb-options.ts';
import { ConnectionClosed } from './influxdb-transport.ts';

/** The server refused points of this request for good, and may have stored the others. */
export interface Refusal {
  readonly kind: 'refused' | 'too-large';
  /** The server's own words. */
  readonly words: string;
  /** How many points it says it dropped; 0 when it does not say. */
  readonly dropped: number;
}

/** The database or bucket is not there. */
export class MissingBucket extends StoreFailure {
  readonly bucket: string;
  /** The server's answer, in brackets. */
  readonly said: string;

  constructor(target: InfluxdbTarget, buckets: readonly string[], said: string) {
    const names = listed(buckets);
    super(
      'misconfigured',
      `InfluxDB at ${target.url} has no database or bucket ${names}: create it with: lamplighter store init ${said}`,
    );
    this.bucket = target.bucket;
    this.said = said;
  }
}

/** The credentials are right, and do not reach so far. */
export class NotAllowed extends StoreFailure {}

/** 400s that speak of the request, not of a point. */
const ABOUT_THE_REQUEST =
  /database (is required|not found|name required)|retention policy not found|bucket\b.*\bnot found|organization|\borg\b.*(not found|required)|dbrp/i;

/** Reads a failed write. Returns a Refusal, or the StoreFailure that the commit throws. */
export function readWriteFailure(error: unknown, target: InfluxdbTarget): Refusal | StoreFailure {
  if (error instanceof HttpError) {
    const words = wordsOf(error, target);
    if (error.statusCode === 413) return { kind: 'too-large', words, dropped: 0 };
    // 1.x answers 400 to bad points, 2.x 422 when it could read them and the engine refused them.
    if ((error.statusCode === 400 || error.statusCode === 422) && !ABOUT_THE_REQUEST.test(words)) {
      return { kind: 'refused', words, dropped: Number(/\bdropped=(\d+)/.exec(words)?.[1] ?? 0) };
    }
  }
  return failureOf(error, target);
}

/** Any failed request as a StoreFailure that says what to do; never holds a secret. */
export function failureOf(error: unknown, target: InfluxdbTarget): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const at = `InfluxDB at ${target.url}`;
  if (error instanceof HttpError) {
    const status = error.statusCode;
    const said = `(${status}: ${wordsOf(error, target)})`;
    if (status === 401) {
      return misconfigured(
        `${at} does not accept the credentials: check the store's token, or user name and password ${said}`,
      );
    }
    if (status === 403) {
      return notAllowed(target, said);
    }
    if (status === 408 || status === 425 || status === 429 || status >= 500) {
      return new StoreFailure('unavailable', `${at} cannot take requests now ${said}`);
    }
    const words = wordsOf(error, target);
    if (status === 404 && !/not found:|bucket|database|dbrp/i.test(words)) {
      return misconfigured(
        `${at} does not know this address: check the store's url, and its version (1 or 2) if it is configured ${said}`,
      );
    }
    if (status === 404 || ABOUT_THE_REQUEST.test(words)) return missing(target, said);
    return misconfigured(`${at} does not understand the request: check the store's url and version ${said}`);
  }
  if (error instanceof ConnectionClosed)
    return new StoreFailure('unavailable', `The store is closed: ${error.message}`);
  if (error instanceof RequestTimedOutError) {
    const seconds = target.requestTimeoutMs / 1_000;
    return new StoreFailure('unavailable', `${at} did not answer within ${seconds} s; whether it stored is unknown`);
  }
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  const words = target.redact(message || code || 'no reason given');
  if (/CERT|SSL|TLS|SIGNATURE/.test(code) || /\bSSL\b|\bTLS\b/.test(words)) {
    return misconfigured(
      `${at}: its certificate or TLS was not accepted; NODE_EXTRA_CA_CERTS names further authorities (${words})`,
    );
  }
  return new StoreFailure('unavailable', `${at} cannot be reached (${words})`);
}

/** `said` is the server's answer, in brackets. */
export function missing(target: InfluxdbTarget, said: string): StoreFailure {
  return new MissingBucket(target, [target.bucket], said);
}

export function notAllowed(target: InfluxdbTarget, said: string): StoreFailure {
  return new NotAllowed(
    'misconfigured',
    `InfluxDB at ${target.url} does not allow this: give the token or user permission to read and write "${target.bucket}" ${said}`,
  );
}

/** "a", "b" and "c" */
export function listed(names: readonly string[]): string {
  const all = names.map((name) => `"${name}"`);
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

function misconfigured(words: string): StoreFailure {
  return new StoreFailure('misconfigured', words);
}

/** The server's words: `error` of 1.x, `message` of 2.x, or the body; at most 1,000 characters. */
function wordsOf(error: HttpError, target: InfluxdbTarget): string {
  const json: unknown = error.json ?? parsed(error.body);
  let words = error.body ?? '';
  if (typeof json === 'object' && json !== null) {
    const { error: one, message: two } = json as { error?: unknown; message?: unknown };
    if (typeof one === 'string' && one !== '') words = one;
    if (typeof two === 'string' && two !== '') words = two;
  }
  words = target.redact(words.trim() || error.statusMessage || 'no words');
  if (words.length <= 1_000) return words;
  // The number of dropped points stands at the end.
  return `${words.slice(0, 900)} … ${words.slice(-90)}`;
}

function parsed(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? '');
  } catch {
    return undefined;
  }
}
