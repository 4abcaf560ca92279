import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startOfSlot } from '../../../energy/counting/slots.ts';
import { StoredSeries } from '../../../energy/rollup/stored-series.ts';
import { aRollUp } from '../../roll-up-builders.ts';

const FIRST = 1_990_000;

function rowAt(slot: number) {
  return aRollUp({ start: startOfSlot(slot), position: { height: slot, time: startOfSlot(slot) + 1, until: 0 } });
}

test('where counting stood is told by the newest row up to a quarter hour, however the rows came', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 300 }), { maxLength: 40 }),
      fc.array(fc.integer({ min: -5, max: 310 }), { minLength: 1, maxLength: 40 }),
      fc.boolean(),
      (places, asked, hasEarlier) => {
        const stored = new StoredSeries(FIRST);
        for (const [index, place] of places.entries()) {
          stored.add(rowAt(FIRST + place));
          // Asked in between, so that what was put in order for it is put in order again.
          if (index === 3) stored.positionAt(FIRST + 150);
        }
        if (hasEarlier) stored.addEarlier(rowAt(FIRST - 100));
        for (const place of asked) {
          const newest = Math.max(-1, ...places.filter((one) => one <= place));
          const position = stored.positionAt(FIRST + place);
          if (newest >= 0) expect(position).toMatchObject({ height: FIRST + newest });
          else if (hasEarlier && place >= -1) expect(position).toMatchObject({ height: FIRST - 100 });
          else expect(position).toBe('unknown');
        }
      },
    ),
  );
});

test('heights of sealed rows follow a corrected multiplier, but for those of a meter that has another one', () => {
  const stored = new StoredSeries(FIRST);
  for (const place of [0, 10]) stored.add(rowAt(FIRST + place));
  // Sealed when 10 stood in the register; now it says 40. From quarter hour 5 on another meter stood there.
  stored.countWith(40, [{ before: startOfSlot(FIRST + 100), multiplier: 10 }], startOfSlot(FIRST + 5));
  expect(stored.positionAt(FIRST + 1)).toMatchObject({ height: 4 * FIRST });
  expect(stored.positionAt(FIRST + 10)).toMatchObject({ height: FIRST + 10 });
});
