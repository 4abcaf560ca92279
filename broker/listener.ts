/**
 * Where clients come in: a TCP port each, whatever is spoken on it. TLS (tls-layer.ts) and WebSocket
 * (websocket-layer.ts) are put on top of the accepted connection, so that one door holds the limits for all of them.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { LamplighterError } from '../contract/error-codes.ts';

/** `tcp`: MQTT in the clear; `tls`: MQTT over TLS; `ws` and `wss`: MQTT in WebSocket frames (MQTT 3.1.1 §6). */
export type ListenerKind = 'tcp' | 'tls' | 'ws' | 'wss';

export interface ListenerSpec {
  readonly kind: ListenerKind;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface ListenerAddress {
  readonly kind: ListenerKind;
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  readonly address: ListenerAddress;
  /** Takes no more connections; resolves when the last one has ended. */
  close(): Promise<void>;
}

/** Looks for dead peers: a client may have asked for no MQTT keep-alive at all. */
const TCP_KEEP_ALIVE_MS = 60_000;
/** Connections the kernel holds until they are accepted, when a whole fleet comes back at once. */
const BACKLOG = 4_096;

const FLAGS: Readonly<Record<ListenerKind, string>> = {
  tcp: '--mqtt-port',
  tls: '--mqtts-port',
  ws: '--ws-port',
  wss: '--wss-port',
};

/** Throws LamplighterError `conflict` or `bad-request` when the address cannot be had. */
export async function openListener(spec: ListenerSpec, onSocket: (socket: Socket) => void): Promise<Listener> {
  const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS }, onSocket);
  try {
    server.listen({ host: spec.host, port: spec.port, backlog: BACKLOG });
    await once(server, 'listening');
  } catch (error) {
    throw inWords(error, spec);
  }
  const { address, port } = server.address() as AddressInfo;
  return { address: { kind: spec.kind, host: address, port }, close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function inWords(error: unknown, { kind, host, port }: ListenerSpec): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  const options = { cause: error };
  const flag = FLAGS[kind];
  if (code === 'EADDRINUSE') {
    return new LamplighterError(
      'conflict',
      `The MQTT port ${port} on ${host} is in use. Stop the other program, or choose another port with ${flag}.`,
      options,
    );
  }
  if (code === 'EACCES') {
    return new LamplighterError(
      'bad-request',
      `This user may not listen on the MQTT port ${port}. Choose a port above 1023 with ${flag}.`,
      options,
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new LamplighterError('bad-request', `The MQTT host ${host} is not an address of this machine.`, options);
  }
  return error;
}
