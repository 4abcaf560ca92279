import { expect } from 'vitest';
import type { RollUpStore } from '../../../store/roll-up-store.ts';
import { anUpdate } from '../../roll-up-builders.ts';
import { theHour, theUpdate } from './numbered-updates.ts';

const EVERYTHING = { from: 0, to: 1e14 };

/** Asserts that the store holds the updates 1 to n whole and nothing else. Returns n. */
export async function expectWholeUpdates(store: RollUpStore): Promise<number> {
  const [first] = await store.rollUps({ width: '1d', ...EVERYTHING });
  const n = first?.count ?? 0;
  const expected = n === 0 ? anUpdate({}) : theUpdate(n);
  for (const width of ['15m', '1d'] as const) {
    const rows = await store.rollUps({ width, ...EVERYTHING });
    const written = expected.rows[width].filter(({ count }) => count > 0);
    expect(rows.length, `${width} rows after update ${n}`).toBe(written.length);
    expect(new Set(rows.map(named))).toEqual(new Set(written.map(named)));
  }
  const hours = await store.rollUps({ width: '1h', ...EVERYTHING });
  expect([...hours].sort((a, b) => a.count - b.count)).toEqual(Array.from({ length: n }, (_, i) => theHour(i + 1)));
  expect((await store.meterEvents(EVERYTHING)).map(named).sort()).toEqual(expected.events.map(named).sort());
  return n;
}

function named(row: { gateway: string; device: string; start?: number; at?: number; count?: number; booked?: number }) {
  return JSON.stringify([row.gateway, row.device, row.start ?? row.at, row.count ?? row.booked]);
}
