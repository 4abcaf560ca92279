/** The published vectors (docs/energy.md, "Vectors"): in one go, by the plain table, and cut at every quarter hour. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { metricById } from '../../contract/metrics.ts';
import { type CivilWidth, periodAt } from '../../energy/calendar.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import { type CounterEvent, type CounterSlots, countValues } from '../../energy/counting/count-values.ts';
import { counterFigures, type FoldedRow, foldRows, gaugeFigures } from '../../energy/counting/figures.ts';
import { gaugeSlots } from '../../energy/counting/gauge-slots.ts';
import { effectiveTime, type MeterFacts, type MeterRules, meterRules } from '../../energy/counting/meter-rules.ts';
import { type SlotWindow, slotOf, startOfSlot } from '../../energy/counting/slots.ts';
import { METER_DECISIONS } from '../../register/model.ts';
import { plainCount } from './plain-count.ts';

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'energy');
const HOUR_MS = 4 * QUARTER_MS;

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const number = z.number();
const VALUE_COLUMNS = ['count', 'expected', 'min', 'mean', 'max', 'last', 'coverage'] as const;
const COUNTER_COLUMNS = ['consumption', 'interpolated', 'estimated', 'peak', 'peak_at'] as const;
const figure = z.enum(['start', ...VALUE_COLUMNS, ...COUNTER_COLUMNS]);
const INSTANTS = new Set(['start', 'peak_at']);
/** Rows as objects, instants as epoch milliseconds. */
const table = z
  .strictObject({ columns: z.array(figure).min(1), rows: z.array(z.array(z.union([z.string(), number, z.null()]))) })
  .transform(({ columns, rows }) => ({
    columns,
    rows: rows.map((row) =>
      Object.fromEntries(
        columns.map((name, place) => {
          const cell = row[place];
          return [name, INSTANTS.has(name) && typeof cell === 'string' ? Date.parse(cell) : cell];
        }),
      ),
    ),
  }));
type Table = z.infer<typeof table>;
const metric = z.string().refine((id) => metricById.has(id));
const readOnSwap = { metric, at: instant, last: number.optional(), first: number.optional() };
const seriesSchema = z.strictObject({
  metric,
  interval_s: number.optional(),
  interval_stamp: z.enum(['begin', 'end']).optional(),
  meter: z
    .strictObject({
      multiplier: number.optional(),
      register_limit: number.optional(),
      max_per_hour: number.optional(),
      swaps: z.array(z.strictObject({ ...readOnSwap, multiplier: number.optional() })).optional(),
    })
    .optional(),
  decisions: z
    .array(z.strictObject({ ...readOnSwap, decision: z.enum(METER_DECISIONS), estimate: number.optional() }))
    .optional(),
  readings: z.array(z.tuple([instant, number])),
  quarters: table,
  hours: table,
  days: table,
  events: z.array(
    z.strictObject({
      kind: z.string(),
      from: instant,
      at: instant,
      before: number,
      after: number,
      booked: number,
      decided_by: z.enum(['rule', 'person']),
    }),
  ),
});
const vectorSchema = z.strictObject({ says: z.string(), zone: z.string(), series: z.array(seriesSchema).min(1) });
type Vector = z.infer<typeof vectorSchema>;
type Series = Vector['series'][number];

const vectors = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json'))
  .map((name): [string, Vector] => [name, vectorSchema.parse(JSON.parse(readFileSync(join(FOLDER, name), 'utf8')))]);

function factsOf({ metric: id, interval_s, interval_stamp, meter, decisions }: Series): MeterFacts {
  const intervalMs = interval_s === undefined ? undefined : interval_s * 1_000;
  return { metric: id, intervalMs, intervalStamp: interval_stamp, meter, decisions };
}

/** As a store would hand them over: by time, the last that came of an instant. */
function stored({ readings }: Series) {
  const sorted = [...new Map(readings)].sort(([one], [other]) => one - other);
  return {
    times: Float64Array.from(sorted, ([time]) => time),
    values: Float64Array.from(sorted, ([, value]) => value),
  };
}

/** All that the readings touch, and whole hours and days of it. */
function windowOf(times: Float64Array, rules: MeterRules, zone: string): SlotWindow {
  const from = periodAt(effectiveTime(times[0] ?? 0, rules) - 1, 'day', zone).from;
  const { to } = periodAt(effectiveTime(times.at(-1) ?? 0, rules), 'day', zone);
  return { firstSlot: slotOf(from), slots: (to - from) / QUARTER_MS };
}

function rowsOf(figures: (place: number) => Omit<FoldedRow, 'start'>, { firstSlot, slots }: SlotWindow): FoldedRow[] {
  return Array.from({ length: slots }, (_, place) => ({ ...figures(place), start: startOfSlot(firstSlot + place) }));
}

function foldBy(quarters: readonly FoldedRow[], rules: MeterRules, periodOf: (time: number) => [number, number]) {
  const periods = new Map(quarters.map(({ start }) => periodOf(start)));
  return [...periods].map(([from, to]) => {
    const rows = quarters.filter(({ start }) => start >= from && start < to);
    return { ...foldRows(rows, { rules, wholeMs: to - from }), start: from };
  });
}

/** Of the rows of which anything is known, the columns that a vector names. */
function expectTable(rows: readonly FoldedRow[], { columns, rows: wanted }: Table, isCounter: boolean): void {
  const found = rows
    .filter(({ count, consumption }) => (isCounter ? consumption !== null : count > 0))
    .map(({ peakAt, position: _, ...figures }) => ({ ...figures, peak_at: peakAt }))
    .map((figures) => Object.fromEntries(columns.map((name) => [name, figures[name as keyof typeof figures]])));
  expect(found).toEqual(wanted);
}

function expectRows(quarters: readonly FoldedRow[], series: Series, rules: MeterRules, zone: string): void {
  const isCounter = rules.kind === 'counter';
  const civil = (width: CivilWidth) => (time: number) => Object.values(periodAt(time, width, zone)) as [number, number];
  const hours = foldBy(quarters, rules, (time) => {
    const from = Math.floor(time / HOUR_MS) * HOUR_MS;
    return [from, from + HOUR_MS];
  });
  expectTable(quarters, series.quarters, isCounter);
  expectTable(hours, series.hours, isCounter);
  expectTable(foldBy(quarters, rules, civil('day')), series.days, isCounter);
}

function eventsOf(events: readonly CounterEvent[]) {
  return events.map(({ decidedBy, ...event }) => ({ ...event, decided_by: decidedBy }));
}

/** Each quarter hour counted alone, from the position that the one before it ended with. */
function countCut(input: { times: Float64Array; values: Float64Array; rules: MeterRules; window: SlotWindow }) {
  const quarters: FoldedRow[] = [];
  const events: CounterEvent[] = [];
  let before: CounterSlots | undefined;
  for (let place = 0; place < input.window.slots; place++) {
    const window = { firstSlot: input.window.firstSlot + place, slots: 1 };
    before = countValues({ ...input, window, position: before?.positions[0] });
    const slots = before;
    quarters.push(...rowsOf((at) => counterFigures(slots, at, input.rules), window));
    events.push(...before.events);
  }
  return { quarters, events };
}

describe('the published vectors', () => {
  it('are there', () => expect(vectors.length).toBeGreaterThan(40));

  const all = vectors.flatMap(([name, { says, zone, series }]) =>
    series.map((one): [string, Series, string] => [`${name} (${one.metric}): ${says}`, one, zone]),
  );

  it.each(all)('%s', (_, one, zone) => {
    const rules = meterRules(factsOf(one));
    const { times, values } = stored(one);
    const window = windowOf(times, rules, zone);
    if (rules.kind !== 'counter') {
      const slots = gaugeSlots({ times, values, rules, window });
      expectRows(
        rowsOf((place) => gaugeFigures(slots, place, rules), window),
        one,
        rules,
        zone,
      );
      return;
    }
    const slots = countValues({ times, values, rules, window, position: undefined });
    expectRows(
      rowsOf((place) => counterFigures(slots, place, rules), window),
      one,
      rules,
      zone,
    );
    expect(eventsOf(slots.events)).toEqual(one.events);

    const cut = countCut({ times, values, rules, window });
    expectRows(cut.quarters, one, rules, zone);
    expect(eventsOf(cut.events)).toEqual(one.events);

    const readings = one.readings.map(([time, value]) => ({ time, value }));
    const plain = plainCount(readings, factsOf(one), metricById.get(one.metric)?.decimals ?? 0);
    expect(eventsOf(plain.events)).toEqual(one.events);
    const known = [...plain.quarters].sort(([first], [second]) => first - second);
    expect(known.map(([start, { amount = 0 }]) => [start, amount / rules.scale])).toEqual(
      one.quarters.rows.map(({ start, consumption }) => [start, consumption]),
    );
  });
});
