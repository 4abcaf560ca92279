/** Roll-ups on a real influxd: its refusals, its retention, its missing databases, its permissions. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { METRICS } from '../../../contract/metrics.ts';
import { anAdmittedBatch, NOON } from '../../builders.ts';
import { type Influxd, influxql, startInfluxd } from '../../real-servers/influxd.ts';
import { describeWithServer } from '../../real-servers/needs-server.ts';
import { aGaugeRollUp, aMeterEvent, anUpdate, aRollUp } from '../../suites/roll-up-store.ts';
import { anOpenStore, aStore } from './influxdb-fixture.ts';

const DAY = 86_400_000;
const METER = { gateway: 'library', device: 'main-meter' };
const ALL_TIME = { from: 0, to: NOON + 4_000 * DAY };

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );

describeWithServer('influxd')('roll-ups on a real influxd', () => {
  let server: Influxd;
  beforeAll(async () => {
    server = await startInfluxd({ env: { INFLUXDB_RETENTION_CHECK_INTERVAL: '250ms' } });
  });
  afterAll(() => server?.remove());

  const defaultPolicy = async (database: string) => {
    const { series = [] } = await influxql(server.url, `SHOW RETENTION POLICIES ON "${database}"`);
    const [name, duration, shards] = series[0]?.values.find((row) => row[4] === true) ?? [];
    return { name, duration, shards };
  };

  it('stand under the names that boards ask for', async () => {
    const { store, bucket } = await anOpenStore({ url: server.url });
    const hour = aRollUp({ position: null });
    await store.putRollUps(anUpdate({ '15m': [aRollUp()], '1h': [hour], '1d': [hour], events: [aMeterEvent()] }));
    const measurements = async (database: string) =>
      (await influxql(server.url, 'SHOW MEASUREMENTS', { database })).series?.[0]?.values.flat();
    expect(await measurements(`${bucket}_15m`)).toEqual(['energy']);
    expect(await measurements(`${bucket}_long`)).toEqual(['energy_1d', 'energy_1h', 'meter_events']);
    const asked = `SELECT "consumption", "peak_at" FROM "energy_1d" WHERE "known" = 1 GROUP BY "site", "metric"`;
    expect((await influxql(server.url, asked, { database: `${bucket}_long` })).series).toMatchObject([
      { tags: { site: 'main-library', metric: 'active_energy_kwh' }, values: [[NOON, 1.7, NOON]] },
    ]);
  });

  describe('keep', () => {
    it('lets the server delete what is old, and only that', async () => {
      const { store, bucket } = await anOpenStore({ url: server.url });
      const now = Date.now();
      const at = (days: number) => now - days * DAY;
      const ages = [400, 100, 5, 0];
      const readings = ages.map((days) => ({ device: 'main-meter', time: at(days), values: { co2_ppm: days } }));
      await store.commit([anAdmittedBatch({ readings })], async () => {});
      const rows = ages.map((days) => aGaugeRollUp({ start: at(days) }));
      const events = ages.map((days) => aMeterEvent({ at: at(days) }));
      await store.putRollUps(anUpdate({ '15m': rows, '1h': rows, '1d': rows, events }));
      await store.keep({ raw: at(8), quarters: at(200) }, now);
      expect(await defaultPolicy(bucket)).toMatchObject({ duration: '192h0m0s' });
      expect(await defaultPolicy(`${bucket}_15m`)).toMatchObject({ duration: '4800h0m0s', shards: '672h0m0s' });
      expect(await defaultPolicy(`${bucket}_long`)).toMatchObject({ duration: '0s', shards: '2016h0m0s' });
      const rawTimes = async () =>
        (await store.values({ devices: [METER], from: 0, to: now + DAY })).flatMap(({ times }) => [...times]);
      const starts = async (width: '15m' | '1h' | '1d') =>
        (await store.rollUps({ width, from: 0, to: now + DAY })).map(({ start }) => start);
      await expect.poll(rawTimes, { timeout: 20_000 }).toEqual([at(5), at(0)]);
      await expect.poll(() => starts('15m'), { timeout: 20_000 }).toEqual([at(100), at(5), at(0)]);
      expect(await starts('1h')).toEqual(ages.map(at));
      expect(await starts('1d')).toEqual(ages.map(at));
      expect(await store.meterEvents({ from: 0, to: now + DAY })).toHaveLength(4);
      // What is older than the server keeps is gone, and does not hinder the rest.
      const later = [300, 250, 1].map((days) => aGaugeRollUp({ start: at(days) }));
      await store.putRollUps(anUpdate({ '15m': later, '1h': [aGaugeRollUp({ start: at(300) })] }));
      expect(await starts('15m')).toEqual([at(100), at(5), at(1), at(0)]);
      expect(await starts('1h')).toHaveLength(5);
    });

    it('rounds up to whole days, and to what the server can keep', async () => {
      const { store, bucket } = await anOpenStore({ url: server.url });
      await store.keep({ raw: NOON - 9.01 * DAY, quarters: NOON - DAY }, NOON);
      expect(await defaultPolicy(bucket)).toMatchObject({ duration: '240h0m0s' });
      expect(await defaultPolicy(`${bucket}_15m`)).toMatchObject({ duration: '672h0m0s' });
      await store.keep({ raw: NOON + DAY }, NOON);
      expect(await defaultPolicy(bucket)).toMatchObject({ duration: '168h0m0s' });
      expect(await defaultPolicy(`${bucket}_15m`)).toMatchObject({ duration: '0s' });
      await store.keep({ raw: Number.NEGATIVE_INFINITY }, NOON);
      expect(await defaultPolicy(bucket)).toMatchObject({ duration: '0s' });
    });

    it('sets the default policy, whatever its name, and hours and days back to for ever', async () => {
      const { store, bucket } = await anOpenStore({ url: server.url });
      await influxql(
        server.url,
        `CREATE RETENTION POLICY "my ""own" ON "${bucket}" DURATION 52w REPLICATION 1 DEFAULT`.replace('""', '\\"'),
      );
      await influxql(server.url, `ALTER RETENTION POLICY autogen ON "${bucket}_long" DURATION 52w`);
      await store.keep({ raw: NOON - 400 * DAY }, NOON);
      expect(await defaultPolicy(bucket)).toMatchObject({ name: 'my "own', duration: '9600h0m0s' });
      expect(await defaultPolicy(`${bucket}_long`)).toMatchObject({ duration: '0s' });
    });
  });

  describe('refused points', () => {
    it('of another type are a fault to be mended, with the words of the server', async () => {
      const { store, bucket } = await anOpenStore({ url: server.url });
      await fetch(`${server.url}/write?db=${bucket}_15m&precision=ms`, {
        method: 'POST',
        body: `energy count=1i ${NOON}`,
      });
      const failure = await failureOf(store.putRollUps(anUpdate({ '15m': [aRollUp()], '1d': [aRollUp()] })));
      expect(failure).toMatchObject({
        name: 'StoreFailure',
        kind: 'misconfigured',
        message: expect.stringMatching(/refuses 1 roll-ups.*count.*type float, already exists as type integer/),
      });
      expect(await store.rollUps({ width: '1d', ...ALL_TIME })).toEqual([]);
    });

    it('of hours and days are never taken for gone', async () => {
      const { store, bucket } = await anOpenStore({ url: server.url });
      await influxql(server.url, `ALTER RETENTION POLICY autogen ON "${bucket}_long" DURATION 52w`);
      const old = aRollUp({ start: Date.now() - 800 * DAY, position: null });
      for (const update of [anUpdate({ '1d': [old] }), anUpdate({ events: [aMeterEvent({ at: old.start })] })]) {
        expect(await failureOf(store.putRollUps(update))).toMatchObject({
          kind: 'misconfigured',
          message: expect.stringMatching(/retention policy.*kept for ever/),
        });
      }
      await store.keep({}, Date.now());
      await store.putRollUps(anUpdate({ '1d': [old] }));
      expect(await store.rollUps({ width: '1d', from: 0, to: NOON })).toEqual([old]);
    });
  });

  it('a database that does not exist yet is named, with the mend, and readings do not wait for it', async () => {
    const { store, bucket } = aStore({ url: server.url });
    await influxql(server.url, `CREATE DATABASE "${bucket}"`);
    await store.open();
    await store.commit([anAdmittedBatch()], async () => {});
    expect(await store.check()).toMatchObject({
      ok: false,
      words: expect.stringMatching(new RegExp(`"${bucket}_15m" and "${bucket}_long": .*lamplighter store init`)),
    });
    const stretch = { from: NOON, to: NOON + DAY };
    for (const [name, ask] of [
      ['_15m', () => store.putRollUps(anUpdate({ '15m': [aRollUp()] }))],
      ['_long', () => store.putRollUps(anUpdate({ '1d': [aRollUp()] }))],
      ['_15m', () => store.rollUps({ width: '15m', ...stretch })],
      ['_long', () => store.rollUps({ width: '1h', ...stretch })],
      ['_15m', () => store.latestRollUps({ devices: [METER], from: 0, before: NOON })],
      ['_long', () => store.meterEvents(stretch)],
      ['_15m', () => store.keep({}, NOON)],
    ] as const) {
      expect(await failureOf(ask())).toMatchObject({
        name: 'StoreFailure',
        kind: 'misconfigured',
        message: expect.stringMatching(new RegExp(`"${bucket}${name}": .*lamplighter store init`)),
      });
    }
    expect(await store.values({ devices: [METER], ...stretch })).toHaveLength(2);
    expect(await store.init()).toMatchObject({ ok: true });
    await store.putRollUps(anUpdate({ '15m': [aRollUp()] }));
    expect(await store.rollUps({ width: '15m', ...stretch })).toEqual([aRollUp()]);
  });

  it('values of hundreds of devices and all families come from one call, each with its own', async () => {
    const { store } = await anOpenStore({ url: server.url });
    const metrics = [...new Map(METRICS.map(({ family, id }) => [family, id])).values()];
    const batches = Array.from({ length: 30 }, (_, g) =>
      anAdmittedBatch({
        gateway: `g${g}`,
        readings: Array.from({ length: 10 }, (_, d) => ({
          device: `d${d}`,
          time: NOON + g * 1_000 + d,
          values: Object.fromEntries(metrics.map((metric, m) => [metric, g * 100 + d * 10 + m])),
        })),
      }),
    );
    expect(await store.commit(batches, async () => {})).toEqual([]);
    const devices = batches.flatMap(({ gateway, readings }) => readings.map(({ device }) => ({ gateway, device })));
    const found = await store.values({ devices: [...devices, ...devices], ...ALL_TIME });
    expect(found).toHaveLength(300 * metrics.length);
    for (const { gateway, device, metric, times, values } of found) {
      const [g, d] = [Number(gateway.slice(1)), Number(device.slice(1))];
      expect([...times]).toEqual([NOON + g * 1_000 + d]);
      expect([...values]).toEqual([g * 100 + d * 10 + metrics.indexOf(metric)]);
    }
    const some = await store.values({ devices, metrics: metrics.slice(1, 3), ...ALL_TIME });
    expect(new Set(some.map(({ metric }) => metric))).toEqual(new Set(metrics.slice(1, 3)));
  });
});

describeWithServer('influxd')('with authentication', () => {
  const admin = { username: 'admin', password: 'se/c:ret@1' };
  const worker = { username: 'worker', password: 'worker' };
  let server: Influxd;
  beforeAll(async () => {
    server = await startInfluxd({ auth: admin });
    await influxql(server.url, "CREATE USER worker WITH PASSWORD 'worker'", { auth: admin });
    for (const name of ['city', 'city_15m', 'city_long']) {
      await influxql(server.url, `CREATE DATABASE ${name}`, { auth: admin });
      await influxql(server.url, `GRANT ALL ON ${name} TO worker`, { auth: admin });
    }
    await influxql(server.url, 'ALTER RETENTION POLICY autogen ON city_long DURATION 52w', { auth: admin });
  });
  afterAll(() => server?.remove());

  it('a user who is no administrator is told what one should run, and is content once it was', async () => {
    const { store } = await anOpenStoreOf(server.url);
    const failure = await failureOf(store.keep({ raw: NOON - 400 * DAY }, NOON));
    const statements = [
      'ALTER RETENTION POLICY "autogen" ON "city" DURATION 400d',
      'ALTER RETENTION POLICY "autogen" ON "city_long" DURATION INF',
    ];
    expect(failure).toMatchObject({
      name: 'StoreFailure',
      kind: 'misconfigured',
      message: expect.stringContaining(`an administrator should run: ${statements.join('; ')} (`),
    });
    expect((failure as Error).message).not.toContain('se/c');
    for (const statement of statements) await influxql(server.url, statement, { auth: admin });
    await store.keep({ raw: NOON - 400 * DAY }, NOON);
    await store.putRollUps(anUpdate({ '15m': [aRollUp()] }));
  });

  async function anOpenStoreOf(url: string) {
    const fixture = aStore({ url, bucket: 'city', ...worker });
    await fixture.store.open();
    return fixture;
  }
});

describeWithServer('influxd')('a server that dies', () => {
  it('in the middle of an update has its whole once the update is made again', async () => {
    const server = await startInfluxd();
    onTestFinished(() => server.remove());
    const { store } = await anOpenStore({ url: server.url });
    const rows = Array.from({ length: 12_000 }, (_, i) =>
      aRollUp({ device: `d${i % 20}`, start: NOON + Math.floor(i / 20) * 900_000, consumption: i }),
    );
    const update = anUpdate({ '15m': rows, '1h': rows, events: [aMeterEvent()] });
    // Every shard exists beforehand: influxd 1.6.7 that is killed while it makes one never opens it again ("unexpected
    // end of JSON input": the manifest of its index is cut short), which nobody's writing again can mend.
    const ends = [rows[0], rows.at(-1)].flatMap((row) => (row === undefined ? [] : [{ ...row, consumption: 0 }]));
    await store.putRollUps(anUpdate({ '15m': ends, '1h': ends, events: [aMeterEvent()] }));
    let failures = 0;
    for (const afterMs of [0, 60, 200]) {
      const made = store.putRollUps(update).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'StoreFailure', kind: 'unavailable' });
        failures++;
      });
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await server.kill();
      await made;
      await server.restart();
    }
    expect(failures).toBeGreaterThan(0);
    await store.putRollUps(update);
    for (const width of ['15m', '1h'] as const) {
      const found = await store.rollUps({ width, ...ALL_TIME });
      expect(found).toHaveLength(rows.length);
      expect(found.reduce((sum, { consumption }) => sum + (consumption ?? 0), 0)).toBe((12_000 * 11_999) / 2);
    }
    expect(await store.meterEvents(ALL_TIME)).toEqual([aMeterEvent()]);
  });
});
