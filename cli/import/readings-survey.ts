/** What a file holds, found out before anything is sent: counts, span, range of each metric, and every fault. */
import { createHash } from 'node:crypto';
import type { Reading } from '../../contract/reading.ts';
import type { ImportFault } from '../../register/import/import-fault.ts';
import type { ColumnMapping } from './column-mapping.ts';
import type { RowOutcome } from './reading-rows.ts';

/** Faults that are kept with their words; all are counted. */
const MOST_FAULTS = 1_000;
/** A register falls at a reset. A column that falls this often is consumption per interval. */
const FALLING_SHARE = 0.05;

export interface MetricSurvey {
  readonly mapping: ColumnMapping;
  count: number;
  min: number;
  max: number;
  /** How often a value is below the one before it of the same device. */
  falls: number;
}

export class ReadingsSurvey {
  rows = 0;
  readings = 0;
  /** Rows without a value in any mapped column. */
  empty = 0;
  refused = 0;
  firstMs = Number.POSITIVE_INFINITY;
  lastMs = Number.NEGATIVE_INFINITY;
  /** False when a device goes back and forth in time, so that the order of its rows says which value counts. */
  isInOrder = true;
  readonly faults: ImportFault[] = [];
  readonly metrics: readonly MetricSurvey[];
  readonly #lastByDevice = new Map<string, { time: number; direction: number; values: Reading['values'] }>();
  readonly #refusals = createHash('sha256');

  constructor(mappings: readonly ColumnMapping[]) {
    const [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    this.metrics = mappings.map((mapping) => ({ mapping, count: 0, min, max, falls: 0 }));
  }

  take(line: number, outcome: RowOutcome): void {
    this.rows++;
    if (outcome === undefined) this.empty++;
    else if ('device' in outcome) this.#takeReading(outcome);
    else {
      this.refused++;
      this.#refusals.update(`${line},`);
      if (this.faults.length < MOST_FAULTS) this.faults.push(...outcome);
    }
  }

  /** Tells which rows were refused: with others refused, the batches hold other readings. */
  refusalDigest(): string {
    return this.#refusals.copy().digest('hex');
  }

  get devices(): number {
    return this.#lastByDevice.size;
  }

  /** Counters that look like consumption per interval. */
  suspects(): MetricSurvey[] {
    return this.metrics.filter(
      ({ mapping, count, falls }) => mapping.metric.kind === 'counter' && falls > 3 && falls > FALLING_SHARE * count,
    );
  }

  #takeReading(reading: Reading): void {
    const { device, time, values } = reading;
    this.readings++;
    this.firstMs = Math.min(this.firstMs, time);
    this.lastMs = Math.max(this.lastMs, time);
    const last = this.#lastByDevice.get(device);
    const direction = last === undefined ? 0 : Math.sign(time - last.time);
    if (last !== undefined && (direction === 0 || direction === -last.direction)) this.isInOrder = false;
    for (const survey of this.metrics) {
      const { id } = survey.mapping.metric;
      const value = values[id];
      if (value === undefined) continue;
      survey.count++;
      survey.min = Math.min(survey.min, value);
      survey.max = Math.max(survey.max, value);
      const before = last?.values[id];
      if (before !== undefined && (direction < 0 ? before < value : value < before)) survey.falls++;
    }
    this.#lastByDevice.set(device, { time, direction, values });
  }
}
