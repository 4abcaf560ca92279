/** What a fleet counts, all its gateways together. Plain numbers, since every reading passes here. */
import { LatencyHistogram } from './latency-histogram.ts';

export class FleetBooks {
  /** Readings: produced = stored + rejected + buffered; what is buffered the gateways know. */
  produced = 0;
  stored = 0;
  readonly rejected: Record<string, number> = {};
  /** Readings that were not produced because too much was buffered. */
  heldBack = 0;
  /** Readings on the wire, each sending counted. */
  sent = 0;
  /** Batches that were sent again. */
  resent = 0;
  /** Batches that ingest asked to send later, by reason. */
  readonly later: Record<string, number> = {};
  /** Characters of the batches that are buffered. */
  bufferedCharacters = 0;
  connected = 0;
  connects = 0;
  /** Connections that failed or ended, and messages that were not understood, by reason. */
  readonly errors: Record<string, number> = {};
  /** From the numbering of a batch to its acknowledgement: whatever it waited for is in it. */
  readonly latency = new LatencyHistogram();
  /** The same, since somebody looked last. */
  readonly recent = new LatencyHistogram();

  reject(reason: string, readings: number): void {
    this.rejected[reason] = (this.rejected[reason] ?? 0) + readings;
  }

  postpone(reason: string): void {
    this.later[reason] = (this.later[reason] ?? 0) + 1;
  }

  fail(reason: string): void {
    this.errors[reason] = (this.errors[reason] ?? 0) + 1;
  }

  settled(latencyMs: number): void {
    this.latency.record(latencyMs);
    this.recent.record(latencyMs);
  }
}
