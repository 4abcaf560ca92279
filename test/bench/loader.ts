/** The loader: raw MQTT over sockets, one connection a gateway, that sends batches and waits for their acknowledgements. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { generate, type Packet, parser } from 'mqtt-packet';
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import { type PacketStream, packetStream } from './batch-templates.ts';

export interface LoadOptions {
  readonly host: string;
  readonly port: number;
  readonly prefix: string;
  readonly gateways: readonly { id: string; token: string }[];
  readonly readingsPerBatch: number;
  readonly seconds: number;
  /** Readings in flight over all gateways, when as fast as it goes. */
  readonly inFlight: number;
  /** Readings a second, evenly spread; absent for as fast as it goes. */
  readonly rate?: number;
}

export interface LoadResult {
  readonly sent: number;
  readonly acknowledged: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Readings that repeat those of an earlier run would only overwrite: each run has its own stretch of time. */
let nextStartTime = Date.UTC(2026, 0, 1);

class Connection {
  readonly stream: PacketStream;
  readonly #socket: Socket;
  readonly #sentAt = new Map<number, number>();
  readonly #onAcknowledged: (latencyMs: number) => void;
  /** Told after each acknowledgement. */
  onRoom: () => void = () => {};
  outstanding = 0;

  constructor(socket: Socket, stream: PacketStream, onAcknowledged: (latencyMs: number) => void) {
    this.#socket = socket;
    this.stream = stream;
    this.#onAcknowledged = onAcknowledged;
  }

  send(batches: number): void {
    const packets: Buffer[] = [];
    const now = performance.now();
    for (let i = 0; i < batches; i++) {
      const { packet, seq } = this.stream.next();
      packets.push(Buffer.from(packet));
      this.#sentAt.set(seq, now);
    }
    this.outstanding += batches;
    this.#socket.write(packets.length === 1 ? (packets[0] as Buffer) : Buffer.concat(packets));
  }

  take(body: Acknowledgement): void {
    if (body.rejected.length > 0)
      throw new Error(`the bench's readings were rejected: ${JSON.stringify(body.rejected[0])}`);
    const now = performance.now();
    for (const [first, last] of body.stored) {
      for (let seq = first; seq <= last; seq++) {
        const sent = this.#sentAt.get(seq);
        if (sent === undefined) continue;
        this.#sentAt.delete(seq);
        this.outstanding--;
        this.#onAcknowledged(now - sent);
      }
    }
    this.onRoom();
  }

  end(): void {
    this.#socket.destroy();
  }
}

export async function load(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = [];
  let acknowledged = 0;
  const startTime = nextStartTime;
  nextStartTime += 20 * 86_400_000;
  const onAcknowledged = (latencyMs: number): void => {
    acknowledged += options.readingsPerBatch;
    if (latencies.length < 2_000_000) latencies.push(latencyMs);
  };
  const connections = await Promise.all(
    options.gateways.map((gateway) => open(gateway, options, startTime, onAcknowledged)),
  );
  const started = performance.now();
  const end = started + options.seconds * 1_000;
  let sent = 0;
  const send = (connection: Connection, batches: number): void => {
    connection.send(batches);
    sent += batches * options.readingsPerBatch;
  };
  if (options.rate === undefined) {
    const mostEach = Math.max(1, Math.floor(options.inFlight / options.gateways.length / options.readingsPerBatch));
    for (const connection of connections) {
      connection.onRoom = () => {
        const room = mostEach - connection.outstanding;
        if (room >= Math.max(1, mostEach / 8) && performance.now() < end) send(connection, room);
      };
      connection.onRoom();
    }
    await sleep(options.seconds * 1_000);
  } else {
    while (performance.now() < end) {
      const due = ((performance.now() - started) / 1_000) * options.rate - sent;
      const batches = Math.floor(due / options.readingsPerBatch / connections.length);
      if (batches > 0) for (const connection of connections) send(connection, batches);
      await sleep(1);
    }
  }
  const ackedAtEnd = acknowledged;
  const seconds = (performance.now() - started) / 1_000;
  const deadline = performance.now() + 30_000;
  while (acknowledged < sent && performance.now() < deadline) await sleep(10);
  for (const connection of connections) connection.end();
  if (acknowledged < sent) throw new Error(`${sent - acknowledged} of ${sent} readings were never acknowledged`);
  latencies.sort((a, b) => a - b);
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return { sent, acknowledged, perSecond: ackedAtEnd / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function open(
  gateway: { id: string; token: string },
  options: LoadOptions,
  startTime: number,
  onAcknowledged: (latencyMs: number) => void,
): Promise<Connection> {
  const socket = connect(options.port, options.host);
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const stream = packetStream(gateway.id, options.prefix, options.readingsPerBatch, startTime);
  const connection = new Connection(socket, stream, onAcknowledged);
  const incoming = parser();
  const ready = new Promise<void>((resolve, reject) => {
    socket.once('close', () => reject(new Error(`the broker closed the connection of ${gateway.id}`)));
    incoming.on('packet', (packet: Packet) => {
      if (packet.cmd === 'suback') resolve();
      else if (packet.cmd === 'publish') connection.take(JSON.parse(String(packet.payload)) as Acknowledgement);
      else if (packet.cmd === 'connack' && packet.returnCode !== 0) reject(new Error(`refused: ${packet.returnCode}`));
    });
  });
  ready.catch(() => {});
  socket.on('data', (bytes) => incoming.parse(bytes));
  socket.on('error', () => socket.destroy());
  socket.write(
    generate({
      cmd: 'connect',
      clientId: gateway.id,
      username: gateway.id,
      password: Buffer.from(gateway.token),
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
    }),
  );
  const topic = `${options.prefix}/${gateway.id}/ack`;
  socket.write(generate({ cmd: 'subscribe', messageId: 1, subscriptions: [{ topic, qos: 0 }] }));
  await ready;
  return connection;
}
