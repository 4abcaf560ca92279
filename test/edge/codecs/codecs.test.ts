import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metricById } from '../../../contract/metrics.ts';
import { readingSchema } from '../../../contract/reading.ts';
import type { Codec, CodecContext } from '../../../edge/codecs/codec.ts';
import { CODECS, codecByName } from '../../../edge/codecs/index.ts';
import { FIXTURES } from './fixtures.ts';

const context: CodecContext = {
  device: 'main',
  zone: 'America/New_York',
  receivedAt: Date.parse('2026-07-15T16:00:02Z'),
};

function decode(codec: string, payload: unknown) {
  const bytes = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload));
  return (codecByName.get(codec) as Codec).decode(bytes, context);
}

/** The invariant of every codec: it never throws, and what it yields satisfies contract and catalogue. */
function checkInvariant(codec: Codec, payload: Uint8Array): void {
  const result = codec.decode(payload, context);
  if (!result.ok) {
    expect(result.words.length).toBeGreaterThan(0);
    return;
  }
  for (const reading of result.readings) {
    expect(readingSchema.safeParse({ time: 0, ...reading }).error).toBeUndefined();
    expect(Object.keys(reading.values).length).toBeGreaterThan(0);
    for (const [id, value] of Object.entries(reading.values)) {
      const metric = metricById.get(id);
      expect(metric, id).toBeDefined();
      expect(value).toBeGreaterThanOrEqual(metric?.min ?? Number.NaN);
      expect(value).toBeLessThanOrEqual(metric?.max ?? Number.NaN);
    }
  }
}

test.each(FIXTURES.map((fixture) => [fixture.codec, fixture.says, fixture] as const))(
  '%s: %s',
  (codec, _says, fixture) => {
    expect(decode(codec, fixture.payload)).toEqual({ ok: true, readings: fixture.readings });
  },
);

describe.each(CODECS.map((codec) => [codec.name, codec] as const))('%s', (name, codec) => {
  test('has a fixture', () => {
    expect(FIXTURES.some((fixture) => fixture.codec === name)).toBe(true);
  });

  test('garbage bytes never throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => checkInvariant(codec, bytes)));
  });

  test('any JSON never throws and never yields a reading that breaks the contract', () => {
    fc.assert(fc.property(fc.json(), (text) => checkInvariant(codec, Buffer.from(text))));
  });

  test('a fixture with any of its fields replaced never throws and never yields a reading that breaks the contract', () => {
    const fixtures = FIXTURES.filter((fixture) => fixture.codec === name);
    const anything = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.double(), fc.constantFrom(1e300, -1, '', '1e9', null));
    fc.assert(
      fc.property(fc.constantFrom(...fixtures), fc.nat(), anything, ({ payload }, place, value) => {
        const copy = structuredClone(payload) as Record<string, unknown>;
        const fields = fieldsOf(copy);
        const [holder, key] = fields[place % fields.length] as [Record<string, unknown>, string];
        holder[key] = value;
        checkInvariant(codec, Buffer.from(JSON.stringify(copy)));
      }),
      { numRuns: 500 },
    );
  });
});

function fieldsOf(value: Record<string, unknown>): [Record<string, unknown>, string][] {
  return Object.keys(value).flatMap((key) => {
    const inner = value[key];
    const deeper = typeof inner === 'object' && inner !== null ? fieldsOf(inner as Record<string, unknown>) : [];
    return [[value, key] as [Record<string, unknown>, string], ...deeper];
  });
}

test.each([
  ['not JSON', Buffer.from('Online'), 'the payload is not JSON. Is this a SENSOR topic?'],
  ['a list', [], 'the payload: expected an object'],
  ['a wrong time', { Time: 'noon' }, 'Time: expected a date and time such as 2026-02-15T17:37:10'],
  ['a text for power', { ENERGY: { Power: '12' } }, 'ENERGY.Power: expected a number'],
  ['four phases', { ENERGY: { Power: [1, 2, 3, 4] } }, 'ENERGY.Power: 4 entries; at most 3 phases are understood'],
  ['a list for a sensor', { AM2301: { Temperature: [1] } }, 'AM2301.Temperature: expected a number'],
  ['an unknown unit', { AM2301: { Temperature: 1 }, TempUnit: 'K' }, 'TempUnit: expected C or F'],
  ['an implausible value', { AM2301: { Humidity: 130 } }, 'humidity_percent: 130 % is not plausible (0 to 100)'],
])('tasmota refuses %s and names the field', (_what, payload, words) => {
  expect(decode('tasmota', payload)).toEqual({ ok: false, words });
});

test('one phase unread leaves the totals out rather than wrong', () => {
  const result = decode('tasmota', { ENERGY: { Power: [100, null, 300] } });
  const values = { active_power_l1_kw: 0.1, active_power_l3_kw: 0.3 };
  expect(result).toEqual({ ok: true, readings: [{ device: 'main', values }] });
});
