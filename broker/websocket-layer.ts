/**
 * WebSocket on top of accepted connections, secured or not: path /mqtt, subprotocol `mqtt`, binary frames
 * (MQTT 3.1.1 §6). Neither server object below listens; see tls-layer.ts for why.
 *
 * Cross-site WebSocket hijacking: a page of another site must not use what a browser may reach. A browser names the
 * page's origin; it has to be the host that it asks. Programs send no Origin and are let through, since the token in
 * CONNECT is no cookie and decides who they are.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Arrival } from './arrival.ts';
import type { BrokerLimits } from './limits.ts';
import type { Refusal } from './refusals.ts';
import { TokenBucket } from './token-bucket.ts';
import { WebSocketStream } from './websocket-stream.ts';

export const WEBSOCKET_PATH = '/mqtt';
/** Of MQTT 3.1.1, and the one that clients of MQTT 3.1 ask for. */
const SUBPROTOCOLS = ['mqtt', 'mqttv3.1'];
const MOST_HEADER_BYTES = 8 * 1024;
/** A client may send several packets in one frame. */
const FRAME_ROOM_BYTES = 64 * 1024;
/** A message in more parts than this is no gateway's. */
const MOST_FRAGMENTS = 1_024;
/** Answered pings: keep-alives of proxies come every few seconds at most. */
const PING_RATE = { perSecond: 1, burst: 20 };

/** The stream, and a function to call once the CONNECT packet is complete: from then on larger frames may come. */
export type Upgraded = (stream: WebSocketStream, onConnectComplete: () => void) => void;

interface Upgrade {
  readonly arrival: Arrival;
  readonly onUpgraded: Upgraded;
}

export class WebSocketLayer {
  readonly #http: Server;
  readonly #webSockets: WebSocketServer;
  readonly #limits: BrokerLimits;
  readonly #clock: Clock;
  readonly #upgrades = new WeakMap<Duplex, Upgrade>();

  constructor({ limits, clock }: { limits: BrokerLimits; clock: Clock }) {
    this.#limits = limits;
    this.#clock = clock;
    this.#http = createServer({ maxHeaderSize: MOST_HEADER_BYTES, keepAlive: false });
    this.#webSockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      skipUTF8Validation: true,
      maxPayload: limits.maxPublishBytes + FRAME_ROOM_BYTES,
      maxFragments: MOST_FRAGMENTS,
      handleProtocols: (asked) => SUBPROTOCOLS.find((name) => asked.has(name)) ?? false,
    });
    this.#http.on('request', (request, reply) => {
      reply.writeHead(426, { 'content-type': 'text/plain', connection: 'close', upgrade: 'websocket' });
      reply.end(`This port speaks MQTT over WebSocket: connect to ${WEBSOCKET_PATH} with the subprotocol mqtt.\n`, () =>
        this.#refuse(request.socket, 'not-websocket', 'a plain HTTP request'),
      );
    });
    this.#http.on('clientError', (error, socket) => this.#refuse(socket, 'not-websocket', error.message));
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Begins to read the request; either `onUpgraded` is called once, or the arrival is refused. */
  upgrade(arrival: Arrival, connection: Duplex, onUpgraded: Upgraded): void {
    this.#upgrades.set(connection, { arrival, onUpgraded });
    arrival.begins('WebSocket upgrade');
    this.#http.emit('connection', connection);
  }

  #upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    const upgrade = this.#upgrades.get(connection);
    if (upgrade === undefined) {
      connection.destroy();
      return;
    }
    const fault = faultOf(request);
    if (fault !== undefined) {
      connection.end(`HTTP/1.1 ${fault.status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        upgrade.arrival.refuse(fault.reason, fault.detail),
      );
      return;
    }
    // ws answers 400 by itself to what is left of wrong requests, and closes
    const onClose = () => {
      if (!upgrade.arrival.isRefused) upgrade.arrival.refuse('not-websocket', 'the handshake was not completed');
    };
    connection.once('close', onClose);
    this.#webSockets.handleUpgrade(request, connection, head, (socket) => {
      connection.off('close', onClose);
      upgrade.arrival.passed();
      this.#begin(socket, connection, upgrade);
    });
  }

  #begin(socket: WebSocket, connection: Duplex, { arrival, onUpgraded }: Upgrade): void {
    const stream = new WebSocketStream(socket, arrival.address);
    const refuse = (reason: Refusal, detail?: string): void => {
      arrival.refuse(reason, detail);
      stream.destroy();
    };
    const pings = new TokenBucket(PING_RATE, this.#clock);
    socket.on('ping', (data) => {
      if (pings.tryTake()) socket.pong(data);
      else refuse('websocket-flood');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') refuse('packet-too-large', error.message);
      else if (error.code?.startsWith('WS_ERR')) refuse('malformed', error.message);
    });
    stream.once('text', () => refuse('websocket-text'));
    const stopWatch = this.#watch(connection, stream, refuse);
    onUpgraded(stream, stopWatch);
  }

  /**
   * What no MQTT packet shows: bytes of frames that are not complete. Before the CONNECT packet there may be few of
   * them, and at all times no more a second than the limit of a connection.
   */
  #watch(connection: Duplex, stream: WebSocketStream, refuse: (reason: Refusal) => void): () => void {
    const { byteRate, maxConnectBytes } = this.#limits;
    const bucket = new TokenBucket(byteRate, this.#clock);
    let beforeConnect: number | undefined = 0;
    let held: Timer | undefined;
    connection.prependListener('data', (chunk: Buffer) => {
      if (beforeConnect !== undefined) {
        beforeConnect += chunk.length;
        if (beforeConnect > maxConnectBytes + FRAME_ROOM_BYTES) refuse('connect-too-large');
      }
      bucket.take(chunk.length);
      const waitMs = bucket.waitMs();
      if (waitMs === 0 || held !== undefined) return;
      stream.hold(true);
      held = this.#clock.after(waitMs, () => {
        held = undefined;
        stream.hold(false);
      });
    });
    stream.once('close', () => held?.cancel());
    return () => {
      beforeConnect = undefined;
    };
  }

  #refuse(connection: Duplex, reason: Refusal, detail: string): void {
    const arrival = this.#upgrades.get(connection)?.arrival;
    if (arrival === undefined) connection.destroy();
    else arrival.refuse(reason, detail);
  }
}

interface RequestFault {
  readonly status: string;
  readonly reason: Refusal;
  readonly detail: string;
}

function faultOf(request: IncomingMessage): RequestFault | undefined {
  const path = request.url?.split('?')[0] ?? '';
  if (path !== WEBSOCKET_PATH) return { status: '404 Not Found', reason: 'not-websocket', detail: `path ${path}` };
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (!protocols.some((name) => SUBPROTOCOLS.includes(name))) {
    return { status: '400 Bad Request', reason: 'not-websocket', detail: 'without the subprotocol mqtt' };
  }
  const { origin, host } = request.headers;
  if (origin === undefined || isSameHost(origin, host)) return undefined;
  return { status: '403 Forbidden', reason: 'websocket-origin', detail: origin };
}

/** The port may differ: the page comes from the console, the WebSocket from the broker beside it. */
function isSameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin) || !URL.canParse(`http://${host}`)) return false;
  return new URL(origin).hostname === new URL(`http://${host}`).hostname;
}
