/** Live readings at a steady pace into ingest, and how long each batch waits for its acknowledgement. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import type { Message, MessageHandler, MessageLink } from '../../runtime/message-link.ts';
import { benchReading } from './batch-templates.ts';

const LIVE_GATEWAYS = 20;
const READINGS_PER_BATCH = 20;
const BATCHES_EVERY_MS = 20;
const LOOP_RESOLUTION_MS = 5;

/** Gateways that the register must know. */
export const LIVE_GATEWAY_IDS = Array.from({ length: LIVE_GATEWAYS }, (_, index) => `live-${index}`);

export interface LoadFigures {
  readonly perS: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  /** How much later than asked for the event loop did what was due, milliseconds. */
  readonly loopP99Ms: number;
  readonly loopMostMs: number;
  readonly cpuS: number;
}

/** Batches at a steady pace, and how long each waits for its acknowledgement. */
export class LiveLoad {
  readonly #link: BenchLink;
  readonly #batchesPerMs: number;
  readonly #sentAt = new Map<string, number>();
  #latencies: number[] = [];
  #seq = 0;
  #began = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(link: BenchLink, readingsPerS: number) {
    this.#link = link;
    this.#batchesPerMs = readingsPerS / READINGS_PER_BATCH / 1_000;
  }

  start(): void {
    this.#link.onAck = (gateway, { stored }) => {
      const now = performance.now();
      for (const [first, last] of stored) {
        for (let seq = first; seq <= last; seq++) {
          const name = `${gateway}/${seq}`;
          this.#latencies.push(now - (this.#sentAt.get(name) ?? now));
          this.#sentAt.delete(name);
        }
      }
    };
    this.#began = performance.now();
    this.#timer = setInterval(() => this.#send(), BATCHES_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async measure(work: () => Promise<void>): Promise<LoadFigures> {
    this.#latencies = [];
    const cpu = process.cpuUsage();
    const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    delay.enable();
    const began = performance.now();
    await work();
    delay.disable();
    const elapsedS = (performance.now() - began) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const sorted = this.#latencies.sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
    const perS = (sorted.length * READINGS_PER_BATCH) / elapsedS;
    return {
      perS,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      mostMs: sorted.at(-1) ?? Number.NaN,
      loopP99Ms: lateMs(delay.percentile(99)),
      loopMostMs: lateMs(delay.max),
      cpuS: (user + system) / 1e6,
    };
  }

  #send(): void {
    // What a busy event loop came late for is sent after all.
    const due = Math.floor((performance.now() - this.#began) * this.#batchesPerMs);
    while (this.#seq < due) {
      const seq = ++this.#seq;
      const gateway = `live-${seq % LIVE_GATEWAYS}`;
      const time = Date.now();
      const readings = Array.from({ length: READINGS_PER_BATCH }, (_, device) => benchReading(device, time));
      this.#sentAt.set(`${gateway}/${seq}`, performance.now());
      this.#link.deliver(`city/v1/${gateway}/readings`, { v: 1, epoch: 'live', seq, readings });
    }
  }
}

/** A broker that is a function call away. */
export class BenchLink implements MessageLink {
  readonly connected = true;
  onAck: (gateway: string, ack: Acknowledgement) => void = () => {};
  #handler: MessageHandler = () => {};

  async subscribe(filter: string, handler: MessageHandler): Promise<void> {
    if (filter.endsWith('/readings')) this.#handler = handler;
  }

  publish({ topic, payload }: Message): boolean {
    const [, , gateway = '', kind] = topic.split('/');
    if (kind === 'ack') this.onAck(gateway, JSON.parse(String(payload)) as Acknowledgement);
    return true;
  }

  onConnect(listener: () => void): void {
    listener();
  }

  deliver(topic: string, body: unknown): void {
    this.#handler(topic, Buffer.from(JSON.stringify(body)));
  }
}

function lateMs(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - LOOP_RESOLUTION_MS);
}
