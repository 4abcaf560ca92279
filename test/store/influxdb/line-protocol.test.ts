import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LAST_TIME_MS, LineProtocol, spelled, spelledNumber } from '../../../store/influxdb/line-protocol.ts';
import { aReading, NOON } from '../../builders.ts';

const lines = (values: Record<string, number>, change = {}) =>
  new LineProtocol().of('library').lines(aReading({ values, ...change }));

describe('a reading as line protocol', () => {
  it('is one line with its metrics in their order', () => {
    expect(lines({ active_power_kw: 41.2, active_energy_kwh: 918_273.5 })).toBe(
      `energy,device=main-meter,gateway=library active_power_kw=41.2,active_energy_kwh=918273.5 ${NOON}`,
    );
  });

  it('is one line per family', () => {
    expect(lines({ active_power_kw: 1, temperature_c: 20.5, voltage_v: 230 })).toBe(
      `energy,device=main-meter,gateway=library active_power_kw=1,voltage_v=230 ${NOON}\n` +
        `environment,device=main-meter,gateway=library temperature_c=20.5 ${NOON}`,
    );
  });

  it('is nothing without values', () => {
    expect(lines({})).toBe('');
  });

  it.each([
    ['an unknown metric', { no_such_metric: 1 }, {}, 'unknown-metric', /no_such_metric/],
    ['an unknown metric beside two families', { co2_ppm: 1, voltage_v: 1, x: 1 }, {}, 'unknown-metric', /x is not/],
    ['a number that is none', { active_power_kw: Number.NaN }, {}, 'store-refused', /active_power_kw is NaN/],
    ['infinity beside another family', { co2_ppm: 1, voltage_v: Infinity }, {}, 'store-refused', /voltage_v is Inf/],
    [
      'a time beyond the nanoseconds',
      { co2_ppm: 1 },
      { time: LAST_TIME_MS + 1 },
      'store-refused',
      /time 9223372036855/,
    ],
    ['a name with a line break', { co2_ppm: 1 }, { device: 'a\nb' }, 'store-refused', /control character/],
    ['an empty name', { co2_ppm: 1 }, { device: '' }, 'store-refused', /empty/],
  ])('refuses %s', (_, values, change, reason, detail) => {
    expect(lines(values as unknown as Record<string, number>, change)).toMatchObject({
      reason,
      detail: expect.stringMatching(detail),
    });
  });

  it('serves more devices than it caches', () => {
    const protocol = new LineProtocol(10);
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 100; n++) {
        const line = protocol.of(`g${n % 7}`).lines({ device: `d${n}`, time: n, values: { co2_ppm: 1 } });
        expect(line).toBe(`environment,device=d${n},gateway=g${n % 7} co2_ppm=1 ${n}`);
      }
    }
  });
});

describe('a number', () => {
  it.each([
    [0, '0'],
    [-0, '-0'],
    [1, '1'],
    [-41.25, '-41.25'],
    [0.5, '0.5'],
    [0.001, '0.001'],
    [918_273.5, '918273.5'],
    [999_999_999_999.9, '999999999999.9'],
    [0.1 + 0.2, '0.30000000000000004'],
    [1e21, '1e+21'],
    [5e-324, '5e-324'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
  ])('%d is spelled %s', (value, text) => {
    expect(spelledNumber(value)).toBe(text);
  });

  it('reads back as itself, and is never spelled as an integer field', () => {
    const meterLike = fc.tuple(fc.integer({ min: -1e12, max: 1e12 }), fc.integer({ min: 0, max: 6 }));
    fc.assert(
      fc.property(
        fc.oneof(
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          meterLike.map(([n, k]) => n / 10 ** k),
        ),
        (value) => {
          const text = spelledNumber(value);
          expect(Object.is(Number(text), value)).toBe(true);
          expect(text).toMatch(/^-?\d+(\.\d+)?(e[+-]\d+)?$/);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});

describe('a name', () => {
  it.each([
    ['plain', 'plain', 'plain'],
    ['with space', 'with\\ space', 'with\\ space'],
    ['a,b', 'a\\,b', 'a\\,b'],
    ['a=b', 'a=b', 'a\\=b'],
    ['a"b', 'a"b', 'a"b'],
    ['a\\b', 'a\\b', 'a\\b'],
    ['Straße №5 💡', 'Straße\\ №5\\ 💡', 'Straße\\ №5\\ 💡'],
  ])('%j is spelled for measurements and for keys', (name, measurement, key) => {
    expect(spelled(name, 'measurement')).toBe(measurement);
    expect(spelled(name, 'key')).toBe(key);
  });

  it.each(['', 'a\nb', 'a\r', 'a\0b', 'a\u0001', 'ends in \\', 'a\\,b', 'a\\"b', '\\ ', '\ud800'])(
    '%j has no spelling',
    (name) => {
      expect(() => spelled(name, 'key')).toThrow(/InfluxDB|Unicode/);
    },
  );

  it('may not make the line a comment', () => {
    expect(() => spelled('#1', 'measurement')).toThrow(/comment/);
    expect(spelled('#1', 'key')).toBe('#1');
  });
});
