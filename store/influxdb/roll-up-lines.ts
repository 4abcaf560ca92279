/** Roll-ups and meter events as line protocol, times in milliseconds; names as in roll-up-names.ts. */
import { metricById } from '../../contract/metrics.ts';
import type { MeterEvent, MeterEventKey, RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import { StoreFailure } from '../telemetry-store.ts';
import { FIRST_TIME_MS, LAST_TIME_MS, spelled, spelledNumber } from './line-protocol.ts';
import type { PointLine } from './refused-points.ts';
import { METER_EVENTS, ROLL_UP_FIELDS, rollUpMeasurement, rollUpNumbers } from './roll-up-names.ts';

/** Beyond this many names the cache starts afresh. */
const CACHED_NAMES = 200_000;

const ERASED = { kind: '', from: 0, before: 0, after: 0, booked: 0, decidedBy: '' } as const;

export class RollUpLines {
  readonly #spelledByName = new Map<string, string>();
  /** Rows come series by series: measurement and tags of the one before are mostly those of the next. */
  #prefix: { readonly key: RollUp; readonly width: RollUpWidth; readonly text: string } | undefined;

  /** Throws StoreFailure `misconfigured` for what cannot be written. */
  ofRow(row: RollUp, width: RollUpWidth): PointLine {
    const place = () => `the ${width} row of ${row.gateway}/${row.device} ${row.metric}`;
    const numbers = rollUpNumbers(row);
    let text = this.#rowPrefix(row, width);
    for (let i = 0; i < numbers.length; i++) {
      text += `${i === 0 ? ' ' : ','}${ROLL_UP_FIELDS[i]}=${finite(numbers[i] as number, ROLL_UP_FIELDS[i], place)}`;
    }
    return { text: `${text} ${storable(row.start, place)}`, time: row.start };
  }

  ofEvent(event: MeterEvent): PointLine {
    return this.#event(event, event);
  }

  /** Takes the event of this key away. */
  ofErased(key: MeterEventKey): PointLine {
    return this.#event(key, ERASED);
  }

  #event(key: MeterEventKey, event: Pick<MeterEvent, 'from' | 'before' | 'after' | 'booked'> & EventWords): PointLine {
    const place = () => `the meter event of ${key.gateway}/${key.device} ${key.metric}`;
    const { from, before, after, booked } = event;
    const fields = Object.entries({ from, before, after, booked }).map(
      ([name, value]) => `${name}=${finite(value, name, place)}`,
    );
    const text =
      `${METER_EVENTS},device=${this.#name(key.device)},gateway=${this.#name(key.gateway)},metric=${this.#name(key.metric)} ` +
      `kind="${event.kind}",${fields.join(',')},decided_by="${event.decidedBy}" ${storable(key.at, place)}`;
    return { text, time: key.at };
  }

  #rowPrefix(row: RollUp, width: RollUpWidth): string {
    const before = this.#prefix;
    if (
      before !== undefined &&
      before.width === width &&
      before.key.metric === row.metric &&
      before.key.device === row.device &&
      before.key.gateway === row.gateway &&
      before.key.site === row.site
    ) {
      return before.text;
    }
    const metric = metricById.get(row.metric);
    if (metric === undefined) throw unwritable(`a roll-up of ${row.metric}, which is not in the catalogue`);
    const text =
      `${rollUpMeasurement(metric.family, width)},device=${this.#name(row.device)},gateway=${this.#name(row.gateway)},` +
      `metric=${this.#name(row.metric)},site=${this.#name(row.site)}`;
    this.#prefix = { key: row, width, text };
    return text;
  }

  #name(name: string): string {
    if (this.#spelledByName.size >= CACHED_NAMES) this.#spelledByName.clear();
    return getOrCreate(this.#spelledByName, name, () => {
      try {
        return spelled(name, 'key');
      } catch (error) {
        throw unwritable((error as Error).message);
      }
    });
  }
}

interface EventWords {
  readonly kind: string;
  readonly decidedBy: string;
}

function finite(value: number, field: string | undefined, place: () => string): string {
  if (!Number.isFinite(value))
    throw unwritable(`${field} of ${place()} is ${value}; InfluxDB keeps finite numbers only`);
  return spelledNumber(value);
}

function storable(time: number, place: () => string): number {
  if (Number.isSafeInteger(time) && time >= FIRST_TIME_MS && time <= LAST_TIME_MS) return time;
  throw unwritable(`the time ${time} of ${place()} is no whole millisecond of the years 1677 to 2262`);
}

function unwritable(words: string): StoreFailure {
  return new StoreFailure('misconfigured', `Roll-ups cannot be written: ${words}.`);
}
