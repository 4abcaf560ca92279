import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Ledger } from '../../ingest/ledger.ts';

describe('a batch', () => {
  test('is new, then pending, then settled with its rejections', () => {
    const ledger = new Ledger();
    expect(ledger.claim('library', 'a', 3)).toBe('new');
    expect(ledger.claim('library', 'a', 3)).toBe('pending');
    ledger.settle('library', 'a', 3, [{ index: 2, reason: 'too-old' }]);
    expect(ledger.claim('library', 'a', 3)).toBe('settled');
    expect(ledger.rejections('library', 'a', 3)).toEqual([[2, 'too-old']]);
    expect(ledger.claim('library', 'b', 3)).toBe('new');
    expect(ledger.claim('school', 'a', 3)).toBe('new');
  });

  test('that was not taken is new again', () => {
    const ledger = new Ledger();
    ledger.claim('library', 'a', 1);
    ledger.release('library', 'a', 1);
    expect(ledger.claim('library', 'a', 1)).toBe('new');
  });

  test('of a loaded ledger is settled', () => {
    const ledger = new Ledger();
    ledger.load([
      {
        gateway: 'library',
        epoch: 'a',
        range: [1, 5],
        rejected: [
          [2, 0, 'no-values'],
          [2, 1, 'too-old'],
        ],
      },
    ]);
    expect(ledger.claim('library', 'a', 5)).toBe('settled');
    expect(ledger.claim('library', 'a', 6)).toBe('new');
    expect(ledger.rejections('library', 'a', 2)).toEqual([
      [0, 'no-values'],
      [1, 'too-old'],
    ]);
  });
});

test('epochs that are no longer held are forgotten, but for replays, imports and what is pending', () => {
  const ledger = new Ledger();
  ledger.settle('library', 'a', 1, []);
  ledger.settle('library', 'replay', 1, []);
  ledger.settle('library', 'import7', 1, []);
  ledger.settle('library', 'c', 1, []);
  ledger.claim('library', 'b', 1);
  expect(ledger.forgetEpochs('library', ['c'])).toBe(true);
  expect(ledger.epochs('library').toSorted()).toEqual(['b', 'c', 'import7', 'replay']);
  expect(ledger.forgetEpochs('library', ['c'])).toBe(false);
});

test('ranges in any order answer like a set', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 8 })), { maxLength: 40 }),
      (ranges) => {
        const ledger = new Ledger();
        const model = new Set<number>();
        for (const [first, length] of ranges) {
          ledger.load([{ gateway: 'g', epoch: 'e', range: [first, first + length], rejected: [] }]);
          for (let seq = first; seq <= first + length; seq++) model.add(seq);
        }
        for (let seq = 1; seq <= 70; seq++) {
          expect(ledger.claim('g', 'e', seq)).toBe(model.has(seq) ? 'settled' : 'new');
        }
      },
    ),
  );
});

describe('gaps', () => {
  test('lie between settled batches, with the times of their neighbours', () => {
    const ledger = new Ledger();
    const settle = (seq: number) => {
      ledger.claim('library', 'a', seq);
      ledger.settle('library', 'a', seq, [], seq * 100, seq * 100 + 50);
    };
    for (const seq of [1, 2, 5, 6, 9]) settle(seq);
    expect(ledger.gaps('library')).toEqual([
      { epoch: 'a', first: 3, last: 4, from: 250, to: 500 },
      { epoch: 'a', first: 7, last: 8, from: 650, to: 900 },
    ]);
    settle(7);
    settle(8);
    settle(3);
    expect(ledger.gaps('library')).toEqual([{ epoch: 'a', first: 4, last: 4, from: 350, to: 500 }]);
    ledger.claim('library', 'a', 4);
    expect(ledger.gaps('library')).toEqual([]);
  });

  test('begin before the first batch, and are nobody’s of the server’s own epochs', () => {
    const ledger = new Ledger();
    ledger.settle('library', 'a', 3, [], 300, 350);
    ledger.settle('library', 'replay', 7_000, []);
    expect(ledger.gaps('library')).toEqual([{ epoch: 'a', first: 1, last: 2, from: null, to: 300 }]);
    expect(ledger.gaps('school')).toEqual([]);
  });

  test('of a loaded ledger have numbers only', () => {
    const ledger = new Ledger();
    ledger.load([
      { gateway: 'library', epoch: 'a', range: [1, 4], rejected: [] },
      { gateway: 'library', epoch: 'a', range: [8, 9], rejected: [] },
    ]);
    expect(ledger.gaps('library')).toEqual([{ epoch: 'a', first: 5, last: 7, from: null, to: null }]);
  });
});
