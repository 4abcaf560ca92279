import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ManifestWatch } from '../../register/manifest-watch.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aRegister } from './a-register.ts';

const CITY = 'city: Boston\nzone: America/New_York\nsites:\n  - id: copley\n    name: Library\n    kind: building\n';

it('follows the file, keeps the register when it is faulty, and follows again when mended', async () => {
  const path = join(temporaryFolder(), 'city.yaml');
  const register = await aRegister();
  const clock = new ManualClock();
  const watch = new ManifestWatch({ path, register, clock, log: silentLog });
  onTestFinished(() => watch.stop());

  await watch.start();
  expect(watch.state()).toMatchObject({ appliedAt: undefined, faults: [{ line: 0, words: /cannot be read/ }] });

  writeFileSync(path, CITY);
  await clock.advance(5_000);
  await watch.reload();
  expect(register.site('copley')?.name).toBe('Library');
  const applied = watch.state().appliedAt;
  expect(watch.state()).toMatchObject({ appliedAt: expect.any(Number), faults: [] });

  writeFileSync(path, CITY.replace('building', 'palace').replace('zone:', 'zoned:'));
  await watch.reload();
  expect(register.site('copley')?.name).toBe('Library');
  expect(watch.state().faults.map((fault) => fault.line)).toEqual([1, 2, 6]);
  expect(watch.state().appliedAt).toBe(applied);

  const { version } = register;
  writeFileSync(path, CITY.replace('Library', 'Central Library'));
  await watch.reload();
  expect(register.site('copley')?.name).toBe('Central Library');
  expect(register.version).toBe(version + 1);
  expect(watch.state().faults).toEqual([]);
});

it('tries again when the register cannot be written', async () => {
  const path = join(temporaryFolder(), 'city.yaml');
  writeFileSync(path, CITY);
  const register = await aRegister();
  await register.stop();
  const watch = new ManifestWatch({ path, register, clock: new ManualClock(), log: silentLog });
  onTestFinished(() => watch.stop());
  await watch.start();
  expect(watch.state()).toMatchObject({ appliedAt: undefined, faults: [{ words: /not open/ }] });
  await register.start();
  await watch.reload();
  expect(register.site('copley')?.name).toBe('Library');
  expect(watch.state().faults).toEqual([]);
});

it('notices a file that an editor replaces', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'city.yaml');
  writeFileSync(path, CITY);
  const register = await aRegister();
  const watch = new ManifestWatch({ path, register, clock: systemClock, log: silentLog });
  onTestFinished(() => watch.stop());
  await watch.start();
  writeFileSync(join(folder, 'city.yaml~'), CITY.replace('Library', 'Annex'));
  renameSync(join(folder, 'city.yaml~'), path);
  await vi.waitFor(() => expect(register.site('copley')?.name).toBe('Annex'), { timeout: 10_000 });
});
