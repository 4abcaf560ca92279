/** An HTTP server that answers as a test says: for what a real InfluxDB does not produce at will. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

export interface Asked {
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Reply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  /** A 200 whose body comes in these parts. */
  | { readonly pieces: AsyncIterable<string> | Iterable<string> }
  /** Never answers. */
  | 'hang'
  /** Cuts the connection. */
  | 'reset'
  /** Begins a 200 and cuts the connection in the middle. */
  | 'half';

export interface FakeInflux {
  readonly url: string;
  readonly asked: Asked[];
  /** Requests whose connection the client cut. */
  readonly cut: () => number;
}

export const STORED: Reply = { status: 204 };
const PING: Reply = { status: 204, headers: { 'x-influxdb-version': '1.8.10' } };
const NO_FIELDS: Reply = { status: 200, body: { results: [{ statement_id: 0 }] } };

/** Answers /ping as 1.8 and /query with nothing, unless `reply` says otherwise; undefined leaves it to that. */
export async function fakeInflux(
  reply: (asked: Asked) => Reply | undefined | Promise<Reply | undefined>,
): Promise<FakeInflux> {
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let cut = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const raw = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', 'http://fake');
    const one: Asked = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString('utf8'),
    };
    asked.push(one);
    response.on('close', () => {
      if (!response.writableFinished) cut++;
    });
    const given = (await reply(one)) ?? (one.path === '/ping' ? PING : one.path === '/query' ? NO_FIELDS : STORED);
    if (given === 'hang') return;
    if (given === 'reset') {
      request.socket.destroy();
    } else if (given === 'half') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"results":[', () => request.socket.destroy());
    } else if ('pieces' in given) {
      response.writeHead(200, { 'content-type': 'application/json' });
      for await (const piece of given.pieces) response.write(piece);
      response.end();
    } else {
      const { status, body, headers = {} } = given;
      const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
      const type = typeof body === 'string' ? 'text/html' : 'application/json';
      response.writeHead(status, { 'content-type': type, ...headers });
      response.end(text);
    }
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, cut: () => cut };
}
