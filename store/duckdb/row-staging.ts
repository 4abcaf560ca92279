/** The rows of one commit, as columns in the layout of the table. The buffers are used again for the next. */
import { BIGINT, DOUBLE, type DuckDBConnection, UINTEGER } from '@duckdb/node-api';
import type { Reading } from '../../contract/reading.ts';
import { WHOLE_BATCH } from '../../contract/verdicts.ts';
import type { AdmittedBatch } from '../telemetry-store.ts';
import type { CommitOrder } from './commit-order.ts';
import type { LatestValues } from './latest-values.ts';
import type { DeviceSeries, SeriesDictionary } from './series-dictionary.ts';
import { grown, TableAppender, takeInteger } from './table-appender.ts';

const FIRST_CAPACITY = 16_384;
const TWO_32 = 4_294_967_296;

/** 64-bit integers as two halves per row, low first. */
interface Columns {
  readonly time: Uint32Array;
  readonly series: Uint32Array;
  readonly value: Float64Array;
  readonly order: Uint32Array;
}

export class RowStaging {
  readonly #appender = new TableAppender('reading_values', [BIGINT, UINTEGER, DOUBLE, BIGINT]);
  #rows = 0;
  #columns: Columns = {
    time: new Uint32Array(2 * FIRST_CAPACITY),
    series: new Uint32Array(FIRST_CAPACITY),
    value: new Float64Array(FIRST_CAPACITY),
    order: new Uint32Array(2 * FIRST_CAPACITY),
  };

  get rows(): number {
    return this.#rows;
  }

  clear(): void {
    this.#rows = 0;
  }

  /** Adds the readings of a batch but for the rejected. */
  add(batch: AdmittedBatch, dictionary: SeriesDictionary, order: CommitOrder): void {
    const { gateway, readings, rejected } = batch;
    if (rejected[0]?.index === WHOLE_BATCH) return;
    const devices = dictionary.gateway(gateway);
    let rejection = 0;
    for (let index = 0; index < readings.length; index++) {
      if (rejected[rejection]?.index === index) {
        rejection++;
        continue;
      }
      const reading = readings[index] as Reading;
      const device = devices.get(reading.device) ?? dictionary.device(gateway, reading.device);
      this.#addReading(reading, device, dictionary, order);
    }
  }

  async append(connection: DuckDBConnection): Promise<void> {
    const { time, series, value, order } = this.#columns;
    await this.#appender.append(connection, [time, series, value, order], this.#rows);
  }

  /** Once committed. */
  observe(latest: LatestValues): void {
    const { time, series, value } = this.#columns;
    for (let row = 0; row < this.#rows; row++) {
      latest.observe(series[row] as number, takeInteger(time, row), value[row] as number);
    }
  }

  #addReading(reading: Reading, device: DeviceSeries, dictionary: SeriesDictionary, order: CommitOrder): void {
    const { time, values } = reading;
    const { metrics, ids } = device;
    const timeHigh = Math.floor(time / TWO_32);
    const orderHigh = order.opening;
    const orderLow = order.next();
    let columns = this.#columns;
    let row = this.#rows;
    let position = 0;
    for (const metric in values) {
      if (row === columns.series.length) columns = this.#grow();
      const id =
        metrics[position] === metric
          ? (ids[position] as number)
          : (device.find(metric) ?? dictionary.add(device, metric));
      position++;
      columns.time[2 * row] = time;
      columns.time[2 * row + 1] = timeHigh;
      columns.series[row] = id;
      columns.value[row] = values[metric] as number;
      columns.order[2 * row] = orderLow;
      columns.order[2 * row + 1] = orderHigh;
      row++;
    }
    this.#rows = row;
  }

  #grow(): Columns {
    const { time, series, value, order } = this.#columns;
    const capacity = 2 * series.length;
    this.#columns = {
      time: grown(time, 2 * capacity),
      series: grown(series, capacity),
      value: grown(value, capacity),
      order: grown(order, 2 * capacity),
    };
    return this.#columns;
  }
}
