/** How a backup ends that fails: with its reason, and only when nobody writes into its draft any more. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { open } from 'lmdb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BackupDoor } from '../../../cli/backup/backup-door.ts';
import { type BackupRequest, takeBackup } from '../../../cli/backup/take-backup.ts';
import { DataFolder, socketPath } from '../../../cli/data-folder.ts';
import { silentLog } from '../../../runtime/log.ts';
import { ManualClock } from '../../manual-clock.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const SLOW_MS = 100;

/** A data folder whose server holds a store of 10 bytes that has 5, and copies a file more when it is told to stop. */
async function aServer(onOrder: (socket: Socket) => void = () => {}, content = 'short') {
  const home = temporaryFolder();
  const [data, backups] = [join(home, 'data'), join(home, 'backups')];
  const folder = new DataFolder(data);
  await folder.start();
  onTestFinished(() => folder.stop());
  writeFileSync(join(data, 'telemetry.duckdb'), content);
  let over: Promise<void> = Promise.resolve();
  const door = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).once('line', (line) => {
      const { into } = JSON.parse(line) as { into: string };
      socket.write(`${JSON.stringify({ held: 'telemetry.duckdb', bytes: 10 })}\n`);
      onOrder(socket);
      socket.on('data', (text) => {
        const done = { done: { store: 'duckdb', roles: ['console'] } };
        if (String(text).includes('true')) socket.write(`${JSON.stringify(done)}\n`);
      });
      over = new Promise((resolve) => {
        socket.once('end', async () => {
          await sleep(SLOW_MS);
          mkdirSync(join(into, 'roll-up-state'), { recursive: true });
          writeFileSync(join(into, 'roll-up-state/data.mdb'), 'late');
          socket.end();
          resolve();
        });
      });
    });
  });
  await new Promise<void>((resolve) => door.listen(socketPath(data, 'backup.sock'), resolve));
  onTestFinished(() => void door.close());
  const said: string[] = [];
  const backup = (change: Partial<BackupRequest> = {}) =>
    takeBackup({
      data,
      target: join(backups, 'one'),
      clock: new ManualClock(),
      say: (line) => said.push(line),
      stopped: new AbortController().signal,
      ...change,
    });
  return { backups, said, backup, over: () => over };
}

describe('a backup that fails', () => {
  test('leaves nothing, however long the server writes on', async () => {
    const { backups, backup, over } = await aServer();
    await expect(backup()).rejects.toThrow('telemetry.duckdb became shorter while it was copied');
    await over();
    expect(readdirSync(backups)).toEqual([]);
  });

  test('at the server tells what the server said', async () => {
    const { backups, backup, over } = await aServer((socket) =>
      socket.write(`${JSON.stringify({ error: { code: 'store-unavailable', message: 'no room at the server' } })}\n`),
    );
    await expect(backup()).rejects.toThrow(/^no room at the server$|became shorter/);
    await over();
    expect(readdirSync(backups)).toEqual([]);
  });

  test('because a person has had enough, leaves nothing either', async () => {
    const stop = new AbortController();
    const { backups, backup, over } = await aServer(() => stop.abort(new Error('enough')));
    await expect(backup({ stopped: stop.signal })).rejects.toThrow('enough');
    await over();
    expect(readdirSync(backups)).toEqual([]);
  });

  test('says that whoever took the archive is gone', async () => {
    const { backup } = await aServer(undefined, 'exactly ten'.slice(0, 10));
    const target = new Writable({
      write: (_part, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    });
    target.on('error', () => {});
    await expect(backup({ target })).rejects.toThrow('whoever took the archive is gone');
  });

  test('tells its reason also when its draft cannot be removed, and the draft beside it', async () => {
    const { said, backup } = await aServer();
    const remove = () => Promise.reject(new Error('EIO: no disk'));
    await expect(backup({ remove })).rejects.toThrow('became shorter');
    expect(said.at(-1)).toMatch(/backups\/\.backup-one-\w+ could not be removed \(EIO: no disk\)\. .* remove it\.$/);
  });
});

test('the server ends its side when it copies no more, and goes on with no other file', async () => {
  const home = temporaryFolder();
  const [data, into] = [join(home, 'data'), join(home, 'into')];
  for (const name of ['roll-up-state', 'dead-letters', 'register', 'alerts']) {
    const file = open({ path: join(data, name), noSubdir: false });
    for (let key = 0; key < 20_000; key += 1) void file.put(key, 'x'.repeat(1_000));
    await file.flushed;
    await file.close();
  }
  mkdirSync(into);
  const door = new BackupDoor({ folder: data, roles: ['console'], log: silentLog });
  await door.start();
  onTestFinished(() => door.stop());
  const socket = createConnection({ path: socketPath(data, 'backup.sock'), allowHalfOpen: true });
  socket.write(`${JSON.stringify({ into })}\n`);
  // The next copy is begun when the first is told.
  socket.once('data', () => socket.end());
  await new Promise((resolve) => socket.once('close', resolve));
  const listing = () => readdirSync(into).map((name) => [name, statSync(join(into, name, 'data.mdb')).size]);
  const left = listing();
  await door.stop();
  expect(listing()).toEqual(left);
  expect(left.length).toBeLessThan(4);
});
