import { expect, it } from 'vitest';
import { demoCity } from '../../simulators/city.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { HistoryTurns, type Teller } from '../../simulators/history-turns.ts';
import { SimulatedFeed } from '../../simulators/simulated-feed.ts';
import { ManualClock } from '../manual-clock.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-05-04T15:30:00Z');
const truth = new GroundTruth(demoCity(7, { firstDay: Math.floor(NOW / DAY) - 20 }));

/** A gateway whose outbox is emptied when the test says so. */
class FakeGateway implements Teller {
  readonly feed: SimulatedFeed;
  readonly #told: number[] = [];
  #cursor: string | undefined;
  held = 0;

  constructor(site: string, days: number) {
    const devices = truth.devices(`${site}-gateway`);
    this.feed = new SimulatedFeed({ devices, startAt: NOW - days * DAY, waitsForGrant: true });
    this.feed.onMore(() => this.ask());
  }

  ask(): void {
    for (const { readings, cursor } of this.feed.readingsUpTo(this.#cursor, NOW)) {
      this.#told.push(...readings.map(({ time }) => time ?? 0));
      this.held += readings.length;
      this.#cursor = cursor;
    }
  }

  cursor(): string | undefined {
    return this.#cursor;
  }

  buffered(): number {
    return this.held;
  }

  get told(): readonly number[] {
    return this.#told;
  }
}

it('tells the newest day of every gateway before an older one of any, and knows when all of it is stored', async () => {
  const clock = new ManualClock(NOW);
  const gateways = ['mason-pool', 'city-hall', 'seaport-circuit-4'].map((site) => new FakeGateway(site, 3));
  const turns = new HistoryTurns({ clock, tellers: gateways, begins: NOW - 3 * DAY });
  await turns.start();
  expect(turns.progress()).toMatchObject({ state: 'loading', oldestDay: undefined });
  for (const gateway of gateways) gateway.ask();
  const total = gateways.reduce((sum, { feed }) => sum + feed.pendingReadings, 0);
  expect(turns.progress()).toEqual({ state: 'loading', doneReadings: 0, totalReadings: total, oldestDay: NOW + 1 });

  // One is cut off: it tells one step, and nobody waits for it.
  const [cut, ...others] = gateways as [FakeGateway, ...FakeGateway[]];
  let doneBefore = 0;
  for (let look = 0; look < 400; look++) {
    await clock.advance(10);
    for (const gateway of others) gateway.held = 0;
    const { doneReadings } = turns.progress();
    expect(doneReadings).toBeGreaterThanOrEqual(doneBefore);
    doneBefore = doneReadings;
  }
  expect(cut.told.length).toBe(cut.held);
  expect(others.every(({ feed }) => feed.pendingReadings === 0)).toBe(true);
  expect(turns.progress()).toMatchObject({ state: 'loading', oldestDay: NOW + 1 });

  for (let look = 0; look < 400; look++) {
    cut.held = 0;
    await clock.advance(10);
  }
  cut.held = 0;
  expect(turns.progress()).toEqual({
    state: 'done',
    doneReadings: total,
    totalReadings: total,
    oldestDay: NOW - 3 * DAY,
  });
  for (const gateway of gateways) {
    const days = gateway.told.map((time) => Math.floor((NOW - time) / DAY));
    expect(days).toEqual([...days].sort((one, other) => one - other));
  }
  await turns.stop();
});
