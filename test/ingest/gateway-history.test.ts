import { describe, expect, onTestFinished, test } from 'vitest';
import type { SequenceGap } from '../../contract/gateway-evidence.ts';
import { GatewayHistory, MOST_ENTRIES } from '../../ingest/gateway-history.ts';
import { silentLog } from '../../runtime/log.ts';
import { aHealth } from '../console/fake-city.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function aHistory(folder = temporaryFolder(), clock = new ManualClock()) {
  const broker = { isConnected: true };
  const gaps: SequenceGap[] = [];
  const heard: { at: number | undefined } = { at: undefined };
  const history = new GatewayHistory({
    folder,
    clock,
    log: silentLog,
    isConnected: () => broker.isConnected,
    heardAt: () => heard.at,
    gapsOf: (gateway) => (gateway === 'library' ? gaps : []),
  });
  await history.start();
  onTestFinished(() => history.stop());
  const presence = (online: boolean, since: number) => history.presence('library', { online, since, version: '1' });
  const record = (from = clock.now() - HOUR, to = clock.now() + HOUR) => history.record('library', from, to);
  return { history, clock, broker, gaps, heard, presence, record, folder };
}

test('comings and goings are kept once each, with the last sign of life before a link died', async () => {
  const { clock, presence, record, heard } = await aHistory();
  const start = clock.now();
  presence(true, 1);
  presence(true, 1);
  await clock.advance(10 * MINUTE);
  heard.at = start + 9 * MINUTE;
  presence(false, 1);
  presence(false, 1);
  await clock.advance(MINUTE);
  presence(true, 2);
  expect(await record()).toMatchObject({
    knownSince: start,
    presence: [
      { at: start, online: true, since: 1 },
      { at: start + 10 * MINUTE, online: false, heard: start + 9 * MINUTE },
      { at: start + 11 * MINUTE, online: true, since: 2 },
    ],
  });
  // Of what was long before only the last change is told, which says how it stood.
  expect((await record(start + 10.5 * MINUTE)).presence).toHaveLength(2);
});

test('a restart keeps them, and says again how the gateway stands', async () => {
  const { history, clock, presence, folder } = await aHistory();
  const start = clock.now();
  presence(true, 1);
  history.health('library', aHealth({ dropped: 7, oldest_s: 0 }, { epoch: 'one', uptime_s: 30 }));
  history.countLate('library', start - 5 * HOUR);
  await clock.advance(90_000);
  await history.stop();
  await clock.advance(HOUR);

  const again = await aHistory(folder, clock);
  again.presence(true, 1);
  again.history.health('library', aHealth({ dropped: 9, oldest_s: 0 }, { epoch: 'two', uptime_s: 10 }));
  const record = await again.record(start - 6 * HOUR);
  expect(record.presence.map(({ at }) => at)).toEqual([start, start + HOUR + 90_000]);
  expect(record.starts).toEqual([
    { at: start - 30_000, epoch: 'one' },
    { at: start + HOUR + 80_000, epoch: 'two' },
  ]);
  expect(record.dropped).toEqual([{ from: start, to: clock.now(), count: 2 }]);
  expect(record.late).toEqual([{ from: start - 5 * HOUR, to: start - 4 * HOUR, count: 1 }]);
  expect(again.history.listening()).toEqual([
    { from: start, to: start + 90_000 },
    { from: start + HOUR + 90_000, to: clock.now() },
  ]);
});

test('a kill loses no change that is a second old', async () => {
  const { clock, presence, record, folder } = await aHistory();
  await clock.advance(1_000);
  presence(true, 1);
  await clock.advance(500);
  await record();
  // Nothing is stopped: what is in the file is what a killed process leaves.
  const after = await aHistory(folder, new ManualClock(clock.now()));
  expect((await after.record()).presence).toHaveLength(1);
  // The tick that says so had not come yet.
  expect(after.history.listening()[0]!.to).toBe(clock.now() - 500);
});

test('only so many changes are kept, the newest', async () => {
  const { clock, presence, record } = await aHistory();
  const start = clock.now();
  for (let n = 0; n < MOST_ENTRIES + 20; n++) {
    presence(n % 2 === 0, n);
    await clock.advance(1_000);
  }
  const { presence: kept, knownSince } = await record(start - HOUR);
  expect(kept).toHaveLength(MOST_ENTRIES);
  expect(knownSince).toBe(start + 20_000);
});

describe('what an outbox gave up', () => {
  test('is counted between two healths, and goes on in one stretch of an hour at most', async () => {
    const { history, clock, record } = await aHistory();
    const start = clock.now();
    const report = (dropped: number, oldest_s: number) =>
      history.health('library', aHealth({ dropped, oldest_s }, { epoch: 'one' }));
    report(0, 600);
    for (let n = 1; n <= 150; n++) {
      await clock.advance(30_000);
      report(n * 10, 600);
    }
    const { dropped, held } = await record(start - HOUR);
    expect(dropped[0]).toEqual({ from: start - 600_000, to: start - 600_000 + HOUR, count: 1_000 });
    expect(dropped.reduce((sum, { count }) => sum + count, 0)).toBe(1_500);
    expect(held).toMatchObject({ at: clock.now(), oldestAt: clock.now() - 600_000, dropped: 1_500, epoch: 'one' });
  });

  test('begins anew with a new outbox', async () => {
    const { history, record } = await aHistory();
    history.health('library', aHealth({ dropped: 50 }, { epoch: 'one' }));
    history.health('library', aHealth({ dropped: 3 }, { epoch: 'two' }));
    expect((await record()).dropped).toEqual([]);
  });
});

test('times of gaps outlive a restart, after which the ledger knows only their numbers', async () => {
  const { history, gaps, clock, folder, presence } = await aHistory();
  presence(true, 1);
  gaps.push({ epoch: 'one', first: 4, last: 6, from: 100, to: 200 });
  await clock.advance(MINUTE);
  await history.stop();
  const again = await aHistory(folder, clock);
  again.gaps.push({ epoch: 'one', first: 4, last: 6, from: null, to: null });
  expect((await again.record()).gaps).toEqual([{ epoch: 'one', first: 4, last: 6, from: 100, to: 200 }]);
  again.gaps.length = 0;
  expect((await again.record()).gaps).toEqual([]);
});

test('while the broker is not heard, nobody listens', async () => {
  const { history, clock, broker } = await aHistory();
  const start = clock.now();
  await clock.advance(3 * MINUTE);
  broker.isConnected = false;
  await clock.advance(5 * MINUTE);
  broker.isConnected = true;
  history.connected();
  await clock.advance(MINUTE);
  expect(history.listening()).toEqual([
    { from: start, to: start + 4 * MINUTE },
    { from: start + 8 * MINUTE, to: start + 9 * MINUTE },
  ]);
});

test('one that stays connected and says nothing any more is silent since it was last heard of', async () => {
  const { history, clock, presence, heard, record } = await aHistory();
  const start = clock.now();
  const report = () => {
    heard.at = clock.now();
    history.health('library', aHealth({}, { epoch: 'one' }));
  };
  presence(true, 1);
  for (let n = 0; n < 4; n++) {
    report();
    await clock.advance(30_000);
  }
  await clock.advance(10 * MINUTE);
  report();
  const { presence: changes } = await record();
  expect(changes.map(({ online }) => online)).toEqual([true, false, true]);
  expect(changes[1]!.heard).toBe(start + 90_000);
  expect(changes[2]).toMatchObject({ at: start + 12 * MINUTE, since: 1 });
});
