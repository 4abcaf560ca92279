import { expect } from 'vitest';
import type { TelemetryStore } from '../../../store/telemetry-store.ts';
import { NOON } from '../../builders.ts';
import { GATEWAYS, METRICS, READINGS, ROWS } from './numbered-commits.ts';

/** Asserts that the store holds the commits 1 to n whole and nothing else. Returns n. */
export async function expectWholeCommits(store: TelemetryStore): Promise<number> {
  const ledger = await store.ledger();
  const last = ledger[0]?.range[1] ?? 0;
  if (last > 0) {
    const rejected = Array.from({ length: last }, (_, i) => [i + 1, 0, 'value-out-of-range']);
    const expected = GATEWAYS.map((gateway) => ({ gateway, epoch: 'epoch1', range: [1, last], rejected }));
    expect([...ledger].sort((a, b) => (a.gateway < b.gateway ? -1 : 1))).toEqual(expected);
  } else {
    expect(ledger).toEqual([]);
  }
  const totals = await store.totals({});
  expect(totals.reduce((sum, { count }) => sum + count, 0)).toBe(last * ROWS);
  for (const { gateway, device, metric, count, lastTime } of totals) {
    const perCommit = device === 'meter-0' ? READINGS / 20 - 1 : READINGS / 20;
    expect(count, `${gateway} ${device} ${metric}`).toBe(last * perCommit);
    const position = READINGS - 20 + Number(device.slice('meter-'.length));
    expect(lastTime).toBe(NOON + last * READINGS + position);
    const [newest] = await store.latest({ gateway, device, metric });
    const value = Math.sin(last * 7 + position * 3 + METRICS.indexOf(metric));
    expect(newest).toEqual({ gateway, device, metric, time: lastTime, value });
  }
  return last;
}
