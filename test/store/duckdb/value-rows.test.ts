import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowsFor, sortRows } from '../../../store/duckdb/value-rows.ts';

describe('rows of values', () => {
  it('are sorted by time, at the same time by commit, wherever they lie', async () => {
    const row = fc.record({ time: fc.integer({ min: -9, max: 9 }), value: fc.double({ noNaN: true }) });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), fc.nat(5), fc.boolean(), async (made, before, isLate) => {
        const rows = rowsFor(before + made.length + 3);
        rows.times.fill(-1_000);
        for (const [i, { time, value }] of made.entries()) {
          rows.times[before + i] = time;
          rows.values[before + i] = value;
          rows.orders[before + i] = isLate ? made.length - i : i;
        }
        const end = before + made.length;
        await sortRows(rows, { start: before, end }, async () => {});
        const expected = made.map((one, i) => ({ ...one, order: isLate ? made.length - i : i }));
        expected.sort((a, b) => a.time - b.time || a.order - b.order);
        expect([...rows.times.subarray(before, end)]).toEqual(expected.map(({ time }) => time));
        expect([...rows.orders.subarray(before, end)]).toEqual(expected.map(({ order }) => order));
        expect([...rows.values.subarray(before, end)]).toEqual(expected.map(({ value }) => value));
        expect([...rows.times.subarray(0, before), ...rows.times.subarray(end)]).toEqual(
          Array(before + 3).fill(-1_000),
        );
      }),
    );
  });

  it('let others have their turn while they are merged', async () => {
    const count = 1_000;
    const rows = rowsFor(count);
    for (let i = 0; i < count; i++) rows.times[i] = (i * 7_919) % count;
    const turns: number[] = [];
    await sortRows(rows, { start: 0, end: count }, async (merged) => {
      turns.push(merged);
    });
    expect(rows.times).toEqual(Float64Array.from({ length: count }, (_, i) => i));
    expect(turns.length).toBeGreaterThan(10);
    expect(Math.max(...turns)).toBe(count);
  });
});
