/**
 * Days, or parts of them, that miss nothing, found in few questions: each hour row holds what it should, and so do the
 * quarter hours and, where there are none yet (the present, cut quarter hours), the values around. Most of a city is so.
 * What is not is left to a closer look (reading-counts.ts).
 *
 * Of a device one metric is read, the one that has most values on that day. As in the row of a day, one reading too many makes up for one
 * too few within the hour.
 */
import type { Period } from '../../../energy/calendar.ts';
import { expectedReadings } from '../../../energy/completeness/expected-readings.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { RollUpStore } from '../../../store/roll-up-store.ts';
import { Breather } from '../city/breather.ts';
import { timesOf } from './reading-times.ts';
import type { WatchedDevice } from './watched-devices.ts';

const HOUR_MS = 4 * QUARTER_MS;
const WIDTH_MS = { '15m': QUARTER_MS, '1h': HOUR_MS } as const;
/** Rows or values of one question to the store: the event loop is free between. */
const ROWS_PER_QUERY = 20_000;

export interface SuspectDay {
  readonly watched: WatchedDevice;
  /** The day, or the part of it that was asked for. */
  readonly period: Period;
  /** The one that has most values on that day. */
  readonly metric: string;
}

interface Question<Day> extends Period {
  readonly day: Day;
}

interface Questions<Day> {
  readonly '1h': Question<Day>[];
  readonly '15m': Question<Day>[];
  readonly values: Question<Day>[];
}

/**
 * Readings by beginning of their quarter hour of the days that may be whole; those that are not are absent. `rolledUpBefore`:
 * epoch milliseconds from which on values are read.
 */
export async function countWholeDays<Day extends SuspectDay>(
  store: RollUpStore,
  days: readonly Day[],
  rolledUpBefore: number,
): Promise<ReadonlyMap<Day, Map<number, number>>> {
  const countsByDay = new Map(days.map((day) => [day, new Map<number, number>()]));
  const questions: Questions<Day> = { '1h': [], '15m': [], values: [] };
  for (const day of days) ask(questions, day, floorTo(rolledUpBefore, QUARTER_MS));
  for (const width of ['1h', '15m'] as const) {
    await readRows(store, width, questions[width], countsByDay);
  }
  await readValues(
    store,
    questions.values.filter(({ day }) => countsByDay.has(day)),
    countsByDay,
  );
  return countsByDay;
}

/** From coarse to fine: whole hours, the quarter hours around them, the values of what is cut or young. */
function ask<Day extends SuspectDay>(questions: Questions<Day>, day: Day, young: number): void {
  const { from, to } = day.period;
  const add = (list: Question<Day>[], begin: number, end: number) => {
    if (begin < end) list.push({ day, from: begin, to: end });
  };
  const first = ceilTo(from, QUARTER_MS);
  const last = Math.min(floorTo(to, QUARTER_MS), young);
  if (last <= first) {
    add(questions.values, from, to);
    return;
  }
  add(questions.values, from, first);
  add(questions.values, last, to);
  const hours = { from: ceilTo(first, HOUR_MS), to: floorTo(last, HOUR_MS) };
  const hasHours = hours.from < hours.to;
  add(questions['15m'], first, hasHours ? hours.from : last);
  add(questions['1h'], hours.from, hours.to);
  if (hasHours) add(questions['15m'], hours.to, last);
}

/** A day with an hour that holds too much or too little is taken away; quarter hours may settle with their neighbours. */
async function readRows<Day extends SuspectDay>(
  store: RollUpStore,
  width: '1h' | '15m',
  questions: readonly Question<Day>[],
  countsByDay: Map<Day, Map<number, number>>,
): Promise<void> {
  const breather = new Breather();
  for (const some of portions(questions, ({ from, to }) => (to - from) / WIDTH_MS[width])) {
    const [{ from, to }] = some;
    const rows = await store.rollUps({ width, devices: some.map(keyOf), metrics: metricsOf(some), from, to });
    const countBySlot = new Map<string, number>();
    for (const { site, gateway, device, metric, start, count } of rows) {
      countBySlot.set(`${site}/${gateway}/${device}/${metric}/${start}`, count);
    }
    for (const { day } of some) {
      await breather.breathe();
      const { watched, metric } = day;
      const name = `${watched.site}/${watched.device.gateway}/${watched.device.id}/${metric}`;
      const counts = countsByDay.get(day);
      if (counts === undefined) continue;
      for (let start = from; start < to; start += WIDTH_MS[width]) {
        const count = countBySlot.get(`${name}/${start}`) ?? 0;
        if (width === '15m') counts.set(start, count);
        else if (count === expectedIn(watched, start, HOUR_MS)) spread(counts, watched, start);
        else countsByDay.delete(day);
      }
    }
  }
}

/** Over the quarter hours of an hour that holds what it should. */
function spread(counts: Map<number, number>, watched: WatchedDevice, hour: number): void {
  for (let start = hour; start < hour + HOUR_MS; start += QUARTER_MS) {
    counts.set(start, expectedIn(watched, start, QUARTER_MS));
  }
}

async function readValues<Day extends SuspectDay>(
  store: RollUpStore,
  questions: readonly Question<Day>[],
  countsByDay: ReadonlyMap<Day, Map<number, number>>,
): Promise<void> {
  const rowsOf = ({ day, from, to }: Question<Day>) => 1 + expectedIn(day.watched, from, to - from);
  for (const some of portions(questions, rowsOf)) {
    const from = Math.min(...some.map((one) => one.from));
    const to = Math.max(...some.map((one) => one.to));
    const timesByName = await timesOf(store, some.map(keyOf), { from, to }, metricsOf(some));
    for (const question of some) {
      const { gateway, device } = keyOf(question);
      const counts = countsByDay.get(question.day);
      for (const time of timesByName.get(`${gateway}/${device}`) ?? []) {
        if (time < question.from || time >= question.to) continue;
        const start = floorTo(time, QUARTER_MS);
        counts?.set(start, (counts.get(start) ?? 0) + 1);
      }
    }
  }
}

type Portion<T> = readonly [T, ...T[]];

/** Questions about the same quarter hours share one; it asks for about ROWS_PER_QUERY rows. */
function portions<Day extends SuspectDay>(
  questions: readonly Question<Day>[],
  rowsOf: (question: Question<Day>) => number,
): Portion<Question<Day>>[] {
  const alike = new Map<string, Question<Day>[]>();
  for (const one of questions) {
    const key = `${floorTo(one.from, QUARTER_MS)}/${ceilTo(one.to, QUARTER_MS)}`;
    getOrCreate(alike, key, () => []).push(one);
  }
  const found: Portion<Question<Day>>[] = [];
  for (const group of alike.values()) {
    let rows = Number.POSITIVE_INFINITY;
    let open: Question<Day>[] = [];
    for (const one of group) {
      rows += rowsOf(one);
      if (rows <= ROWS_PER_QUERY) {
        open.push(one);
        continue;
      }
      const begun: [Question<Day>] = [one];
      found.push(begun);
      [open, rows] = [begun, rowsOf(one)];
    }
  }
  return found;
}

function keyOf<Day extends SuspectDay>({ day }: Question<Day>): { gateway: string; device: string } {
  return { gateway: day.watched.device.gateway, device: day.watched.device.id };
}

function metricsOf<Day extends SuspectDay>(questions: readonly Question<Day>[]): string[] {
  return [...new Set(questions.map(({ day }) => day.metric))];
}

function expectedIn({ expectation }: WatchedDevice, start: number, lengthMs: number): number {
  return expectedReadings({ from: start, to: start + lengthMs }, expectation) ?? 0;
}

function floorTo(time: number, widthMs: number): number {
  return Math.floor(time / widthMs) * widthMs;
}

function ceilTo(time: number, widthMs: number): number {
  return Math.ceil(time / widthMs) * widthMs;
}
