import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_BATCH_BYTES } from '../../contract/batch.ts';
import { type Decoded, decodeBatch } from '../../ingest/decode-batch.ts';
import { aBatch, aReading } from '../builders.ts';

const decode = (body: unknown): Decoded =>
  decodeBatch(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

test('a good batch comes out as it went in', () => {
  expect(decode(aBatch({ seq: 7 }))).toEqual({
    kind: 'batch',
    epoch: 'epoch1',
    seq: 7,
    readings: [aReading()],
    rejected: [],
  });
});

test('a probe asks for the time', () => {
  expect(decode(aBatch({ seq: 0, readings: [] }))).toEqual({ kind: 'probe', epoch: 'epoch1' });
});

test('a newer contract version is to come later', () => {
  expect(decode({ ...aBatch(), v: 2, surprise: true })).toEqual({
    kind: 'later',
    epoch: 'epoch1',
    seq: 1,
    reason: 'version-unknown',
    readings: 1,
  });
});

describe('what cannot be answered is undecodable', () => {
  test.each([
    ['no JSON', '{"v":1,', 'not JSON'],
    [
      'NaN',
      '{"v":1,"epoch":"a","seq":1,"readings":[{"device":"m","time":1,"values":{"active_power_kw":NaN}}]}',
      'not JSON',
    ],
    ['an array', [], 'JSON object'],
    ['no epoch', { v: 1, seq: 1, readings: [] }, 'epoch'],
    ['a wrong seq', { ...aBatch(), seq: -1 }, 'seq'],
    ['readings under the seq of a probe', aBatch({ seq: 0 }), 'seq: 0'],
  ])('%s', (_, body, words) => {
    const decoded = decode(body);
    expect(decoded).toMatchObject({ kind: 'undecodable', reason: 'malformed' });
    expect((decoded as { detail: string }).detail).toContain(words);
  });
});

describe('a bad envelope rejects the whole batch', () => {
  test.each([
    ['an unknown key', { ...aBatch(), colour: 'red' }, 'unknown-key', 'colour'],
    ['readings that are no list', { ...aBatch(), readings: {} }, 'malformed', 'readings'],
    [
      'too many readings',
      aBatch({ readings: Array.from({ length: 1_001 }, () => aReading()) }),
      'too-large',
      'readings',
    ],
    ['an old version', { ...aBatch(), v: 0 }, 'malformed', 'v'],
  ])('%s', (_, body, reason, words) => {
    const decoded = decode(body) as Extract<Decoded, { kind: 'batch' }>;
    expect(decoded.rejected).toEqual([{ index: -1, reason, detail: expect.stringContaining(words) }]);
    expect(decoded.seq).toBe(1);
  });

  test('too many bytes', () => {
    const padded = `${JSON.stringify(aBatch())}${' '.repeat(MAX_BATCH_BYTES)}`;
    expect(decode(padded)).toMatchObject({ kind: 'batch', rejected: [{ index: -1, reason: 'too-large' }] });
  });
});

describe('a bad reading is rejected alone', () => {
  test.each([
    ['an unknown key', { ...aReading(), colour: 'red' }, 'unknown-key', 'colour'],
    [
      'a word for a value',
      aReading({ values: { active_power_kw: 'much' as unknown as number } }),
      'invalid-reading',
      'values.active_power_kw',
    ],
    ['no time', { device: 'm', values: {} }, 'invalid-reading', 'time'],
    ['a fraction of a millisecond', aReading({ time: 1.5 }), 'invalid-reading', 'time'],
    ['a device id with a slash', aReading({ device: 'a/b' }), 'invalid-reading', 'device'],
    ['null', null, 'invalid-reading', ''],
  ])('%s', (_, bad, reason, words) => {
    const decoded = decode({ ...aBatch(), readings: [aReading(), bad, aReading()] }) as Extract<
      Decoded,
      { kind: 'batch' }
    >;
    expect(decoded.rejected).toEqual([{ index: 1, reason, detail: expect.stringContaining(words) }]);
    expect(decoded.readings).toHaveLength(3);
  });
});

test('garbage never throws', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeBatch(bytes)));
  fc.assert(fc.property(fc.json(), (json) => void decode(json)));
});
