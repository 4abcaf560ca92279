import { expect, it } from 'vitest';
import { demoCity } from '../../simulators/city.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { type StoreUnderTest, verifyCity } from '../../simulators/verification.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const FROM = Date.parse('2026-05-03T20:00:00Z');
const TO = FROM + 8 * HOUR;
const truth = new GroundTruth(demoCity(7, { firstDay: Math.floor(FROM / DAY) - 3 }));
const GATEWAY = 'mason-pool-gateway';

/** A store that holds exactly what was produced, until a test changes it. */
class FakeStore implements StoreUnderTest {
  readonly values = new Map<string, Map<number, number>>();

  constructor() {
    for (const { id } of truth.devices(GATEWAY)) {
      for (const { time, values } of truth.expectedReadings(GATEWAY, id, FROM, TO)) {
        for (const [metric, value] of Object.entries(values)) this.series(id, metric).set(time, value);
      }
    }
  }

  series(device: string, metric: string): Map<number, number> {
    const key = `${device}/${metric}`;
    const series = this.values.get(key) ?? new Map<number, number>();
    this.values.set(key, series);
    return series;
  }

  async totals(from: number, to: number) {
    return [...this.values].flatMap(([key, series]) => {
      const [device = '', metric = ''] = key.split('/');
      const values = [...series].filter(([time]) => time >= from && time < to).map(([, value]) => value);
      const sum = values.reduce((total, value) => total + value, 0);
      return values.length === 0 ? [] : [{ gateway: GATEWAY, device, metric, count: values.length, sum }];
    });
  }

  async points({ device, metric }: { device: string; metric: string }, from: number, to: number) {
    return [...this.series(device, metric)]
      .filter(([time]) => time >= from && time < to)
      .map(([time, value]) => ({ time, value }));
  }
}

const look = (store: FakeStore) => verifyCity({ truth, store, gateways: new Set([GATEWAY]), from: FROM, to: TO });

it('finds nothing wrong where nothing is', async () => {
  const store = new FakeStore();
  const shares: number[] = [];
  const result = await verifyCity({
    truth,
    store,
    gateways: new Set([GATEWAY]),
    from: FROM,
    to: TO,
    onProgress: (share) => shares.push(share),
  });
  expect(result).toEqual({
    values: [...store.values.values()].reduce((sum, series) => sum + series.size, 0),
    series: store.values.size,
    deviations: [],
  });
  // Two UTC days.
  expect(shares).toEqual([0.5, 1]);
});

it('names the one value that is missing, different by a last digit, or too many', async () => {
  const store = new FakeStore();
  const [voltage, water, gas] = [
    store.series('main-meter', 'voltage_v'),
    store.series('water-meter', 'water_volume_m3'),
    store.series('gas-meter', 'gas_flow_m3_per_h'),
  ];
  const [first] = [...voltage.keys()];
  voltage.delete(first!);
  const [time, value] = [...water].at(-1)!;
  water.set(time, value + 0.001);
  gas.set(FROM + 17, 4);
  store.series('ghost', 'voltage_v').set(TO - 1, 230);
  const { deviations } = await look(store);
  expect(
    deviations.map(({ device, missing, different, unexpected }) => [device, missing, different, unexpected]),
  ).toEqual([
    ['main-meter', 1, 0, 0],
    ['gas-meter', 0, 0, 1],
    ['water-meter', 0, 1, 0],
    ['ghost', 0, 0, 1],
  ]);
  expect(deviations[0]!.examples[0]).toMatch(new RegExp(`^${new Date(first!).toISOString()} is missing`));
  expect(deviations[3]!.examples).toEqual([`${new Date(TO - 1).toISOString()} was never produced (230)`]);
});

it('is not deceived by values that have changed places', async () => {
  const store = new FakeStore();
  const power = store.series('main-meter', 'active_power_kw');
  const [[one, a], [other, b]] = [...power].slice(0, 2) as [[number, number], [number, number]];
  power.delete(one);
  power.set(other, a + b);
  expect((await look(store)).deviations[0]).toMatchObject({ missing: 1, different: 1 });
});
