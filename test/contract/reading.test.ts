import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isReading, readingSchema } from '../../contract/reading.ts';
import { aReading } from '../builders.ts';

const nearlyAReading = fc.record(
  {
    device: fc.oneof(
      fc.constantFrom('main-meter', 'a', '-a', 'A', '', 'x'.repeat(63), 'x'.repeat(64), 'é'),
      fc.string(),
      fc.anything(),
    ),
    time: fc.oneof(fc.constantFrom(0, -1, 1.5, 1e15, 2 ** 53, Number.NaN, 1_790_000_000_000), fc.anything()),
    values: fc.oneof(
      fc.dictionary(fc.string(), fc.double()),
      fc.dictionary(fc.string(), fc.anything()),
      fc.constantFrom(null, [], [1], {}, 'x'),
      fc.anything(),
    ),
    extra: fc.anything(),
  },
  { requiredKeys: [] },
);

test('the quick check and the schema say the same of anything that JSON can hold', () => {
  fc.assert(
    fc.property(fc.oneof(nearlyAReading, fc.anything()), (value) => {
      const text = JSON.stringify(value);
      if (text === undefined) return;
      const json: unknown = JSON.parse(text);
      expect(isReading(json)).toBe(readingSchema.safeParse(json).success);
    }),
    { numRuns: 2_000 },
  );
});

test('a usual reading passes', () => {
  expect(isReading(aReading())).toBe(true);
});
