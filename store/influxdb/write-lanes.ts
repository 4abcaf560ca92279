/**
 * Write lanes: requests in flight at once, one per lane. A gateway is always in the same lane, and a lane writes one
 * request after the other, so that no two requests in flight ever hold the same point and the later commit wins.
 */
import type { RejectedReading } from '../../contract/verdicts.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import { type AdmittedBatch, StoreFailure } from '../telemetry-store.ts';
import type { InfluxdbTarget } from './influxdb-options.ts';
import type { InfluxdbTransport } from './influxdb-transport.ts';
import { LineProtocol } from './line-protocol.ts';
import { writeAround } from './refused-points.ts';
import { type ServerVersion, WriteChannel } from './write-channel.ts';
import { type Line, linesOf, type WriteRequest, writeRequests } from './write-request.ts';

/** Refused readings of each batch that has any, in rising order of index. */
export type RefusedByBatch = ReadonlyMap<AdmittedBatch, readonly RejectedReading[]>;

/** Asked in the lane, not before it, so that commits enter their lanes in the order in which they came. */
export type AskVersion = () => Promise<ServerVersion>;

const SMALLEST_REQUEST_CHARS = 65_536;

export class WriteLanes {
  readonly #target: InfluxdbTarget;
  readonly #lanes: readonly Lane[];

  constructor(target: InfluxdbTarget, transport: InfluxdbTransport) {
    this.#target = target;
    this.#lanes = Array.from({ length: target.lanes }, () => new Lane(target, transport));
  }

  /**
   * Writes every reading that was not rejected; resolves when the server has answered all with its 2xx, but for
   * those it refused. Throws StoreFailure; by then no lane is still writing these batches.
   */
  async write(batches: readonly AdmittedBatch[], version: AskVersion): Promise<RefusedByBatch> {
    const byLane = new Map<Lane, AdmittedBatch[]>();
    for (const batch of batches) {
      const lane = this.#lanes[hash(batch.gateway) % this.#target.lanes] as Lane;
      getOrCreate(byLane, lane, (): AdmittedBatch[] => []).push(batch);
    }
    const refused = new Map<AdmittedBatch, Map<number, RejectedReading>>();
    const refuse = (batch: AdmittedBatch, rejected: RejectedReading): void => {
      getOrCreate(refused, batch, () => new Map()).set(rejected.index, rejected);
    };
    const outcomes = await Promise.allSettled([...byLane].map(([lane, own]) => lane.write(own, version, refuse)));
    throwWorst(outcomes);
    return new Map(
      [...refused].map(([batch, byIndex]) => [batch, [...byIndex.values()].sort((a, b) => a.index - b.index)]),
    );
  }
}

class Lane {
  readonly #channel: WriteChannel;
  readonly #protocol = new LineProtocol();
  /** Halved when the server finds a request too large. */
  #limits: { requestReadings: number; requestChars: number };
  #tail: Promise<void> = Promise.resolve();

  constructor(target: InfluxdbTarget, transport: InfluxdbTransport) {
    this.#channel = new WriteChannel(target, transport);
    this.#limits = target;
  }

  write(
    batches: readonly AdmittedBatch[],
    version: AskVersion,
    refuse: (batch: AdmittedBatch, rejected: RejectedReading) => void,
  ): Promise<void> {
    const written = this.#tail.then(async () => {
      for (const request of writeRequests(batches, this.#limits, this.#protocol, refuse)) {
        await this.#writeRequest(request, await version(), refuse);
      }
    });
    this.#tail = written.catch(() => {});
    return written;
  }

  async #writeRequest(
    request: WriteRequest,
    version: ServerVersion,
    refuse: (batch: AdmittedBatch, rejected: RejectedReading) => void,
  ): Promise<void> {
    const refusal = await this.#channel.send(request.body, version);
    if (refusal === undefined) return;
    if (refusal.kind === 'too-large') {
      const requestChars = Math.max(SMALLEST_REQUEST_CHARS, Math.floor(request.body.length / 2));
      this.#limits = { requestReadings: this.#limits.requestReadings, requestChars };
    }
    const write = (lines: readonly Line[]) => this.#channel.send(lines.map(({ text }) => text).join('\n'), version);
    const bad = await writeAround(linesOf(request, this.#protocol), refusal, write);
    for (const [line, words] of bad) refuse(line.batch, { index: line.index, reason: 'store-refused', detail: words });
  }
}

/** What somebody must mend comes before what time may heal. */
function throwWorst(outcomes: readonly PromiseSettledResult<void>[]): void {
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  if (failures.length === 0) return;
  throw failures.find((failure) => failure instanceof StoreFailure && failure.kind === 'misconfigured') ?? failures[0];
}

/** FNV-1a over the UTF-16 units. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}
