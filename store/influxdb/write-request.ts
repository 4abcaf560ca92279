/** Batches cut into write requests, in their order, each built only when the one before it was answered. */
import { type RejectedReading, WHOLE_BATCH } from '../../contract/verdicts.ts';
import type { AdmittedBatch } from '../telemetry-store.ts';
import type { LineProtocol } from './line-protocol.ts';
import type { PointLine } from './refused-points.ts';

export interface WriteRequest {
  readonly batches: readonly AdmittedBatch[];
  readonly body: string;
}

/** One line of a request and the reading it came from. */
export interface Line extends PointLine {
  readonly batch: AdmittedBatch;
  readonly index: number;
}

export type Refuse = (batch: AdmittedBatch, rejected: RejectedReading) => void;

/** Yields requests of whole batches. Readings that have no line are handed to `refuse`. */
export function* writeRequests(
  batches: readonly AdmittedBatch[],
  limits: { readonly requestReadings: number; readonly requestChars: number },
  protocol: LineProtocol,
  refuse: Refuse,
): Generator<WriteRequest> {
  let taken: AdmittedBatch[] = [];
  let lines: string[] = [];
  let chars = 0;
  let readings = 0;
  for (const batch of batches) {
    const gateway = protocol.of(batch.gateway);
    const skipped = skippedIndexes(batch);
    if (skipped.has(WHOLE_BATCH)) continue;
    taken.push(batch);
    readings += batch.readings.length;
    for (const [index, reading] of batch.readings.entries()) {
      if (skipped.size > 0 && skipped.has(index)) continue;
      const line = gateway.lines(reading);
      if (typeof line !== 'string') refuse(batch, { index, ...line });
      else if (line !== '') {
        lines.push(line);
        chars += line.length + 1;
      }
    }
    if (readings >= limits.requestReadings || chars >= limits.requestChars) {
      if (lines.length > 0) yield { batches: taken, body: lines.join('\n') };
      taken = [];
      lines = [];
      chars = 0;
      readings = 0;
    }
  }
  if (lines.length > 0) yield { batches: taken, body: lines.join('\n') };
}

/** The lines of a request, each with its reading. */
export function linesOf(request: WriteRequest, protocol: LineProtocol): Line[] {
  const found: Line[] = [];
  for (const batch of request.batches) {
    const gateway = protocol.of(batch.gateway);
    const skipped = skippedIndexes(batch);
    for (const [index, reading] of batch.readings.entries()) {
      const lines = skipped.has(index) ? '' : gateway.lines(reading);
      if (typeof lines !== 'string' || lines === '') continue;
      for (const text of lines.split('\n')) found.push({ text, time: reading.time, batch, index });
    }
  }
  return found;
}

const NONE: ReadonlySet<number> = new Set();

/** Indexes that admission rejected; WHOLE_BATCH among them means all. */
export function skippedIndexes(batch: AdmittedBatch): ReadonlySet<number> {
  return batch.rejected.length === 0 ? NONE : new Set(batch.rejected.map(({ index }) => index));
}
