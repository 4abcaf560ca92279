/** What a server that is away, fails in between or is of another version does to roll-ups and long answers. */
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import type { InfluxdbOptions } from '../../../store/influxdb/influxdb-options.ts';
import { InfluxdbStore } from '../../../store/influxdb/influxdb-store.ts';
import type { StoreFailure } from '../../../store/telemetry-store.ts';
import { NOON } from '../../builders.ts';
import { ManualClock } from '../../manual-clock.ts';
import { aMeterEvent, anUpdate, aRollUp } from '../../suites/roll-up-store.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type Asked, fakeInflux, type Reply } from './fake-influx.ts';
import { aStore } from './influxdb-fixture.ts';

const DAY = 86_400_000;
const METER = { gateway: 'library', device: 'main-meter' };
const isWrite = ({ path }: Asked) => path === '/write' || path === '/api/v2/write';
const V2: Reply = { status: 204, headers: { 'x-influxdb-version': 'v2.7.1' } };

async function storeOn(reply: (asked: Asked) => Reply | undefined, options: Partial<InfluxdbOptions> = {}) {
  const server = await fakeInflux(reply);
  const { store } = aStore({ url: server.url, bucket: 'city', token: 's3cret', ...options });
  await store.open();
  return { store, server, writes: () => server.asked.filter(isWrite) };
}

async function failureOf(promise: Promise<unknown>): Promise<StoreFailure> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as StoreFailure,
  );
}

const update = anUpdate({
  '15m': [aRollUp()],
  '1h': [aRollUp({ position: null })],
  '1d': [aRollUp({ position: null })],
  events: [aMeterEvent()],
  erasedEvents: [aMeterEvent({ at: NOON + 1 })],
});

/** Bucket or database, and measurement, of each write. */
const places = (writes: readonly Asked[]) =>
  writes.map(({ query, body }) => `${query.get('db') ?? query.get('bucket')} ${body.split(',')[0]}`);

const IN_ORDER = [
  'city_long meter_events',
  'city_long meter_events',
  'city_15m energy',
  'city_long energy_1h',
  'city_long energy_1d',
];

describe('an update', () => {
  it.each([
    ['1.x', undefined],
    ['2.x', V2],
  ])('is written in its order, on %s', async (_, ping) => {
    const { store, writes } = await storeOn(({ path }) => (path === '/ping' ? ping : undefined), { org: 'ours' });
    await store.putRollUps(update);
    expect(places(writes())).toEqual(IN_ORDER);
  });

  it('stops where the server fails, and made again is written whole', async () => {
    for (let failing = 1; failing <= IN_ORDER.length; failing++) {
      let count = 0;
      const { store, writes } = await storeOn((asked) =>
        isWrite(asked) && ++count === failing ? { status: 503 } : undefined,
      );
      expect(await failureOf(store.putRollUps(update))).toMatchObject({ kind: 'unavailable' });
      expect(places(writes())).toEqual(IN_ORDER.slice(0, failing));
      await store.putRollUps(update);
      expect(places(writes()).slice(failing)).toEqual(IN_ORDER);
    }
  });

  it.each<[string, Reply, 'unavailable' | 'misconfigured', RegExp]>([
    ['500', { status: 500, body: { error: 'disk full' } }, 'unavailable', /disk full/],
    ['a reset', 'reset', 'unavailable', /cannot be reached/],
    ['401', { status: 401, body: { error: 'authorization failed' } }, 'misconfigured', /token/],
    [
      '403',
      { status: 403, body: { message: 'forbidden' } },
      'misconfigured',
      /permission to read and write "city_15m"/,
    ],
    [
      '404',
      { status: 404, body: { error: 'database not found: "city_15m"' } },
      'misconfigured',
      /"city_15m": .*store init/,
    ],
    ['a success that is none', { status: 200, body: '<html>' }, 'misconfigured', /200/],
  ])('that meets %s fails and says what to do', async (_, reply, kind, words) => {
    const { store } = await storeOn((asked) => (isWrite(asked) ? reply : undefined));
    expect(await failureOf(store.putRollUps(anUpdate({ '15m': [aRollUp()] })))).toMatchObject({
      name: 'StoreFailure',
      kind,
      message: expect.stringMatching(words),
    });
  });

  it.each([
    ['1.x', 400, 'partial write: points beyond retention policy dropped=1'],
    ['2.x', 422, 'failure writing points to database: partial write: points beyond retention policy dropped=1'],
    [
      '2.7',
      422,
      'failure writing points to database: partial write: dropped 1 points outside retention policy of duration 672h0m0s - oldest violation at Z with diff 1h dropped=1',
    ],
  ])('of quarter hours that are too old on %s is made', async (_, status, message) => {
    const { store, writes } = await storeOn((asked) =>
      isWrite(asked) && asked.body.includes('count=666') ? { status, body: { error: message, message } } : undefined,
    );
    const rows = [1, 666, 2].map((count, i) => aRollUp({ count, start: NOON + i * 900_000 }));
    await store.putRollUps(anUpdate({ '15m': rows, '1h': [aRollUp()] }));
    expect(places(writes()).at(-1)).toBe('city_long energy_1h');
  });

  it('of many rows is written in requests of a bounded size', async () => {
    const { store, writes } = await storeOn(() => undefined);
    const rows = Array.from({ length: 5_001 }, (_, i) => aRollUp({ start: NOON + i * 900_000 }));
    await store.putRollUps(anUpdate({ '15m': rows }));
    expect(writes().map(({ body }) => body.split('\n').length)).toEqual([2_000, 2_000, 1_001]);
  });

  it('that follows another begins when that one has ended', async () => {
    const { store, writes } = await storeOn(() => undefined);
    const counts = [1, 2, 3];
    await Promise.all(
      counts.map((count) => store.putRollUps(anUpdate({ '15m': [aRollUp({ count })], '1d': [aRollUp({ count })] }))),
    );
    expect(writes().map(({ body }) => /count=(\d)/.exec(body)?.[1])).toEqual(['1', '1', '2', '2', '3', '3']);
  });
});

describe('keep', () => {
  const bucket = (id: string, everySeconds: number) => ({
    status: 200,
    body: { buckets: [{ id, retentionRules: [{ type: 'expire', everySeconds, shardGroupDurationSeconds: 604_800 }] }] },
  });

  it('sets the rules of 2.x where they differ', async () => {
    const kept: Record<string, number> = { city: 0, city_15m: 30 * 86_400, city_long: 86_400 * 60 };
    const { store, server } = await storeOn(
      ({ path, method, query }) =>
        method === 'GET' && path === '/api/v2/buckets'
          ? bucket(`id-${query.get('name')}`, kept[query.get('name') ?? ''] ?? -1)
          : undefined,
      { version: '2', org: 'ours' },
    );
    await store.keep({ raw: NOON - DAY, quarters: NOON - 29.5 * DAY }, NOON);
    const patches = server.asked.filter(({ method }) => method === 'PATCH');
    expect(patches.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      ['/api/v2/buckets/id-city', { retentionRules: [{ type: 'expire', everySeconds: 604_800 }] }],
      ['/api/v2/buckets/id-city_long', { retentionRules: [{ type: 'expire', everySeconds: 0 }] }],
    ]);
  });

  it('says what an administrator of 2.x should run', async () => {
    const { store } = await storeOn(
      ({ path, method, query }) =>
        method === 'PATCH'
          ? { status: 401, body: { code: 'unauthorized', message: 'write:orgs/1/buckets/2 is unauthorized' } }
          : path === '/api/v2/buckets'
            ? bucket(`id-${query.get('name')}`, 86_400)
            : undefined,
      { version: '2', org: 'ours' },
    );
    expect(await failureOf(store.keep({ quarters: NOON - 400 * DAY }, NOON))).toMatchObject({
      kind: 'misconfigured',
      message: expect.stringContaining(
        'influx bucket update --id id-city --retention 0; influx bucket update --id id-city_15m --retention 34560000s; influx bucket update --id id-city_long --retention 0 (',
      ),
    });
  });

  it('alters no policy of 1.x that is as it should be', async () => {
    const columns = ['name', 'duration', 'shardGroupDuration', 'replicaN', 'default'];
    const { store, server } = await storeOn(
      ({ path, body }) =>
        path === '/query' && /SHOW\+RETENTION/.test(body)
          ? {
              status: 200,
              body: { results: [{ series: [{ columns, values: [['autogen', '9600h0m0s', '168h0m0s', 1, true]] }] }] },
            }
          : undefined,
      { version: '1' },
    );
    await store.keep({ raw: NOON - 400 * DAY, quarters: NOON - 399.2 * DAY }, NOON);
    const altered = server.asked
      .flatMap(({ body }) => new URLSearchParams(body).get('q') ?? [])
      .filter((q) => /ALTER/.test(q));
    expect(altered).toEqual(['ALTER RETENTION POLICY "autogen" ON "city_long" DURATION INF']);
  });
});

describe('a long answer', () => {
  const piece = (values: unknown[][], isPartial: boolean, tags: object = METER) =>
    `${JSON.stringify({ results: [{ series: [{ name: 'energy', tags, columns: ['time', 'active_power_kw'], values, ...(isPartial ? { partial: true } : {}) }], ...(isPartial ? { partial: true } : {}) }] })}\n`;
  const query = { devices: [METER], metrics: ['active_power_kw'], from: NOON, to: NOON + DAY };
  const asking = async (pieces: Iterable<string>) => {
    const { store } = await storeOn((asked) =>
      asked.path === '/query' && asked.query.get('chunked') === 'true' ? { pieces } : undefined,
    );
    return store.values(query);
  };

  it('is put together, wherever its parts are cut', async () => {
    const roof = { ...METER, device: 'roof' };
    const text =
      piece([[1, 10]], true) +
      piece(
        [
          [2, null],
          [3, 30],
        ],
        true,
      ) +
      piece([[1, -1]], false, roof);
    for (const size of [1, 7, 64, 10_000]) {
      const parts = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.slice(i * size, (i + 1) * size),
      );
      expect(await asking(parts)).toEqual([
        { ...METER, metric: 'active_power_kw', times: Float64Array.of(1, 3), values: Float64Array.of(10, 30) },
        { ...roof, metric: 'active_power_kw', times: Float64Array.of(1), values: Float64Array.of(-1) },
      ]);
    }
  });

  it.each([
    [
      'an error after some rows',
      [piece([[1, 1]], true), '{"results":[{"error":"query interrupted"}]}\n'],
      /query interrupted/,
    ],
    ['an error of the whole', [piece([[1, 1]], true), '{"error":"shutting down"}\n'], /shutting down/],
    ['an end in the middle', [piece([[1, 1]], true)], /cut an answer short/],
    ['half a piece', [piece([[1, 1]], true), '{"results":['], /not a query result/],
    ['a page', ['<html></html>'], /not a query result/],
    ['nothing', [], /not a query result/],
    ['a missing database', ['{"results":[{"error":"database not found: city"}]}\n'], /store init/],
  ])('with %s is no answer', async (_, pieces, words) => {
    expect(await failureOf(asking(pieces))).toMatchObject({
      name: 'StoreFailure',
      message: expect.stringMatching(words),
    });
  });

  it('may take as long as it flows, and is given up when it does not', async () => {
    const clock = new ManualClock();
    let isSilent = false;
    // The client runs in this very process: it has read a piece soon after it was sent.
    const isRead = () => new Promise((resolve) => setTimeout(resolve, 100));
    const flowing = async function* () {
      for (let i = 0; i < 4; i++) {
        yield piece([[i, i]], i < 3);
        await isRead();
        await clock.advance(20_000);
      }
    };
    const silent = async function* () {
      yield piece([[1, 1]], true);
      await isRead();
      await clock.advance(31_000);
    };
    const server = await fakeInflux(({ path, query }) =>
      path === '/query' && query.get('chunked') === 'true' ? { pieces: isSilent ? silent() : flowing() } : undefined,
    );
    const store = new InfluxdbStore({
      options: { url: server.url, version: '1', requestTimeoutMs: 30_000 },
      folder: temporaryFolder(),
      clock,
      random: Math.random,
      log: silentLog,
    });
    await store.open();
    const [series] = await store.values(query);
    expect(series?.times).toHaveLength(4);
    isSilent = true;
    expect(await failureOf(store.values(query))).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/within 30 s/),
    });
    await store.close();
  });
});
