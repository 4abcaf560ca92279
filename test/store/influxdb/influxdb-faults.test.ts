/** What a server that is away, overloaded, in between or of another version does to a commit. */
import { describe, expect, it } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import type { InfluxdbOptions } from '../../../store/influxdb/influxdb-options.ts';
import { InfluxdbStore } from '../../../store/influxdb/influxdb-store.ts';
import type { StoreFailure } from '../../../store/telemetry-store.ts';
import { anAdmittedBatch, aReading, NOON } from '../../builders.ts';
import { ManualClock } from '../../manual-clock.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { type Asked, fakeInflux, type Reply, STORED } from './fake-influx.ts';
import { aStore } from './influxdb-fixture.ts';

const SECRET = 's3cret-token';
const noneRefused = async () => {
  throw new Error('nothing was to be refused');
};
const isWrite = ({ path }: Asked) => path === '/write' || path === '/api/v2/write';

/** A store whose server answers writes so. */
async function storeOn(
  reply: (asked: Asked, writes: number) => Reply | undefined,
  options: Partial<InfluxdbOptions> = {},
) {
  let writes = 0;
  const server = await fakeInflux((asked) => reply(asked, isWrite(asked) ? ++writes : writes));
  const { store } = aStore({ url: server.url, bucket: 'city', lanes: 1, token: SECRET, ...options });
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

describe('a failed write', () => {
  it.each<[string, Reply, 'unavailable' | 'misconfigured', RegExp]>([
    [
      '500',
      { status: 500, body: { error: 'engine: cache maximum memory size exceeded' } },
      'unavailable',
      /cache maximum/,
    ],
    ['503', { status: 503, body: '<html>down</html>' }, 'unavailable', /503/],
    ['429', { status: 429, headers: { 'retry-after': '30' }, body: {} }, 'unavailable', /429/],
    ['a success that is none', { status: 200, body: '<html>hello</html>' }, 'misconfigured', /200/],
    ['a redirection', { status: 302, headers: { location: '/elsewhere' } }, 'misconfigured', /302.*/],
    ['a reset connection', 'reset', 'unavailable', /cannot be reached/],
    ['401', { status: 401, body: { error: 'authorization failed' } }, 'misconfigured', /token.*authorization failed/],
    [
      '403',
      { status: 403, body: { code: 'forbidden', message: 'insufficient permissions' } },
      'misconfigured',
      /permission/,
    ],
    [
      '404 of a database',
      { status: 404, body: { error: 'database not found: "city"' } },
      'misconfigured',
      /lamplighter store init/,
    ],
    [
      '404 of a bucket',
      { status: 404, body: { code: 'not found', message: 'bucket "city" not found' } },
      'misconfigured',
      /store init/,
    ],
    ['404 of an address', { status: 404, body: '404 page not found' }, 'misconfigured', /version \(1 or 2\)/],
    ['400 of the request', { status: 400, body: { error: 'database is required' } }, 'misconfigured', /store init/],
    [
      '400 for every point, naming none',
      { status: 400, body: { error: 'read only' } },
      'misconfigured',
      /all 3 points.*read only/,
    ],
    [
      'an error that repeats the secret',
      { status: 500, body: { error: `token ${SECRET} is odd` } },
      'unavailable',
      /\[secret\]/,
    ],
  ])('%s settles nothing and says what to do', async (_, reply, kind, words) => {
    const { store } = await storeOn((asked) => (isWrite(asked) ? reply : undefined));
    const readings = [0, 1, 2].map((i) => aReading({ time: NOON + i }));
    const failure = await failureOf(store.commit([anAdmittedBatch({ readings })], noneRefused));
    expect(failure).toMatchObject({ name: 'StoreFailure', kind, message: expect.stringMatching(words) });
    expect(failure.message).not.toContain(SECRET);
    expect(await store.ledger()).toEqual([]);
    expect(await store.latest({})).toEqual([]);
  });

  it('is tried once, and the same commit again stores it', async () => {
    const { store, writes } = await storeOn((asked, n) => (isWrite(asked) && n <= 2 ? { status: 503 } : undefined));
    const batch = anAdmittedBatch();
    await failureOf(store.commit([batch], noneRefused));
    expect(writes()).toHaveLength(1);
    await failureOf(store.commit([batch], noneRefused));
    await store.commit([batch], noneRefused);
    expect(new Set(writes().map(({ body }) => body)).size).toBe(1);
    expect(await store.ledger()).toMatchObject([{ range: [1, 1] }]);
  });

  it('stops its lane, and other lanes end before the commit fails', async () => {
    const { store, writes } = await storeOn(
      (asked) => (isWrite(asked) && asked.body.includes('gateway=a ') ? { status: 503 } : undefined),
      { lanes: 2, requestReadings: 1 },
    );
    const batches = ['a', 'b'].flatMap((gateway) => [1, 2, 3].map((seq) => anAdmittedBatch({ gateway, seq })));
    await failureOf(store.commit(batches, noneRefused));
    expect(writes().filter(({ body }) => body.includes('gateway=a '))).toHaveLength(1);
    expect(writes().filter(({ body }) => body.includes('gateway=b '))).toHaveLength(3);
    expect(await store.ledger()).toEqual([]);
  });

  it('without an answer is cut in time, and is unknown', async () => {
    const server = await fakeInflux((asked) => (isWrite(asked) ? 'hang' : undefined));
    const clock = new ManualClock();
    const store = new InfluxdbStore({
      options: { url: server.url, version: '1', requestTimeoutMs: 30_000 },
      folder: temporaryFolder(),
      clock,
      random: Math.random,
      log: silentLog,
    });
    await store.open();
    await store.latest({});
    const failing = failureOf(store.commit([anAdmittedBatch()], noneRefused));
    while (!server.asked.some(isWrite)) await clock.advance(0);
    await clock.advance(30_000);
    expect(await failing).toMatchObject({ kind: 'unavailable', message: expect.stringMatching(/within 30 s/) });
    while (server.cut() === 0) await clock.advance(0);
    await store.close();
  });

  it('to a server that is not there says so', async () => {
    const { store } = aStore({ url: 'http://127.0.0.1:9' });
    await store.open();
    const failure = await failureOf(store.commit([anAdmittedBatch()], noneRefused));
    expect(failure).toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/127\.0\.0\.1:9 cannot be reached/),
    });
    expect(await store.check()).toMatchObject({ ok: false, version: 'unknown', words: failure.message });
    expect(await store.init()).toMatchObject({ ok: false });
  });
});

describe('a request that is too large', () => {
  const atMost = (chars: number) => (asked: Asked) =>
    isWrite(asked) && asked.body.length > chars ? ({ status: 413, body: '<h1>Too Large</h1>' } as const) : undefined;

  it('is split until it fits, and the next ones are smaller', async () => {
    const { store, writes } = await storeOn(atMost(70_000));
    const readings = Array.from({ length: 1_000 }, (_, i) => aReading({ time: NOON + i }));
    const batches = (from: number) => [0, 1, 2, 3].map((i) => anAdmittedBatch({ seq: from + i, readings }));
    await store.commit(batches(1), noneRefused);
    const first = writes().length;
    const stored = writes().filter(({ body }) => body.length <= 70_000);
    expect(stored.flatMap(({ body }) => body.split('\n'))).toHaveLength(4_000);
    await store.commit(batches(5), noneRefused);
    expect(writes().length - first).toBeLessThan(first);
    expect(await store.ledger()).toMatchObject([{ range: [1, 8] }]);
  });

  it("is somebody's to mend when even a small one is", async () => {
    const { store } = await storeOn(atMost(10));
    const failure = await failureOf(store.commit([anAdmittedBatch()], noneRefused));
    expect(failure).toMatchObject({
      kind: 'misconfigured',
      message: expect.stringMatching(/too large; raise its limit/),
    });
  });
});

describe('the other ways of writing', () => {
  it('2.x and 3 are written to by organisation, bucket and token', async () => {
    for (const version of ['v2.7.1', '3.0.1']) {
      const { store, server, writes } = await storeOn(
        ({ path }) => (path === '/ping' ? { status: 204, headers: { 'x-influxdb-version': version } } : undefined),
        { org: 'my city', bucket: 'raw & more' },
      );
      await store.commit([anAdmittedBatch()], noneRefused);
      const [write] = writes();
      expect(write?.path).toBe('/api/v2/write');
      expect(Object.fromEntries(write?.query ?? [])).toEqual({ org: 'my city', bucket: 'raw & more', precision: 'ms' });
      expect(write?.headers.authorization).toBe(`Token ${SECRET}`);
      await store.totals({});
      const query = server.asked.find(({ path }) => path === '/query');
      expect(Object.fromEntries(query?.query ?? [])).toEqual({ org: 'my city', db: 'raw & more', epoch: 'ms' });
    }
  });

  it('a server that tells its version only in /health is understood, one that tells none is not', async () => {
    const health = (body: unknown) => (asked: Asked) =>
      asked.path === '/ping' ? { status: 204 } : asked.path === '/health' ? { status: 200, body } : undefined;
    const { store, writes } = await storeOn(health({ status: 'pass', version: '2.0.9' }));
    await store.commit([anAdmittedBatch()], noneRefused);
    expect(writes()[0]?.path).toBe('/api/v2/write');
    const { store: stranger } = await storeOn(health('<html>'));
    const failure = await failureOf(stranger.commit([anAdmittedBatch()], noneRefused));
    expect(failure).toMatchObject({
      kind: 'misconfigured',
      message: expect.stringMatching(/does not say that it is InfluxDB/),
    });
  });

  it('points that 2.x answers with 422, or 3 with 201, are refused, not believed to be stored', async () => {
    const refusals: Reply[] = [
      {
        status: 422,
        body: {
          code: 'unprocessable entity',
          message: 'failure writing points to database: partial write: points beyond retention policy dropped=1',
        },
      },
      { status: 201, body: { error: 'partial write of line protocol occurred', data: [{ line_number: 1 }] } },
    ];
    for (const refusal of refusals) {
      const { store } = await storeOn(
        (asked) => (isWrite(asked) && asked.body.includes('=666') ? refusal : undefined),
        { version: '2' },
      );
      const readings = [1, 666, 2].map((value, i) => aReading({ time: NOON + i, values: { co2_ppm: value } }));
      const [rejection] = await store.commit([anAdmittedBatch({ readings })], async () => {});
      expect(rejection?.rejected).toMatchObject([
        { index: 1, reason: 'store-refused', detail: expect.stringMatching(/partial write/) },
      ]);
    }
  });

  it('long bodies are compressed where that is asked for', async () => {
    const { store, writes } = await storeOn(() => undefined, { gzipThresholdBytes: 100 });
    const readings = [0, 1].map((i) => aReading({ time: NOON + i }));
    await store.commit([anAdmittedBatch({ readings })], noneRefused);
    expect(writes()[0]?.headers['content-encoding']).toBe('gzip');
    expect(writes()[0]?.body.split('\n')).toHaveLength(2);
  });

  it('init creates the missing buckets of 2.x, and nothing when they are there', async () => {
    const there = new Set<string | null>(['city_15m']);
    const reply = (asked: Asked): Reply | undefined => {
      if (asked.path === '/ping') return { status: 204, headers: { 'x-influxdb-version': 'v2.7.1' } };
      if (asked.path === '/api/v2/orgs') return { status: 200, body: { orgs: [{ id: '0a1b', name: 'ours' }] } };
      if (asked.path === '/api/v2/buckets' && asked.method === 'GET') {
        const name = asked.query.get('name');
        return { status: 200, body: { buckets: there.has(name) ? [{ id: '1', name }] : [] } };
      }
      if (asked.path === '/api/v2/buckets') {
        there.add((JSON.parse(asked.body) as { name: string }).name);
        return { status: 201, body: { id: '1' } };
      }
      if (isWrite(asked) && !there.has(asked.query.get('bucket')))
        return { status: 404, body: { code: 'not found', message: 'bucket "x" not found' } };
      if (isWrite(asked)) return { status: 400, body: { code: 'invalid', message: 'writing requires points' } };
      return undefined;
    };
    const { store, server } = await storeOn(reply, { org: 'ours' });
    expect(await store.check()).toMatchObject({
      ok: false,
      version: 'v2.7.1',
      words: expect.stringMatching(/no database or bucket "city" and "city_long": create it with: .*store init/),
    });
    expect(await store.init()).toMatchObject({ ok: true, version: 'v2.7.1' });
    expect(await store.init()).toMatchObject({ ok: true });
    const created = server.asked.filter(({ method, path }) => method === 'POST' && path === '/api/v2/buckets');
    const shards = { type: 'expire', everySeconds: 0, shardGroupDurationSeconds: 84 * 86_400 };
    expect(created.map(({ body }) => JSON.parse(body))).toEqual([
      { orgID: '0a1b', name: 'city', retentionRules: [] },
      { orgID: '0a1b', name: 'city_long', retentionRules: [shards] },
    ]);
  });

  it('init says that the organisation is unknown', async () => {
    const { store } = await storeOn(
      ({ path }) => (path.startsWith('/api/v2/') ? { status: 200, body: { buckets: [], orgs: [] } } : undefined),
      { version: '2', org: 'nobody' },
    );
    expect(await store.init()).toMatchObject({ ok: false, words: expect.stringMatching(/no organisation "nobody"/) });
  });
});

describe('a failed question', () => {
  const asking = async (reply: Reply) => {
    const { store } = await storeOn((asked) => (asked.path === '/query' ? reply : undefined));
    return failureOf(store.totals({}));
  };

  it.each<[string, Reply, 'unavailable' | 'misconfigured', RegExp]>([
    [
      'an error of a statement',
      { status: 200, body: { results: [{ error: 'timeout' }] } },
      'unavailable',
      /could not answer: timeout/,
    ],
    ['an error of the whole', { status: 200, body: { error: 'shutting down' } }, 'unavailable', /shutting down/],
    [
      'a missing database',
      { status: 200, body: { results: [{ error: 'database not found: city' }] } },
      'misconfigured',
      /store init/,
    ],
    [
      'a cut answer',
      { status: 200, body: { results: [{ series: [{ name: 'x', columns: [], values: [], partial: true }] }] } },
      'misconfigured',
      /max-row-limit/,
    ],
    ['a page', { status: 200, body: '<html></html>' }, 'unavailable', /not a query result/],
    ['null', { status: 200, body: 'null' }, 'unavailable', /not a query result/],
    ['half an answer', 'half', 'unavailable', /cannot be reached/],
    ['a reset', 'reset', 'unavailable', /cannot be reached/],
    ['500', { status: 500, body: {} }, 'unavailable', /500/],
    ['401', { status: 401, body: { error: 'authorization failed' } }, 'misconfigured', /credentials/],
  ])('%s is not an empty answer', async (_, reply, kind, words) => {
    expect(await asking(reply)).toMatchObject({ kind, message: expect.stringMatching(words) });
  });

  it('a missing database does not stay missing: the latest values are asked for again', async () => {
    let isThere = false;
    const { store } = await storeOn((asked) =>
      asked.path === '/query' && !isThere
        ? { status: 200, body: { results: [{ error: 'database not found: city' }] } }
        : undefined,
    );
    expect(await failureOf(store.latest({}))).toMatchObject({ kind: 'misconfigured' });
    isThere = true;
    expect(await store.latest({})).toEqual([]);
  });
});

describe('closing', () => {
  it('settles a commit that hangs, and everything asked later', async () => {
    const { store, server } = await storeOn((asked) => (isWrite(asked) ? 'hang' : undefined), { lanes: 2 });
    const commits = ['a', 'b', 'c'].map((gateway) =>
      failureOf(store.commit([anAdmittedBatch({ gateway })], noneRefused)),
    );
    while (!server.asked.some(isWrite)) await new Promise((resolve) => setImmediate(resolve));
    await store.close();
    for (const failure of await Promise.all(commits)) expect(failure).toMatchObject({ kind: 'unavailable' });
    for (const late of [store.latest({}), store.totals({}), store.ledger(), store.forgetEpochs('a', [])]) {
      expect(await failureOf(late)).toMatchObject({ kind: 'unavailable' });
    }
  });

  it('settles while the latest values cannot be loaded', async () => {
    const { store } = await storeOn((asked) => (asked.path === '/query' ? 'hang' : undefined));
    const waiting = failureOf(store.latest({}));
    await store.close();
    expect(await waiting).toMatchObject({ kind: 'unavailable' });
  });
});

describe('options that cannot be used', () => {
  it.each<[string, InfluxdbOptions, RegExp]>([
    ['no URL', { url: 'hunter2 at localhost' }, /not a URL/],
    ['another protocol', { url: 'influx://localhost:8086' }, /http:\/\/ or https:\/\//],
    [
      'a token with a line break',
      { url: 'http://localhost', token: 'hunter2\n' },
      /token contains a control character/,
    ],
    ['no lanes', { url: 'http://localhost', lanes: 0 }, /lanes is 0/],
  ])('%s: open says so without repeating a secret', async (_, options, words) => {
    const { store } = aStore(options);
    const failure = await failureOf(store.open());
    expect(failure).toMatchObject({
      name: 'StoreFailure',
      kind: 'misconfigured',
      message: expect.stringMatching(words),
    });
    expect(failure.message).not.toContain('hunter2');
    expect(await store.check()).toMatchObject({ ok: false, words: failure.message });
  });

  it('a path before the API and a name and password in the URL are used', async () => {
    const server = await fakeInflux(() => STORED);
    const { store } = aStore({
      url: `${server.url.replace('://', '://me:p%40ss@')}/influx/`,
      bucket: 'city',
      version: '1',
    });
    await store.open();
    await store.commit([anAdmittedBatch()], noneRefused);
    const write = server.asked.find(({ path }) => path === '/influx/write');
    expect(write?.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });
});
