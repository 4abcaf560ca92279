import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SeqRange } from '../../../contract/acknowledgement.ts';
import { LedgerFile } from '../../../store/influxdb/ledger-file.ts';
import { rangeChanges, withSeqs } from '../../../store/influxdb/settled-ranges.ts';
import { anAdmittedBatch } from '../../builders.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

function anOpenLedger(folder = temporaryFolder()): LedgerFile {
  const ledger = new LedgerFile(folder);
  ledger.open();
  onTestFinished(() => ledger.close());
  return ledger;
}

const empty = (seq: number, change = {}) => anAdmittedBatch({ seq, readings: [], ...change });
const NOTHING = new Map();

describe('the ledger file', () => {
  it('holds what was settled as soon as that is said, even if the process is killed then', async () => {
    const folder = temporaryFolder();
    const ledger = anOpenLedger(folder);
    for (let seq = 1; seq <= 20; seq++) {
      const rejected = seq % 5 === 0 ? [{ index: 3, reason: 'too-old' as const }] : [];
      await ledger.settle([empty(seq, { rejected })], NOTHING);
      // What is in the file now is what a new process would find.
      const left = join(folder, `left-${seq}`);
      mkdirSync(join(left, 'ingest-ledger'), { recursive: true });
      copyFileSync(join(folder, 'ingest-ledger', 'data.mdb'), join(left, 'ingest-ledger', 'data.mdb'));
      const found = new LedgerFile(left);
      found.open();
      expect(await found.entries()).toEqual([
        {
          gateway: 'library',
          epoch: 'epoch1',
          range: [1, seq],
          rejected: [5, 10, 15, 20].filter((at) => at <= seq).map((at) => [at, 3, 'too-old']),
        },
      ]);
      await found.close();
    }
  });

  it('agrees with a set of seqs, whatever is settled and forgotten, across restarts', async () => {
    const step = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.array(
          fc.tuple(fc.constantFrom('a', 'ab'), fc.constantFrom('e', 'e2'), fc.integer({ min: 1, max: 40 })),
          { maxLength: 8 },
        ),
      },
      { weight: 1, arbitrary: fc.constant('reopen' as const) },
      { weight: 1, arbitrary: fc.constantFrom('forget a', 'forget ab') },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const folder = temporaryFolder();
        let ledger = new LedgerFile(folder);
        ledger.open();
        const model = new Set<string>();
        for (const one of steps) {
          if (one === 'reopen') {
            await ledger.close();
            ledger = new LedgerFile(folder);
            ledger.open();
          } else if (typeof one === 'string') {
            const gateway = one.slice('forget '.length);
            await ledger.forgetEpochs(gateway, ['e2']);
            for (const key of model) if (key.startsWith(`${gateway}/e/`)) model.delete(key);
          } else {
            await ledger.settle(
              one.map(([gateway, epoch, seq]) =>
                empty(seq, { gateway, epoch, rejected: [{ index: -1, reason: 'malformed' }] }),
              ),
              NOTHING,
            );
            for (const [gateway, epoch, seq] of one) model.add(`${gateway}/${epoch}/${seq}`);
          }
        }
        const entries = await ledger.entries();
        await ledger.close();
        const seqs = entries.flatMap(({ gateway, epoch, range: [first, last] }) =>
          Array.from({ length: last - first + 1 }, (_, i) => `${gateway}/${epoch}/${first + i}`),
        );
        const rejected = entries.flatMap(({ gateway, epoch, rejected }) =>
          rejected.map(([seq]) => `${gateway}/${epoch}/${seq}`),
        );
        expect(seqs.length).toBe(model.size);
        expect(new Set(seqs)).toEqual(model);
        expect(rejected.sort()).toEqual([...model].sort());
      }),
      { numRuns: 25 },
    );
  });

  it('that cannot be opened says which file and why', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'ingest-ledger'), 'not a folder');
    expect(() => new LedgerFile(folder).open()).toThrow(/ledger .*ingest-ledger cannot be opened/);
  });

  it('settles nothing once closed', async () => {
    const ledger = anOpenLedger();
    await ledger.close();
    await expect(ledger.settle([empty(1)], NOTHING)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});

describe('settled ranges', () => {
  it.each<[SeqRange[], number[], SeqRange[]]>([
    [[], [], []],
    [[], [3], [[3, 3]]],
    [[[1, 2]], [3], [[1, 3]]],
    [
      [
        [1, 2],
        [4, 5],
      ],
      [3],
      [[1, 5]],
    ],
    [[[4, 5]], [2, 3, 1], [[1, 5]]],
    [[[1, 9]], [4], [[1, 9]]],
    [
      [
        [1, 5],
        [3, 4],
      ],
      [],
      [[1, 5]],
    ],
  ])('%j with %j are %j', (ranges, seqs, expected) => {
    expect(withSeqs(ranges, seqs)).toEqual(expected);
  });

  it('change in a file by what differs', () => {
    expect(
      rangeChanges(
        [
          [1, 2],
          [4, 5],
          [9, 9],
        ],
        [
          [1, 5],
          [9, 9],
          [11, 11],
        ],
      ),
    ).toEqual({
      put: [
        [1, 5],
        [11, 11],
      ],
      remove: [4],
    });
  });
});
