import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DataFolder, operatorTokenFile, runningServer } from '../../cli/data-folder.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function owned(path: string): Promise<DataFolder> {
  const folder = new DataFolder(path);
  await folder.start();
  onTestFinished(() => folder.stop());
  return folder;
}

test('a second owner is refused in words that name the first', async () => {
  const path = join(temporaryFolder(), 'data');
  const first = await owned(path);
  first.addresses = { console: 'http://127.0.0.1:1', mqtt: 'mqtt://127.0.0.1:2' };
  await expect(new DataFolder(path).start()).rejects.toThrow(
    new RegExp(`http://127.0.0.1:1 \\(process ${process.pid}\\).*--data`),
  );
  expect(await runningServer(path)).toEqual({
    pid: process.pid,
    console: 'http://127.0.0.1:1',
    mqtt: 'mqtt://127.0.0.1:2',
  });
});

test('once the owner has stopped, the folder is free', async () => {
  const path = temporaryFolder();
  const first = await owned(path);
  await first.stop();
  expect(await runningServer(path)).toBeUndefined();
  await owned(path);
});

test('a socket that a killed server left is taken over', async () => {
  const path = temporaryFolder();
  // A socket file that nobody listens on: what SIGKILL leaves behind.
  const dead = createServer().listen(join(path, 'other.sock'));
  await once(dead, 'listening');
  const { renameSync } = await import('node:fs');
  renameSync(join(path, 'other.sock'), join(path, 'server.sock'));
  await new Promise((resolve) => dead.close(resolve));
  await owned(path);
  expect(await runningServer(path)).toMatchObject({ pid: process.pid });
});

test('the operator token is made once and is for its owner alone', async () => {
  const path = temporaryFolder();
  const folder = await owned(path);
  const token = folder.operatorToken();
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(folder.operatorToken()).toBe(token);
  expect(statSync(operatorTokenFile(path)).mode & 0o777).toBe(0o600);
});

test('a path that is too long for a socket is refused with the mend', async () => {
  await expect(new DataFolder(join(temporaryFolder(), 'x'.repeat(120))).start()).rejects.toThrow(/too long.*--data/);
});
