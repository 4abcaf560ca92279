/** How commands ask the running server: by its API, with the operator token of its data folder. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ERRORS, type ErrorCode, LamplighterError } from '../contract/error-codes.ts';
import { DEFAULT_TOPIC_PREFIX } from '../contract/topics.ts';
import { operatorTokenFile, runningServer } from './data-folder.ts';

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** A document that the server made. */
export interface ServerFile {
  /** Of the file, as the server would call it. */
  readonly name: string | undefined;
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}

interface Body {
  readonly type: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
}

export class ServerClient {
  /** Address of the MQTT broker. */
  readonly mqtt: URL;
  /** File of the CA that its clients must trust. */
  readonly ca: string | undefined;
  readonly topicPrefix: string;
  readonly #console: string;
  readonly #token: string;

  constructor(
    addresses: { console: string; mqtt: string; ca?: string | undefined; topicPrefix?: string | undefined },
    token: string,
  ) {
    this.#console = addresses.console;
    this.mqtt = new URL(addresses.mqtt);
    this.ca = addresses.ca;
    this.topicPrefix = addresses.topicPrefix ?? DEFAULT_TOPIC_PREFIX;
    this.#token = token;
  }

  async get<T>(path: string, query: Query = {}): Promise<T> {
    return await this.#ask<T>('GET', path, query);
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    return await this.#ask<T>('POST', path, {}, body);
  }

  /** A body that is no JSON object of ours, sent as it is. */
  async postFile<T>(path: string, query: Query, type: string, body: string | Uint8Array<ArrayBuffer>): Promise<T> {
    return JSON.parse(await this.#send('POST', path, query, { type, content: body })) as T;
  }

  /** An answer that is not JSON. */
  async text(path: string, query: Query = {}): Promise<string> {
    return await this.#send('GET', path, query);
  }

  /** An answer that is a document. */
  async file(path: string, query: Query = {}): Promise<ServerFile> {
    const reply = await this.#fetch('GET', path, query);
    const name = /filename="([^"/\\]+)"/.exec(reply.headers.get('content-disposition') ?? '')?.[1];
    return { name, bytes: new Uint8Array(await this.#reached(() => reply.arrayBuffer())), headers: reply.headers };
  }

  async #ask<T>(method: string, path: string, query: Query, body?: unknown): Promise<T> {
    const json = body === undefined ? undefined : { type: 'application/json', content: JSON.stringify(body) };
    return JSON.parse(await this.#send(method, path, query, json)) as T;
  }

  async #send(method: string, path: string, query: Query, body?: Body): Promise<string> {
    const reply = await this.#fetch(method, path, query, body);
    return await this.#reached(() => reply.text());
  }

  async #fetch(method: string, path: string, query: Query, body?: Body): Promise<Response> {
    const url = new URL(path, this.#console);
    for (const [key, value] of Object.entries(query)) {
      for (const each of Array.isArray(value) ? value : [value]) {
        if (each !== undefined) url.searchParams.append(key, String(each));
      }
    }
    const reply = await this.#reached(() =>
      fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': body.type }),
        },
        ...(body === undefined ? {} : { body: body.content }),
      }),
    );
    if (!reply.ok) throw errorOf(await this.#reached(() => reply.text()), reply.status);
    return reply;
  }

  /** A server that stops while it is asked. */
  async #reached<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      // `fetch` and bodies cut short throw a TypeError whose cause is the failure of the network.
      if (!(error instanceof TypeError)) throw error;
      const { code, message } = (error.cause ?? error) as NodeJS.ErrnoException;
      throw new LamplighterError(
        'not-ready',
        `the server at ${this.#console} went away before it had answered (${code ?? message}). Whether it did what was asked is not known: call this again when it runs.`,
        { cause: error },
      );
    }
  }
}

/** The client of the server that runs on a data folder; throws when none runs. */
export async function connectToServer(dataFolder: string): Promise<ServerClient> {
  const folder = resolve(dataFolder);
  const running = await runningServer(folder);
  if (running === undefined) {
    throw new LamplighterError(
      'not-ready',
      `no server runs on the data folder ${folder}. Start it with: lamplighter start --data ${dataFolder} — or name another folder with --data.`,
    );
  }
  const { console, mqtt, ca, topicPrefix, roles } = running;
  if (roles !== undefined && console === undefined) {
    throw new LamplighterError(
      'not-ready',
      `the process on ${folder} runs ${roles.join(', ')}. Commands ask the console: name the data folder of the process that runs it with --data.`,
    );
  }
  if (console === undefined || mqtt === undefined) {
    throw new LamplighterError(
      'not-ready',
      `the server on ${folder} (process ${running.pid}) does not listen yet. Try again in a moment.`,
    );
  }
  const file = operatorTokenFile(folder);
  if (!existsSync(file))
    throw new LamplighterError(
      'not-found',
      `there is no operator token in ${file}; the server makes it when it starts.`,
    );
  return new ServerClient({ console, mqtt, ca, topicPrefix }, readFileSync(file, 'utf8').trim());
}

function errorOf(text: string, status: number): LamplighterError {
  try {
    const { error } = JSON.parse(text) as { error?: { code?: string; message?: string; field?: string } };
    if (error?.message !== undefined && error.code !== undefined && Object.hasOwn(ERRORS, error.code)) {
      // `*` is the rest of a path, which the words name themselves.
      const isTold = error.field === undefined || error.field === '*' || error.message.includes(error.field);
      const words = inCommands(error.message.replace(/^\*: /, ''));
      return new LamplighterError(error.code as ErrorCode, `${isTold ? '' : `${error.field}: `}${words}`);
    }
  } catch {
    // Not ours: told below as it came.
  }
  return new LamplighterError('internal', `the server answered ${status}: ${text.slice(0, 300)}`);
}

/** What the API advises its programs, as whoever types commands does it. */
const COMMANDS: readonly (readonly [RegExp, string])[] = [
  [/GET \/api\/gateways lists them/, 'list them with: lamplighter gateway list'],
  [/GET \/api\/(?:sites|devices)(?:\?\S+)? lists them/, 'list them with: lamplighter export manifest'],
  [/GET \/api\/metrics-catalogue lists it/, 'list it with: lamplighter metrics'],
  [/POST \/api\/gateways\/(\S+)\/token/, 'lamplighter gateway token $1'],
  [/POST \/api\/sites/, 'lamplighter import sites'],
];

function inCommands(words: string): string {
  return COMMANDS.reduce((text, [asked, command]) => text.replace(asked, command), words);
}
