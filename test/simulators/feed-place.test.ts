import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jumpedTo, placeOfText, textOfPlace, withNewestToldTo, withShortNewest } from '../../simulators/feed-place.ts';

it('is the same place after it was written down', () => {
  const instants = fc.uniqueArray(fc.integer({ min: 0, max: 2e12 }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2e12 }), instants, (live, times) => {
      const edges = [...times].sort((one, other) => one - other);
      const holes = Array.from({ length: Math.floor(edges.length / 2) }, (_, i) => ({
        from: edges[2 * i]!,
        to: edges[2 * i + 1]!,
      }));
      expect(placeOfText(textOfPlace({ live, holes }))).toEqual({ live, holes });
    }),
  );
});

it('reads the cursor of a feed without holes, and refuses what is none', () => {
  expect(placeOfText('1790000000000')).toEqual({ live: 1_790_000_000_000, holes: [] });
  for (const text of ['', 'x', '1;', '1;2', '1;2-3,', '-1', '1;2-3;4']) {
    expect(() => placeOfText(text), text).toThrow(/is not one of this feed/);
  }
});

it('leaves a hole where it jumps, and fills the newest day of it first', () => {
  const jumped = jumpedTo({ live: 100, holes: [{ from: 10, to: 20 }] }, 1_000);
  expect(textOfPlace(jumped)).toBe('1000;10-20,100-1000');
  const short = withShortNewest(jumped, 300);
  expect(textOfPlace(short)).toBe('1000;10-20,100-700,700-1000');
  expect(withShortNewest(short, 300)).toEqual(short);
  expect(textOfPlace(withNewestToldTo(short, 800))).toBe('1000;10-20,100-700,800-1000');
  expect(textOfPlace(withNewestToldTo(short, 1_000))).toBe('1000;10-20,100-700');
});
