import { describe, expect, it } from 'vitest';
import { ROLL_UP_WIDTHS } from '../../../contract/roll-up.ts';
import { partsOf, type UpdatePart } from '../../../store/duckdb/roll-up-parts.ts';
import { SeriesDictionary } from '../../../store/duckdb/series-dictionary.ts';
import { NOON } from '../../builders.ts';
import { aMeterEvent, anEmptyRollUp, anUpdate, aRollUp } from '../../roll-up-builders.ts';

const QUARTER = 900_000;

describe('the parts of an update', () => {
  it('hold each series whole, and together every row and event once', async () => {
    const dictionary = new SeriesDictionary();
    const rows = Array.from({ length: 700 }, (_, i) =>
      aRollUp({ device: `meter-${i % 7}`, start: NOON + Math.floor(i / 7) * QUARTER }),
    );
    const days = rows.filter((_, i) => i < 7);
    const events = days.map(({ device }) => aMeterEvent({ device }));
    const parts = await partsOf(anUpdate({ '15m': rows, '1d': days, events }), dictionary, 250);
    expect(parts.map(sizeOf)).toEqual([204, 204, 204, 102]);
    const partOf = new Map<number, number>();
    for (const [i, part] of parts.entries()) {
      const series = [
        ...ROLL_UP_WIDTHS.flatMap((w) => part.rows[w].series),
        ...part.events.map((event) => event.series),
      ];
      for (const id of series) expect(partOf.get(id) ?? i).toBe(i);
      for (const id of series) partOf.set(id, i);
      for (const width of ROLL_UP_WIDTHS) {
        const named = part.rows[width].rows.map((row) => dictionary.find(row));
        expect(part.rows[width].series).toEqual(named);
      }
    }
    expect(new Set(parts.flatMap((part) => part.rows['15m'].rows))).toEqual(new Set(rows));
    expect(parts.flatMap((part) => part.rows['1d'].rows)).toEqual(days);
    expect(parts.flatMap((part) => part.events)).toHaveLength(7);
  });

  it('are one for a series that alone has more rows than a part', async () => {
    const rows = Array.from({ length: 30 }, (_, i) => aRollUp({ start: NOON + i * QUARTER }));
    const others = ['a', 'b'].map((device) => aRollUp({ device }));
    const parts = await partsOf(anUpdate({ '15m': [others[0]!, ...rows, others[1]!] }), new SeriesDictionary(), 10);
    expect(parts.map(sizeOf)).toEqual([1, 30, 1]);
  });

  it('name no key twice: the last of an update counts', async () => {
    const dictionary = new SeriesDictionary();
    const [first, other, last] = [aRollUp({ count: 1 }), aRollUp({ site: 'city-hall' }), aRollUp({ count: 2 })];
    const event = aMeterEvent({ kind: 'swap' });
    const update = anUpdate({ '15m': [first, other, last], events: [aMeterEvent(), event], erasedEvents: [event] });
    const [part, ...more] = await partsOf(update, dictionary);
    expect(more).toEqual([]);
    expect(part?.rows['15m'].rows).toEqual([last, other]);
    expect(part?.events).toEqual([{ at: event.at, series: 0, event }]);
  });

  it('hold nothing for what is erased of series that are not known, and make no series of them', async () => {
    const dictionary = new SeriesDictionary();
    const erased = { '15m': [anEmptyRollUp()], erasedEvents: [aMeterEvent()] };
    expect(await partsOf(anUpdate(erased), dictionary)).toEqual([]);
    expect(dictionary.size).toBe(0);
  });
});

function sizeOf(part: UpdatePart): number {
  return ROLL_UP_WIDTHS.reduce((sum, width) => sum + part.rows[width].rows.length, part.events.length);
}
