/**
 * Stands between a socket and Aedes and holds the limits of one connection, authenticated or not.
 *
 * Reading: Aedes 1.2.0 buffers whatever length a packet announces, up to 256 MiB (moscajs/aedes issue 831), and has no
 * rate limit. The gate scans each chunk first, destroys the socket on the announcement of too much, and hands out
 * nothing while a bucket is empty; the socket's own buffer then fills and TCP holds the sender back.
 *
 * Writing: Aedes makes the publisher of a message wait until every receiver's socket has drained, so one slow observer
 * would hold up every gateway (lib/write.js). The gate therefore always reports room and watches the backlog itself:
 * `access.ts` drops QoS 0 for a receiver with too much of it, and one that takes no byte for a while is closed.
 *
 * `read` and `write` are replaced on the socket itself instead of putting a second stream in front of it, which would
 * copy each chunk through another buffer. A chunk is never split: Aedes may ask again while its parser is still at
 * work on the last one.
 */
import type { Duplex } from 'node:stream';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { BrokerLimits } from './limits.ts';
import { PacketScanner } from './packet-scanner.ts';
import type { Refusal } from './refusals.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Traffic } from './traffic.ts';

/** How long to wait before looking again whether a reader has taken its backlog. */
const BACKLOG_PAUSE_MS = 50;

export class ConnectionGate {
  readonly #socket: Duplex;
  readonly #limits: BrokerLimits;
  readonly #clock: Clock;
  readonly #traffic: Traffic;
  readonly #refuse: (reason: Refusal) => void;
  readonly #connectWithinMs: number;
  readonly #onConnectComplete: (() => void) | undefined;
  readonly #scanner: PacketScanner;
  readonly #bytes: TokenBucket;
  readonly #packets: TokenBucket;
  #backlogBytes: number;
  #held: Timer | undefined;
  #connectTimer: Timer | undefined;
  #drainTimer: Timer | undefined;
  #writtenBytes = 0;

  /**
   * `refuse` is told once why the gate destroyed the socket. `connectWithinMs` is what is left of the time to connect
   * when something else, a TLS handshake say, has used some of it.
   */
  constructor(deps: {
    socket: Duplex;
    limits: BrokerLimits;
    clock: Clock;
    traffic: Traffic;
    refuse: (reason: Refusal) => void;
    connectWithinMs?: number;
    onConnectComplete?: (() => void) | undefined;
  }) {
    this.#socket = deps.socket;
    this.#limits = deps.limits;
    this.#clock = deps.clock;
    this.#traffic = deps.traffic;
    this.#refuse = deps.refuse;
    this.#connectWithinMs = deps.connectWithinMs ?? deps.limits.connectTimeoutMs;
    this.#onConnectComplete = deps.onConnectComplete;
    this.#scanner = new PacketScanner({
      connect: deps.limits.maxConnectBytes,
      publish: deps.limits.maxPublishBytes,
      other: deps.limits.maxOtherBytes,
    });
    this.#bytes = new TokenBucket(deps.limits.byteRate, deps.clock);
    this.#packets = new TokenBucket(deps.limits.packetRate, deps.clock);
    this.#backlogBytes = deps.limits.maxBacklogBytes;
  }

  /** Takes over the socket; to be called before Aedes gets it. */
  attach(): void {
    this.#gateReading();
    this.#gateWriting();
    this.#connectTimer = this.#clock.after(this.#connectWithinMs, () => this.#close('connect-timeout'));
    this.#socket.once('close', () => {
      this.#connectTimer?.cancel();
      this.#held?.cancel();
      this.#drainTimer?.cancel();
    });
  }

  /** Whether a CONNECT packet has come to its last byte. */
  get connectComplete(): boolean {
    return this.#scanner.connectComplete;
  }

  allowBacklog(bytes: number): void {
    this.#backlogBytes = bytes;
  }

  /** Whether less waits for the reader than may. */
  get hasRoom(): boolean {
    return this.#socket.writableLength <= this.#backlogBytes;
  }

  /** Whether a message of this quality may still be queued for the reader; closes one that is hopelessly behind. */
  takes(qos: number): boolean {
    if (this.hasRoom) return true;
    if (this.#socket.writableLength > 4 * this.#backlogBytes) this.#close('slow-reader-closed');
    return qos > 0;
  }

  #gateReading(): void {
    const read = this.#socket.read;
    const socket = this.#socket;
    socket.read = (size?: number): unknown => {
      // read(0) is Node's own way to start the flow; it never returns data
      if (size === 0) return read.call(socket, 0);
      if (this.#held !== undefined) return null;
      const waitMs = this.#waitMs();
      if (waitMs > 0) {
        this.#hold(waitMs);
        return null;
      }
      const chunk = read.call(socket) as Buffer | null;
      return chunk === null || this.#inspect(chunk) ? chunk : null;
    };
  }

  #waitMs(): number {
    const waitMs = Math.max(this.#bytes.waitMs(), this.#packets.waitMs());
    return waitMs === 0 && !this.hasRoom ? BACKLOG_PAUSE_MS : waitMs;
  }

  #hold(ms: number): void {
    this.#traffic.pauses++;
    this.#held = this.#clock.after(ms, () => {
      this.#held = undefined;
      if (!this.#socket.destroyed) this.#socket.emit('readable');
    });
  }

  #inspect(chunk: Buffer): boolean {
    const scanner = this.#scanner;
    const { packets, publishes } = scanner;
    const fault = scanner.scan(chunk);
    if (fault !== undefined) {
      this.#close(fault);
      return false;
    }
    this.#bytes.take(chunk.length);
    this.#packets.take(scanner.packets - packets);
    this.#traffic.bytesIn += chunk.length;
    this.#traffic.messagesIn += scanner.publishes - publishes;
    if (this.#connectTimer !== undefined && scanner.connectComplete) {
      this.#connectTimer.cancel();
      this.#connectTimer = undefined;
      this.#onConnectComplete?.();
    }
    return true;
  }

  #gateWriting(): void {
    const socket = this.#socket;
    const write = socket.write as (this: Duplex, chunk: unknown, encoding?: unknown, done?: unknown) => boolean;
    socket.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
      // For a client that has gone Aedes may still have messages. Node would make an error of each, with its stack: when
      // 10,000 gateways left at once that held the process for two seconds.
      if (!socket.writable && typeof encoding !== 'function' && typeof done !== 'function') return true;
      const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk) : chunk.length;
      this.#traffic.bytesOut += bytes;
      this.#writtenBytes += bytes;
      const room = write.call(socket, chunk, encoding, done);
      if (!room && this.#drainTimer === undefined) this.#watchDrain();
      return true;
    }) as typeof socket.write;
  }

  /** Closes the socket when a whole period passed in which the reader took nothing. */
  #watchDrain(): void {
    const taken = this.#writtenBytes - this.#socket.writableLength;
    this.#drainTimer = this.#clock.after(this.#limits.drainTimeoutMs, () => {
      this.#drainTimer = undefined;
      const waiting = this.#socket.writableLength;
      if (waiting === 0) return;
      if (this.#writtenBytes - waiting === taken) this.#close('slow-reader-closed');
      else this.#watchDrain();
    });
  }

  #close(reason: Refusal): void {
    if (this.#socket.destroyed) return;
    this.#refuse(reason);
    this.#socket.destroy();
  }
}
