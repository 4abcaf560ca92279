/** What only a real server can show: its refusals, its authentication, its death. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Reading } from '../../../contract/reading.ts';
import { spelled, spelledNumber } from '../../../store/influxdb/line-protocol.ts';
import type { AdmittedBatch, StoreRejection } from '../../../store/telemetry-store.ts';
import { anAdmittedBatch, NOON } from '../../builders.ts';
import { type Influxd, influxql, startInfluxd } from '../../real-servers/influxd.ts';
import { describeWithServer } from '../../real-servers/needs-server.ts';
import { anOpenStore, aStore } from './influxdb-fixture.ts';

const noneRefused = async () => {
  throw new Error('nothing was to be refused');
};

const power = (time: number, value: number, device = 'main-meter'): Reading => ({
  device,
  time,
  values: { active_power_kw: value },
});

async function writeLines(url: string, bucket: string, body: string): Promise<number> {
  return (await fetch(`${url}/write?db=${bucket}&precision=ms`, { method: 'POST', body })).status;
}

describeWithServer('influxd')('on a real influxd', () => {
  let server: Influxd;
  beforeAll(async () => {
    server = await startInfluxd();
  });
  afterAll(() => server?.remove());

  describe('line protocol', () => {
    it('brings any name and number back as they were', async () => {
      await influxql(server.url, 'CREATE DATABASE names');
      const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((text) => {
        try {
          spelled(text, 'measurement');
          return true;
        } catch {
          return false;
        }
      });
      const nasty = fc.constantFrom(
        'a b',
        'a,b',
        'a=b',
        'a\\b',
        'a\\\\b',
        '\\a',
        'a"b',
        "a'b",
        ' ',
        ',',
        '=',
        '💡',
        '1',
        'true',
        'i',
      );
      const anyName = fc.oneof(name, nasty);
      const value = fc.double({ noNaN: true, noDefaultInfinity: true });
      let n = 0;
      await fc.assert(
        fc.asyncProperty(
          anyName,
          anyName,
          anyName,
          anyName,
          value,
          async (measurement, tag, tagValue, field, number) => {
            // InfluxDB keeps these for itself, and cannot have a tag and a field of one name in a query.
            fc.pre(!['time', '_field', '_measurement', '_tagKey'].includes(tag) && field !== 'time' && tag !== field);
            const own = `m${n++}-${measurement}`;
            const line = `${spelled(own, 'measurement')},${spelled(tag, 'key')}=${spelled(tagValue, 'key')} ${spelled(field, 'key')}=${spelledNumber(number)} ${NOON}`;
            expect(await writeLines(server.url, 'names', line), JSON.stringify(line)).toBe(204);
            const from = `"${own.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;
            const { series = [] } = await influxql(server.url, `SELECT * FROM ${from} GROUP BY *`, {
              database: 'names',
            });
            expect(series.length, JSON.stringify(line)).toBe(1);
            const [found] = series;
            expect(found).toMatchObject({ name: own, tags: { [tag]: tagValue }, columns: ['time', field] });
            expect(found?.values[0]?.[0]).toBe(NOON);
            expect(found?.values[0]?.[1]).toBe(number);
          },
        ),
        { numRuns: 150 },
      );
    }, 60_000);
  });

  describe('points the server refuses', () => {
    it('are dead letters with its words, and the good ones are stored', async () => {
      const { store, bucket } = await anOpenStore({ url: server.url });
      await writeLines(server.url, bucket, `energy,device=x,gateway=x voltage_v=1i ${NOON}`);
      const readings = [
        power(NOON, 1),
        { device: 'main-meter', time: NOON + 1, values: { voltage_v: 230, temperature_c: 21 } },
        power(NOON + 2, 3),
        { device: 'main-meter', time: NOON + 3, values: { voltage_v: 231 } },
      ];
      const batch = anAdmittedBatch({ readings, rejected: [{ index: 0, reason: 'too-old' }] });
      const other = anAdmittedBatch({ gateway: 'museum', readings: [power(NOON, 5)] });
      const kept: StoreRejection[] = [];
      let ledgerAtKeeping: unknown;
      const refused = await store.commit([batch, other], async (rejections) => {
        kept.push(...rejections);
        ledgerAtKeeping = await store.ledger();
      });
      const words = expect.stringMatching(/voltage_v.*is type float, already exists as type integer/);
      expect(refused).toEqual([
        {
          batch,
          rejected: [
            { index: 1, reason: 'store-refused', detail: words },
            { index: 3, reason: 'store-refused', detail: words },
          ],
        },
      ]);
      expect(kept).toEqual(refused);
      expect(ledgerAtKeeping).toEqual([]);
      const totals = await store.totals({ gateway: 'library' });
      expect(totals).toMatchObject([
        { metric: 'active_power_kw', count: 1, sum: 3 },
        { metric: 'temperature_c', count: 1 },
      ]);
      expect(await store.latest({ gateway: 'library', metric: 'voltage_v' })).toEqual([]);
      expect(await store.ledger()).toMatchObject([
        {
          gateway: 'library',
          rejected: [
            [1, 0, 'too-old'],
            [1, 1, 'store-refused'],
            [1, 3, 'store-refused'],
          ],
        },
        { gateway: 'museum', rejected: [] },
      ]);
    });

    it('are found among thousands, whatever the reason, and the later of two values still wins', async () => {
      const { store, bucket } = await anOpenStore({ url: server.url });
      await influxql(server.url, `ALTER RETENTION POLICY autogen ON "${bucket}" DURATION 52w`);
      const now = Date.now();
      await writeLines(server.url, bucket, `energy,device=x,gateway=x current_a=1i ${now}`);
      const readings: Reading[] = Array.from({ length: 3_000 }, (_, i) => power(now + i, i));
      const bad = [7, 1_500, 1_501, 2_999];
      readings[7] = power(now - 2 * 365 * 86_400_000, 7);
      readings[1_500] = { device: 'main-meter', time: now + 1_500, values: { current_a: 1 } };
      readings[1_501] = { device: 'main-meter', time: now + 1_501, values: { active_power_kw: 1, current_a: 1 } };
      readings[2_999] = power(now - 3 * 365 * 86_400_000, 7);
      readings[2_000] = power(now, -1);
      const batches = [0, 1, 2].map((b) =>
        anAdmittedBatch({ seq: b + 1, readings: readings.slice(b * 1_000, b * 1_000 + 1_000) }),
      );
      const refused = await store.commit(batches, async () => {});
      expect(
        refused.flatMap(({ batch, rejected }) => rejected.map(({ index }) => (batch.seq - 1) * 1_000 + index)),
      ).toEqual(bad);
      expect(
        refused.flatMap(({ rejected }) => rejected.map(({ detail }) => /retention|type float/.test(detail ?? ''))),
      ).toEqual([true, true, true, true]);
      const [total] = await store.totals({ gateway: 'library' });
      expect(total?.count).toBe(3_000 - bad.length - 1);
      const [series] = await store.series({
        metric: 'active_power_kw',
        devices: [{ gateway: 'library', device: 'main-meter' }],
        from: now,
        to: now + 1,
        limit: 1,
      });
      expect(series?.points).toEqual([{ time: now, value: -1 }]);
    });

    it('are all found at once when a whole field is of another type', async () => {
      const { store, bucket } = await anOpenStore({ url: server.url });
      await writeLines(server.url, bucket, `energy,device=x,gateway=x voltage_v=1i ${NOON}`);
      const readings = Array.from({ length: 1_000 }, (_, i) =>
        i % 3 === 0 ? { device: 'm', time: NOON + i, values: { voltage_v: 1, current_a: 2 } } : power(NOON + i, i, 'm'),
      );
      const batches = Array.from({ length: 10 }, (_, g) => anAdmittedBatch({ gateway: `g${g}`, readings }));
      const refused = await store.commit(batches, async () => {});
      expect(refused.length).toBe(10);
      for (const { rejected } of refused)
        expect(rejected.map(({ index }) => index)).toEqual(readings.flatMap((_, i) => (i % 3 === 0 ? [i] : [])));
    });

    it('leave nothing settled when they cannot be kept as dead letters', async () => {
      const { store } = await anOpenStore({ url: server.url });
      const batch = anAdmittedBatch({ readings: [power(1e14, 1)] });
      const failure = await store
        .commit([batch], async () => {
          throw new Error('disk full');
        })
        .catch((error: unknown) => error);
      expect(failure).toMatchObject({
        name: 'StoreFailure',
        kind: 'unavailable',
        message: expect.stringMatching(/dead letters: disk full/),
      });
      expect(await store.ledger()).toEqual([]);
    });
  });

  describe('one value per point', () => {
    it('though commits overlap and requests are small', async () => {
      const { store } = await anOpenStore({ url: server.url, requestReadings: 7, lanes: 3 });
      const gateways = ['a', 'b', 'c', 'd', 'e', 'f'];
      const commits: Promise<unknown>[] = [];
      for (let round = 0; round < 30; round++) {
        const batches: AdmittedBatch[] = gateways.map((gateway) =>
          anAdmittedBatch({
            gateway,
            seq: round + 1,
            readings: Array.from({ length: 10 }, (_, i) => power(NOON + i, round)),
          }),
        );
        commits.push(store.commit(batches, noneRefused));
      }
      await Promise.all(commits);
      const totals = await store.totals({});
      expect(totals.map(({ gateway, count, sum }) => [gateway, count, sum])).toEqual(gateways.map((g) => [g, 10, 290]));
      expect((await store.latest({})).every(({ value, time }) => value === 29 && time === NOON + 9)).toBe(true);
      expect((await store.ledger()).map(({ range }) => range)).toEqual(gateways.map(() => [1, 30]));
    });
  });

  describe('a missing database', () => {
    it("is somebody's to mend, is said by check, and is created by init", async () => {
      const { store } = aStore({ url: server.url, bucket: 'not yet "there"' });
      await store.open();
      const batch = anAdmittedBatch();
      const failure = await store.commit([batch], noneRefused).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        kind: 'misconfigured',
        message: expect.stringMatching(/lamplighter store init/),
      });
      expect(await store.ledger()).toEqual([]);
      expect(await store.check()).toMatchObject({
        ok: false,
        version: '1.6.7~rc0',
        words: expect.stringMatching(/store init/),
      });
      await expect(store.latest({})).rejects.toMatchObject({ kind: 'misconfigured' });
      await expect(store.totals({})).rejects.toMatchObject({ kind: 'misconfigured' });
      expect(await store.init()).toMatchObject({ ok: true });
      await store.commit([batch], noneRefused);
      expect(await store.latest({})).toHaveLength(2);
    });
  });

  it('init needs neither open nor the ledger', async () => {
    const { store } = aStore({ url: server.url });
    expect(await store.init()).toMatchObject({ ok: true, words: expect.stringMatching(/can be written and read/) });
  });
});

describeWithServer('influxd')('with authentication', () => {
  const admin = { username: 'admin', password: 'se/c:ret@1' };
  let server: Influxd;
  beforeAll(async () => {
    server = await startInfluxd({ auth: admin });
    await influxql(server.url, "CREATE USER reader WITH PASSWORD 'reader'", { auth: admin });
    await influxql(server.url, 'CREATE DATABASE city', { auth: admin });
    await influxql(server.url, 'GRANT READ ON city TO reader', { auth: admin });
  });
  afterAll(() => server?.remove());

  it('is let in by name and password, in the options or the URL', async () => {
    const { store } = await anOpenStore({ url: server.url, ...admin });
    await store.commit([anAdmittedBatch()], noneRefused);
    expect(await store.latest({})).toHaveLength(2);
    const userinfo = `${admin.username}:${encodeURIComponent(admin.password)}@`;
    const { store: other } = await anOpenStore({ url: server.url.replace('://', `://${userinfo}`) });
    expect(await other.check()).toMatchObject({ ok: true, words: expect.not.stringContaining('secret') });
  });

  it.each([
    ['no credentials', {}, /credentials/],
    ['a wrong password', { username: 'admin', password: 'wrong-one' }, /credentials/],
    ['a token, which 1.x does not know', { token: 'wrong-one' }, /credentials/],
    ['a user who may only read', { username: 'reader', password: 'reader', bucket: 'city' }, /permission/],
  ])('with %s says what to do', async (_, credentials, words) => {
    const { store } = aStore({ url: server.url, ...credentials });
    await store.open();
    const failure = await store.commit([anAdmittedBatch()], noneRefused).catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'misconfigured', message: expect.stringMatching(words) });
    const check = await store.check();
    expect(check).toMatchObject({ ok: false, version: '1.6.7~rc0', words: expect.stringMatching(words) });
    expect(`${check.words} ${(failure as Error).message}`).not.toContain('wrong-one');
    expect((await store.init()).ok).toBe(false);
  });
});

describeWithServer('influxd')('a server that dies', () => {
  it('loses nothing and doubles nothing, killed between and during commits', async () => {
    const server = await startInfluxd();
    onTestFinished(() => server.remove());
    const { store } = await anOpenStore({ url: server.url, requestTimeoutMs: 5_000 });
    const batchOf = (seq: number) =>
      anAdmittedBatch({ seq, readings: Array.from({ length: 1_000 }, (_, i) => power(NOON + seq * 1_000 + i, 1)) });
    let failures = 0;
    const settle = async (batch: AdmittedBatch): Promise<void> => {
      for (;;) {
        try {
          await store.commit([batch], noneRefused);
          return;
        } catch (error) {
          expect(error).toMatchObject({ name: 'StoreFailure', kind: 'unavailable' });
          failures++;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    };
    await settle(batchOf(1));
    await server.kill();
    await expect(store.commit([batchOf(2)], noneRefused)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await store.check()).toMatchObject({ ok: false, words: expect.stringMatching(/cannot be reached/) });
    await server.restart();
    for (let round = 0; round < 3; round++) {
      const seqs = [0, 1, 2, 3, 4].map((i) => 2 + round * 5 + i);
      const settled = (async () => {
        for (const seq of seqs) await settle(batchOf(seq));
      })();
      await new Promise((resolve) => setTimeout(resolve, 15));
      await server.kill();
      await server.restart();
      await settled;
    }
    expect(failures).toBeGreaterThan(0);
    expect(await store.totals({})).toMatchObject([
      { count: 16_000, sum: 16_000, firstTime: NOON + 1_000, lastTime: NOON + 16_999 },
    ]);
    expect(await store.ledger()).toMatchObject([{ range: [1, 16] }]);
  });

  it('may be down at the start: the latest values come when it is back', async () => {
    const server = await startInfluxd();
    onTestFinished(() => server.remove());
    const first = await anOpenStore({ url: server.url });
    await first.store.commit([anAdmittedBatch({ readings: [power(NOON, 1), power(NOON, 5, 'roof')] })], noneRefused);
    await first.store.close();
    await server.kill();
    const { store } = aStore({ url: server.url, bucket: first.bucket }, first.folder);
    await store.open();
    expect(await store.ledger()).toHaveLength(1);
    await expect(store.latest({})).rejects.toMatchObject({ kind: 'unavailable' });
    await server.restart();
    await store.commit([anAdmittedBatch({ seq: 2, readings: [power(NOON + 1, 2)] })], noneRefused);
    const found = (await store.latest({})).map(({ device, time, value }) => [device, time, value]);
    expect(found.sort()).toEqual([
      ['main-meter', NOON + 1, 2],
      ['roof', NOON, 5],
    ]);
  });
});
