/**
 * A whole fleet is cut off at once, and the server is killed while it comes back: nothing is lost, and the store holds
 * every value that was produced, once.
 */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { enrolledTokens } from '../../cli/fleet-credentials.ts';
import { verdictOf } from '../../cli/fleet-report.ts';
import { systemClock } from '../../runtime/clock.ts';
import { Fleet } from '../../simulators/fleet/fleet.ts';
import { fleetTransport } from '../../simulators/fleet/fleet-transport.ts';
import { isLong } from '../is-long.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type Expected, expectBooksBalance, expectExactly, type Sum, storedSeries } from './ledger.ts';
import { aServer } from './story.ts';

const GATEWAYS = isLong ? 2_000 : 300;
const WITHIN_MS = 120_000;

it(`loses nothing of ${GATEWAYS} gateways in a storm and a kill -9 of the server`, async () => {
  const data = join(temporaryFolder(), 'data');
  const first = await aServer({ data });
  const { mqttPort } = first;
  const credentials = await enrolledTokens(first.api, data, GATEWAYS);
  const produced = new Map<string, Map<string, Map<string, Sum>>>();
  const fleet = new Fleet({
    credentials,
    transport: fleetTransport({ url: `mqtt://127.0.0.1:${mqttPort}` }),
    clock: systemClock,
    random: Math.random,
    version: 'test',
    options: { intervalMs: 2_000, devices: 2, reconnectMostMs: 2_000 },
    onProduced: (gateway, readings) => {
      const byDevice = entry(produced, gateway, () => new Map<string, Map<string, Sum>>());
      for (const { device, values } of readings) {
        const byMetric = entry(byDevice, device, () => new Map<string, Sum>());
        for (const [metric, value] of Object.entries(values)) {
          const { count, sum } = byMetric.get(metric) ?? { count: 0, sum: 0 };
          byMetric.set(metric, { count: count + 1, sum: sum + value });
        }
      }
    },
  });
  await fleet.start();
  onTestFinished(() => fleet.stop());
  expect(await fleet.connected(WITHIN_MS), JSON.stringify(fleet.books.errors)).toBe(true);
  fleet.produce();
  await reaches(() => fleet.counts().stored > 2 * GATEWAYS);

  const storm = await fleet.storm(WITHIN_MS);
  expect(storm.backAfterS, 'seconds until all were back').toBeDefined();
  expect(storm.settledAfterS, 'seconds until all was acknowledged').toBeDefined();

  const killed = fleet.storm(WITHIN_MS);
  await reaches(() => fleet.books.connected > GATEWAYS / 3);
  await first.kill();
  await reaches(() => fleet.books.connected === 0);
  const second = await aServer({ data, mqttPort });
  await killed;
  expect(await fleet.connected(WITHIN_MS), JSON.stringify(fleet.books.errors)).toBe(true);

  fleet.stopProducing();
  expect(await fleet.drained(WITHIN_MS)).toBe(true);
  const counts = fleet.counts();
  expect(counts).toMatchObject({ isBalanced: true, buffered: 0, stored: counts.produced, rejected: {} });
  expect(verdictOf(fleet).isGood, verdictOf(fleet).words).toBe(true);
  expectExactly(await storedSeries(second.api), produced as ReadonlyMap<string, Expected>);
  await expectBooksBalance(second.api);
  await fleet.stop();
}, 400_000);

function entry<V>(map: Map<string, V>, key: string, make: () => V): V {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

async function reaches(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error('the fleet never came so far');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
