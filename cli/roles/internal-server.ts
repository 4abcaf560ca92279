/**
 * Where a process is asked by those that run the other roles of the same city: one HTTP listener, every path below
 * /internal/, one token that opens these paths and nothing else. People's API is the console's, on another port.
 *
 * A route answers JSON, or streams lines of JSON for as long as it is listened to.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ERRORS, LamplighterError } from '../../contract/error-codes.ts';
import type { Log } from '../../runtime/log.ts';
import type { Service } from '../../runtime/service.ts';
import { serviceToken } from './other-processes.ts';
import type { RoleContext } from './role.ts';

export interface InternalRequest {
  readonly query: URLSearchParams;
  readonly body: Buffer;
  /** Aborted when whoever asks is gone. */
  readonly gone: AbortSignal;
  /** The body as JSON. @throws LamplighterError `bad-request`. */
  json(): unknown;
}

export type Answer = (request: InternalRequest) => unknown;

/** One listener's stream. `send` returns false when so much waits that it was let go. */
export interface Lines {
  send(line: unknown): boolean;
}

export type Stream = (lines: Lines, request: InternalRequest) => () => void;

type Route = { readonly answer: Answer } | { readonly stream: Stream } | { readonly text: () => AsyncIterable<string> };

export interface InternalServerOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly tokens: { readonly service: string; readonly operator?: string | undefined };
}

/** Batches and changes of a register are the largest that comes in. */
const MOST_BODY_BYTES = 64 * 1024 * 1024;
/** Of a listener that takes nothing. It begins anew by itself. */
const MOST_WAITING_BYTES = 32 * 1024 * 1024;
const PREFIX = '/internal/';
/** What needs the operator's token: it changes the register as a person does. */
const OPERATOR_PREFIX = '/internal/enrol/';

/** On the address of the settings. */
export function internalServer({ settings, log }: RoleContext, operatorToken: string | undefined): InternalServer {
  const { internal_host: host, internal_port: port } = settings;
  return new InternalServer({
    log,
    options: { host, port, tokens: { service: serviceToken(settings), operator: operatorToken } },
  });
}

export class InternalServer implements Service {
  readonly name = 'internal server';
  readonly #options: InternalServerOptions;
  readonly #log: Log;
  readonly #routes = new Map<string, Route>();
  #server: Server | undefined;
  #address = '';

  constructor(deps: { readonly options: InternalServerOptions; readonly log: Log }) {
    this.#options = deps.options;
    this.#log = deps.log;
  }

  /** `http://host:port`; empty while it does not listen. */
  get address(): string {
    return this.#address;
  }

  /** Routes can be added while it listens; a path without one is answered 503 until then, as others start in any order. */
  on(method: 'GET' | 'POST', path: string, answer: Answer): void {
    this.#routes.set(`${method} ${PREFIX}${path}`, { answer });
  }

  onStream(path: string, stream: Stream): void {
    this.#routes.set(`GET ${PREFIX}${path}`, { stream });
  }

  /** Plain text in parts, such as what Prometheus reads. */
  onText(path: string, text: () => AsyncIterable<string>): void {
    this.#routes.set(`GET ${PREFIX}${path}`, { text });
  }

  async start(): Promise<void> {
    const { host, port } = this.#options;
    const server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => refuse(response, error, this.#log));
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') return reject(error);
        const words = `Port ${port} on ${host} is taken. Give this process another with --internal-port, and tell the others.`;
        return reject(new LamplighterError('bad-request', words, { cause: error }));
      });
      server.listen(port, host, resolve);
    });
    const bound = server.address() as AddressInfo;
    this.#address = `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
    this.#log.info({ address: this.#address }, 'listening for the other roles');
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#address = '';
    if (server === undefined || !server.listening) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://internal');
    this.#checkToken(request, url.pathname);
    const route = this.#routes.get(`${request.method} ${url.pathname}`);
    if (route === undefined) {
      throw new LamplighterError(
        'not-ready',
        `nothing answers ${request.method} ${url.pathname} here: the role is still starting, or runs in another process`,
      );
    }
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    response.on('error', () => response.destroy());
    const body = await bodyOf(request);
    const asked: InternalRequest = { query: url.searchParams, body, gone: gone.signal, json: () => parsed(body) };
    if ('text' in route) {
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
      await pipeline(Readable.from(route.text()), response);
    } else if ('stream' in route) this.#stream(route.stream, asked, response);
    else send(response, 200, await route.answer(asked));
  }

  #stream(stream: Stream, request: InternalRequest, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const end = stream(
      {
        send: (line) => {
          response.write(`${JSON.stringify(line)}\n`);
          if (response.writableLength <= MOST_WAITING_BYTES) return true;
          this.#log.warn('a process that follows this one stopped reading; its connection was closed');
          response.destroy();
          return false;
        },
      },
      request,
    );
    if (request.gone.aborted) end();
    else request.gone.addEventListener('abort', end, { once: true });
  }

  #checkToken(request: IncomingMessage, path: string): void {
    const { service, operator } = this.#options.tokens;
    const wanted = path.startsWith(OPERATOR_PREFIX) ? operator : service;
    const [, given = ''] = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '') ?? [];
    if (wanted !== undefined && timingSafeEqual(digest(given), digest(wanted))) return;
    throw new LamplighterError(
      'not-signed-in',
      'the token is not the one that this process knows: give both the same file',
    );
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MOST_BODY_BYTES) throw new LamplighterError('bad-request', 'the body is too large');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new LamplighterError('bad-request', 'the body is not JSON', { cause: error });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  const bytes = Buffer.from(JSON.stringify(body ?? null));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

function refuse(response: ServerResponse, error: unknown, log: Log): void {
  if (!(error instanceof LamplighterError)) log.error({ err: error }, 'another role could not be answered');
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const code = error instanceof LamplighterError ? error.code : 'internal';
  const message = error instanceof Error ? error.message : String(error);
  send(response, ERRORS[code].status, { error: { code, message } });
}
