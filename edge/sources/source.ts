/** A source is how bytes arrive at the gateway: a broker on site, a simulated device, later Modbus, BACnet, HTTP. */
import type { Health } from '../../contract/health.ts';

/** A reading as a source hands it over; without `time` the gateway dates it by its own confirmed clock. */
export interface SourceReading {
  readonly device: string;
  /** Epoch milliseconds UTC, if the source knows. */
  readonly time?: number;
  /** Clock.monotonicMs() when taken, for a reading without `time` that waited in the source; now if absent. */
  readonly takenMonotonicMs?: number;
  readonly values: Readonly<Record<string, number>>;
}

export interface ReadingSink {
  /**
   * Resolves when the readings are on disk; with `cursor`, the source's place is written in the same transaction.
   * Throws when the disk refuses: the source keeps the readings or says that they are lost, and counts them.
   */
  append(readings: readonly SourceReading[], cursor?: string): Promise<void>;
  /** The cursor last written by this source, durable. */
  cursor(): string | undefined;
}

export type SourceState = Health['sources'][number];

export interface Source {
  readonly name: string;
  /** Begins to deliver; reaching the other side may take longer and is told by `state()`. */
  start(sink: ReadingSink): Promise<void>;
  stop(): Promise<void>;
  state(): SourceState;
}
