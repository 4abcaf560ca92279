/** Where the InfluxDB server is and how it is spoken to. */
import { StoreFailure } from '../telemetry-store.ts';
import { rawBucket } from './bucket-names.ts';

export interface InfluxdbOptions {
  /** http:// or https://, with port; a path in front of the API and `user:password@` are taken too. */
  readonly url: string;
  /** `1` writes to /write, `2` (also for 3) to /api/v2/write. Absent: the server is asked, when it is first reached. */
  readonly version?: '1' | '2' | undefined;
  /** Bucket of 2.x, database of 1.x, for raw readings. */
  readonly bucket?: string | undefined;
  /** Organisation of 2.x, by name. */
  readonly org?: string | undefined;
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Requests in flight at once. One gateway is always in the same lane, so that its points keep their order. */
  readonly lanes?: number | undefined;
  /** A request is closed when it holds this many readings … */
  readonly requestReadings?: number | undefined;
  /** … or this many characters; 1.x refuses bodies over 25 MB unless told otherwise. */
  readonly requestChars?: number | undefined;
  /** Bodies longer than this many bytes are compressed. Absent: never on loopback, from 1,000 elsewhere. */
  readonly gzipThresholdBytes?: number | undefined;
  /** No answer in this time is an unknown outcome: the request is cut and its points are written again. */
  readonly requestTimeoutMs?: number | undefined;
}

/** Options with every default filled in, and nothing secret in what is printed. */
export interface InfluxdbTarget {
  /** Without user name, password, query and trailing slash: fit for a message. */
  readonly url: string;
  readonly version: '1' | '2' | undefined;
  readonly bucket: string;
  readonly org: string;
  /** Value of the Authorization header; empty for none. */
  readonly authorization: string;
  readonly lanes: number;
  readonly requestReadings: number;
  readonly requestChars: number;
  readonly gzipThresholdBytes: number;
  readonly requestTimeoutMs: number;
  /** Cuts the secrets out of a text that came from elsewhere. */
  readonly redact: (text: string) => string;
}

/**
 * Readings/s of 4 values on 1.6.7, 2 busy cores: 142 k at 5,000 readings a request, 173 k at 10,000, 206 k at 20,000;
 * one lane 125 k, three 150 k.
 */
const DEFAULTS = {
  lanes: 2,
  requestReadings: 20_000,
  requestChars: 8_000_000,
  remoteGzipThresholdBytes: 1_000,
  requestTimeoutMs: 30_000,
};

/** Throws StoreFailure `misconfigured` naming the option that cannot be used. */
export function influxdbTarget(options: InfluxdbOptions): InfluxdbTarget {
  const url = parseUrl(options.url);
  const username = options.username ?? decode(url.username);
  const password = options.password ?? decode(url.password);
  // A header with a control character throws inside the client where nobody can catch it.
  for (const [name, value] of Object.entries({ token: options.token, username, password })) {
    if (value !== undefined && /\p{Cc}/u.test(value)) throw unusable(`store ${name} contains a control character`);
  }
  if (options.token !== undefined && !/^[\x21-\x7e]*$/.test(options.token)) {
    throw unusable('store token contains a space or a character outside ASCII');
  }
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const secrets = [options.token, password, basic].filter((secret) => secret !== undefined && secret.length > 0);
  return {
    url: `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`,
    version: options.version,
    bucket: rawBucket(options.bucket),
    org: options.org ?? '',
    authorization: username !== '' ? `Basic ${basic}` : options.token ? `Token ${options.token}` : '',
    lanes: positive('lanes', options.lanes ?? DEFAULTS.lanes),
    requestReadings: positive('requestReadings', options.requestReadings ?? DEFAULTS.requestReadings),
    requestChars: positive('requestChars', options.requestChars ?? DEFAULTS.requestChars),
    gzipThresholdBytes:
      options.gzipThresholdBytes ??
      (isLoopback(url.hostname) ? Number.MAX_SAFE_INTEGER : DEFAULTS.remoteGzipThresholdBytes),
    requestTimeoutMs: positive('requestTimeoutMs', options.requestTimeoutMs ?? DEFAULTS.requestTimeoutMs),
    redact: (text) => secrets.reduce<string>((out, secret) => out.replaceAll(secret as string, '[secret]'), text),
  };
}

function parseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The text itself may hold a password: it is not repeated.
    throw unusable('store url is not a URL; it must look like http://host:8086');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw unusable(`store url begins with ${url.protocol}//; it must begin with http:// or https://`);
  }
  return url;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function positive(name: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw unusable(`store ${name} is ${value}; it must be 1 or more`);
  return value;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\./.test(host);
}

function unusable(words: string): StoreFailure {
  return new StoreFailure('misconfigured', `InfluxDB cannot be used: ${words}.`);
}
