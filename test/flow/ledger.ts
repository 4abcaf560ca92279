/** How a story closes: what the store holds against what was produced, and both accounting identities. */
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ServerClient } from '../../cli/server-client.ts';
import type { GatewayReply } from '../../console/api/replies.ts';
import type { Reading } from '../../contract/reading.ts';
import { createLmdbOutbox } from '../../edge/outbox/lmdb-outbox.ts';
import type { OutboxCounters } from '../../edge/outbox/outbox.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { randomWord } from '../../runtime/random.ts';
import { isBalanced, sum } from './story.ts';

/** One series of the store, as `/api/totals` tells it. */
export interface StoredSeries {
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
  readonly count: number;
  readonly sum: number;
  readonly first_ms: number;
  readonly last_ms: number;
}

export interface Sum {
  readonly count: number;
  readonly sum: number;
}

/** What a gateway's series must hold: by device, then by metric. */
export type Expected = ReadonlyMap<string, ReadonlyMap<string, Sum>>;

export async function storedSeries(api: ServerClient, gateway?: string): Promise<StoredSeries[]> {
  return (await api.get<{ totals: StoredSeries[] }>('/api/totals', { gateway })).totals;
}

/** Count and sum of every series, by gateway, and no series that was not produced. */
export function expectExactly(found: readonly StoredSeries[], expected: ReadonlyMap<string, Expected>): void {
  let series = 0;
  for (const [gateway, byDevice] of expected) {
    for (const [device, byMetric] of byDevice) {
      for (const [metric, wanted] of byMetric) {
        series++;
        const row = found.find((one) => one.gateway === gateway && one.device === device && one.metric === metric);
        expect(row?.count, `values of ${gateway} ${device} ${metric}`).toBe(wanted.count);
        expect(row?.sum, `sum of ${gateway} ${device} ${metric}`).toBeCloseTo(wanted.sum, 3);
      }
    }
  }
  expect(found.length).toBe(series);
}

/** What a store must hold of these readings: of two at one instant of one device the later in the list counts. */
export function sumsOf(readings: Iterable<Reading>): Expected {
  const values = new Map<string, Map<string, Map<number, number>>>();
  for (const { device, time, values: said } of readings) {
    const byMetric = values.get(device) ?? new Map<string, Map<number, number>>();
    values.set(device, byMetric);
    for (const [metric, value] of Object.entries(said)) {
      byMetric.set(metric, (byMetric.get(metric) ?? new Map<number, number>()).set(time, value));
    }
  }
  const sums = new Map<string, Map<string, Sum>>();
  for (const [device, byMetric] of values) {
    const ofDevice = new Map<string, Sum>();
    for (const [metric, byTime] of byMetric) {
      ofDevice.set(metric, {
        count: byTime.size,
        sum: [...byTime.values()].reduce((total, value) => total + value, 0),
      });
    }
    sums.set(device, ofDevice);
  }
  return sums;
}

/** Every gateway's two identities, as the API tells them: ingest's books, and what the gateway last said of its outbox. */
export async function expectBooksBalance(api: ServerClient): Promise<void> {
  const { gateways } = await api.get<{ gateways: GatewayReply[] }>('/api/gateways');
  for (const { id, counts, health } of gateways) {
    expect(isBalanced(counts), `${id} ${JSON.stringify(counts)}`).toBe(true);
    if (health === null) continue;
    const { produced, stored, rejected, dropped, buffered } = health.outbox;
    expect(stored + sum(rejected) + dropped + buffered, `${id} ${JSON.stringify(health.outbox)}`).toBe(produced);
  }
}

export type Account = Pick<OutboxCounters, 'produced' | 'stored' | 'rejected' | 'dropped' | 'buffered'>;

/** What lies in the outbox of a gateway whose process has ended. */
export interface Held {
  readonly account: Account;
  /** In order of creation. */
  readonly readings: readonly Reading[];
  /** How far each source has come, by its name; of a counted source, the number of its next reading. */
  readonly cursors: ReadonlyMap<string, number>;
}

export async function openHeld(home: string, gateway: string, sources: readonly string[] = []): Promise<Held> {
  const path = join(home, `${gateway}-data`, 'outbox');
  const outbox = createLmdbOutbox({ path, clock: systemClock, randomWord, log: silentLog });
  await outbox.start();
  try {
    const { produced, stored, rejected, dropped, buffered } = outbox.counters();
    const readings: Reading[] = [];
    for (let after = 0; ; ) {
      const batches = outbox.batches({ after, upTo: outbox.lastId, limit: 100 });
      if (batches.length === 0) break;
      for (const { payload } of batches) readings.push(...readingsOf(payload));
      after = batches.at(-1)?.id ?? after;
    }
    const cursors = new Map(sources.map((source) => [source, Number(outbox.cursor(source) ?? 0)]));
    const account = { produced, stored, rejected, dropped, buffered };
    expect(stored + sum(rejected) + dropped + buffered, JSON.stringify(account)).toBe(produced);
    return { account, readings, cursors };
  } finally {
    await outbox.stop();
  }
}

function readingsOf(payload: Uint8Array): Reading[] {
  return (JSON.parse(Buffer.from(payload).toString('utf8')) as { readings: Reading[] }).readings;
}
