/** Points for boards: how they are spelled, and that they are on a real influxd when the promise says so. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pointLine } from '../../../store/influxdb/point-lines.ts';
import { isPointSink, type Point } from '../../../store/point-sink.ts';
import { NOON } from '../../builders.ts';
import { type Influxd, influxql, startInfluxd } from '../../real-servers/influxd.ts';
import { describeWithServer } from '../../real-servers/needs-server.ts';
import { anOpenStore, aStore } from './influxdb-fixture.ts';

const aPoint = (change: Partial<Point> = {}): Point => ({
  bucket: 'raw',
  measurement: 'lamplighter_gateway',
  tags: { site: 'main-library', gateway: 'library' },
  fields: { online: 1, version: '0.1.0' },
  time: NOON,
  ...change,
});

describe('the line of a point', () => {
  it('has its tags in order, texts in quotes and numbers as floats', () => {
    expect(pointLine(aPoint()).text).toBe(
      `lamplighter_gateway,gateway=library,site=main-library online=1,version="0.1.0" ${NOON}`,
    );
  });

  it('escapes what would end a name or a text', () => {
    const { text } = pointLine(aPoint({ tags: { reason: 'a b,c=d' }, fields: { words: 'say "no"\\\nnow' } }));
    expect(text).toBe(`lamplighter_gateway,reason=a\\ b\\,c\\=d words="say \\"no\\"\\\\ now" ${NOON}`);
  });

  it('leaves an empty tag out', () => {
    expect(pointLine(aPoint({ tags: { site: '', gateway: 'library' } })).text).toMatch(
      /^lamplighter_gateway,gateway=library online/,
    );
  });

  it.each([
    ['a number that is none', { fields: { online: Number.NaN } }, /field online is NaN/],
    ['no field', { fields: {} }, /no field/],
    ['a broken time', { time: 1.5 }, /time 1.5/],
    ['a tag that cannot be kept', { tags: { gateway: 'a\n' } }, /control character/],
  ])('is refused for %s', (_, change, words) => {
    expect(() => pointLine(aPoint(change))).toThrow(words);
  });
});

describeWithServer('influxd')('points on a real influxd', () => {
  let server: Influxd;
  beforeAll(async () => {
    server = await startInfluxd();
  });
  afterAll(() => server?.remove());

  it('are in their buckets, and the later of two wins', async () => {
    const { store, bucket } = await anOpenStore({ url: server.url });
    expect(isPointSink(store)).toBe(true);
    const site = (change: Partial<Point>) =>
      aPoint({ measurement: 'site_15m', tags: { site: 'a', carrier: 'gas' }, fields: { consumption: 2 }, ...change });
    const many = Array.from({ length: 4_500 }, (_, i) => site({ bucket: 'quarters', time: NOON + i * 900_000 }));
    await store.putPoints([aPoint(), ...many, site({ bucket: 'long', measurement: 'site_1d' })]);
    await store.putPoints([site({ bucket: 'long', measurement: 'site_1d', fields: { consumption: 3 } })]);
    const one = async (database: string, query: string) =>
      (await influxql(server.url, query, { database })).series?.[0]?.values[0];
    expect(await one(bucket, 'SELECT online, version FROM lamplighter_gateway')).toEqual([NOON, 1, '0.1.0']);
    expect(await one(`${bucket}_15m`, 'SELECT count(consumption) FROM site_15m')).toEqual([0, 4_500]);
    expect(await one(`${bucket}_long`, 'SELECT consumption FROM site_1d')).toEqual([NOON, 3]);
    expect(await store.totals({})).toEqual([]);
    expect(await store.latest({})).toEqual([]);
  });

  it('that are older than they would be kept are no fault', async () => {
    const { store, bucket } = await anOpenStore({ url: server.url });
    await influxql(server.url, `ALTER RETENTION POLICY autogen ON "${bucket}_15m" DURATION 4w`);
    const now = Date.now();
    const old = aPoint({ bucket: 'quarters', time: now - 100 * 86_400_000 });
    await store.putPoints([old, aPoint({ bucket: 'quarters', time: now })]);
    const { series } = await influxql(server.url, 'SELECT online FROM lamplighter_gateway', {
      database: `${bucket}_15m`,
    });
    expect(series?.[0]?.values).toEqual([[now, 1]]);
  });

  it('of another type are a fault to be mended', async () => {
    const { store } = await anOpenStore({ url: server.url });
    await store.putPoints([aPoint()]);
    await expect(store.putPoints([aPoint({ fields: { online: 'yes', version: '0.1.0' } })])).rejects.toMatchObject({
      name: 'StoreFailure',
      kind: 'misconfigured',
      message: expect.stringMatching(/online.*type string, already exists as type float/),
    });
  });

  it('are not written by a store that is not open', async () => {
    const { store } = aStore({ url: server.url });
    await expect(store.putPoints([aPoint()])).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
