/** Room on the disk: from when on it is said, in health, as an alert and as numbers. */
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { diskState, diskWords } from '../../contract/disk-space.ts';
import { DiskWatch, type FolderSpace } from '../../runtime/disk-watch.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aPlace, ruleOf, someInputs } from './alert-builders.ts';

const GB = 1e9;
const ofSize = (sizeGb: number, freeGb: number) => ({ freeBytes: freeGb * GB, sizeBytes: sizeGb * GB });

test.each([
  [32, 3.3, 'enough'],
  [32, 3.1, 'low'],
  [32, 0.9, 'short'],
  [120, 11, 'low'],
  [120, 3.5, 'short'],
  // A tenth of a large disk is a lot.
  [4_000, 21, 'enough'],
  [4_000, 19, 'low'],
  [4_000, 5, 'low'],
  [4_000, 3.9, 'short'],
] as const)('of %i GB %d GB free are %s', (size, free, state) => {
  expect(diskState(ofSize(size, free))).toBe(state);
});

describe('the alert', () => {
  const firing = (disk: FolderSpace | undefined) => ruleOf('disk-filling').evaluate(someInputs({ disk }));
  test('says how much is free, and gets worse', () => {
    expect(firing(ofSize(120, 40))).toEqual([]);
    expect(firing(ofSize(120, 11))).toMatchObject([
      { severity: 'warning', words: expect.stringMatching(/^11 GB of 120 GB free, 9\.2 %\./) },
    ]);
    expect(firing(ofSize(120, 2))).toMatchObject([{ severity: 'critical', figures: [{ value: 2, unit: 'GB' }, {}] }]);
  });
  test('neither opens nor ends while nobody can say', () => {
    expect(firing(undefined)).toEqual([]);
    const unknown = (disk: FolderSpace | undefined) => ruleOf('disk-filling').unknown?.(someInputs({ disk }), aPlace());
    expect(unknown(undefined)).toContain('not known');
    expect(unknown(ofSize(120, 40))).toBeUndefined();
  });
});

test('words are short', () => {
  expect(diskWords(ofSize(512, 123.4))).toBe('123 GB of 512 GB free, 24 %');
  expect(diskWords(ofSize(100, 0.04))).toBe('40 MB of 100 GB free, 0 %');
});

describe('the watch', () => {
  test('looks again, and knows nothing while the disk does not say', async () => {
    const clock = new ManualClock(0);
    const registry = new Registry();
    let answer: FolderSpace | undefined = ofSize(120, 50);
    const ask = async () => {
      if (answer === undefined) throw new Error('EIO: i/o error, statfs');
      return answer;
    };
    const watch = new DiskWatch({ folder: '/data', clock, log: silentLog, registry, ask });
    await watch.start();
    expect(watch.space).toEqual(ofSize(120, 50));
    answer = ofSize(120, 49);
    await clock.advance(30_000);
    expect(await registry.metrics()).toContain('lamplighter_data_disk_free_bytes 49000000000\n');
    answer = undefined;
    await clock.advance(30_000);
    expect(watch.space).toBeUndefined();
    await watch.stop();
  });

  test('asks the disk that a folder lies on', async () => {
    const deps = { clock: new ManualClock(0), log: silentLog, registry: new Registry() };
    const watch = new DiskWatch({ ...deps, folder: temporaryFolder() });
    await watch.start();
    await watch.stop();
    expect(watch.space?.sizeBytes).toBeGreaterThanOrEqual(watch.space?.freeBytes ?? Number.NaN);
    expect(watch.space?.freeBytes).toBeGreaterThan(0);
  });
});
