/** The commands about gateways, as a technician types them, against a console that listens. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { gatewayCommand } from '../../cli/commands/gateway.ts';
import { DataFolder, runningServer } from '../../cli/data-folder.ts';
import { createConsole } from '../../console/console.ts';
import { hashToken } from '../../register/credentials.ts';
import { Register } from '../../register/register.ts';
import { silentLog } from '../../runtime/log.ts';
import { aCityOfOne } from '../console/fake-city.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function aServer() {
  const clock = new ManualClock();
  const home = temporaryFolder();
  const folder = new DataFolder(join(home, 'data'));
  await folder.start();
  const register = new Register({ folder: join(folder.path, 'register'), clock, log: silentLog });
  await register.start();
  await register.putSite({ id: 'library', name: 'Central Library', kind: 'building', zone: 'America/New_York' });
  const console = createConsole({
    ...aCityOfOne({ clock }),
    register,
    operatorTokenSha256: hashToken(folder.operatorToken()),
    options: { port: 0 },
  });
  await console.start();
  folder.addresses = { console: console.address, mqtt: 'mqtt://127.0.0.1:1' };
  onTestFinished(async () => {
    await console.stop();
    await register.stop();
    await folder.stop();
  });
  for (const stream of [process.stdout, process.stderr]) {
    const spy = vi.spyOn(stream, 'write').mockImplementation(() => true);
    onTestFinished(() => spy.mockRestore());
  }
  const gateway = async (...words: string[]) =>
    await gatewayCommand().parseAsync([...words, '--data', folder.path], { from: 'user' });
  return { register, gateway, clock, file: join(home, 'gateway.yaml') };
}

test('a file that is there costs no gateway and no token', async () => {
  const { register, gateway, file } = await aServer();
  writeFileSync(file, 'precious');
  await expect(gateway('add', '--site', 'library', '--out', file)).rejects.toThrow(
    /gateway\.yaml: it is there already\. Nothing was changed/,
  );
  expect(register.gateways()).toEqual([]);
  await gateway('add', '--site', 'library');
  const before = register.credential('library');
  expect(before).toBeDefined();
  await expect(gateway('token', 'library', '--out', file)).rejects.toThrow(/there already/);
  await expect(gateway('token', 'library', '--out', join(file, 'x'))).rejects.toThrow(/ENOTDIR.* Nothing was changed/);
  expect(register.credential('library')).toEqual(before);
  expect(readFileSync(file, 'utf8')).toBe('precious');
});

test('what the server refuses leaves no file behind', async () => {
  const { register, gateway, file } = await aServer();
  await expect(gateway('add', '--site', 'depot', '--out', file)).rejects.toThrow(/no site 'depot'.*--new-site/);
  await expect(gateway('token', 'nobody', '--out', file)).rejects.toThrow(/nobody/);
  expect(existsSync(file)).toBe(false);
  await gateway('add', '--site', 'depot', '--new-site', 'Depot', '--out', file);
  expect(register.site('depot')).toMatchObject({ name: 'Depot' });
  expect(readFileSync(file, 'utf8')).toContain('gateway: depot');
});

test('a gateway is retired now, or since a day of its site', async () => {
  const { register, gateway, clock } = await aServer();
  await gateway('add', '--site', 'library');
  await expect(gateway('retire', 'library', '--at', '31.10.2026')).rejects.toThrow(/at: .*is not a date/);
  await expect(gateway('retire', 'library', '--at', '2027-01-01')).rejects.toThrow(/lies in the future/);
  await gateway('retire', 'library');
  expect(register.gateway('library')).toMatchObject({ retired: true, retired_at: clock.now() });
  await gateway('retire', 'library', '--at', '2026-10-31');
  expect(register.gateway('library')).toMatchObject({ retired_at: Date.parse('2026-10-31T00:00:00-04:00') });
});

// Only root can become somebody else.
test.runIf(process.seteuid !== undefined && process.getuid?.() === 0)(
  'another user is told to be the right one',
  async () => {
    const folder = new DataFolder(join(temporaryFolder(), 'data'));
    await folder.start();
    onTestFinished(() => folder.stop());
    process.seteuid?.('nobody');
    try {
      await expect(runningServer(folder.path)).rejects.toThrow(
        /may not look into the data folder .* as the user that runs/,
      );
    } finally {
      process.seteuid?.(0);
    }
  },
);
