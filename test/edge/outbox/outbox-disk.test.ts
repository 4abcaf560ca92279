/** Disks that are full, read-only, foreign or broken: the outbox says so, counts nothing, and goes on when it can. */
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LamplighterError } from '../../../contract/error-codes.ts';
import { createLmdbOutbox } from '../../../edge/outbox/lmdb-outbox.ts';
import type { Outbox } from '../../../edge/outbox/outbox.ts';
import { silentLog } from '../../../runtime/log.ts';
import { randomWord } from '../../../runtime/random.ts';
import { aReading } from '../../builders.ts';
import { spawnTypeScript } from '../../child-process.ts';
import { ManualClock } from '../../manual-clock.ts';
import { expectIdentity } from '../../suites/outbox.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { acknowledgement, undated } from './outbox-words.ts';

function outboxAt(path: string, maxBatchReadings = 200): Outbox {
  const outbox = createLmdbOutbox({ path, maxBatchReadings, clock: new ManualClock(), randomWord, log: silentLog });
  onTestFinished(() => outbox.stop());
  return outbox;
}

async function filledAt(path: string, count = 3): Promise<void> {
  const outbox = outboxAt(path);
  await outbox.start();
  for (let i = 0; i < count; i++) await outbox.append([aReading()]);
  await outbox.stop();
}

/** A disk of its own, if this machine lets us mount one. */
function smallDisk(mebibytes: number): string | undefined {
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder]);
  });
  return folder;
}

async function appendUntilRefused(outbox: Outbox): Promise<unknown> {
  const group = Array.from({ length: 100 }, () => aReading());
  for (;;) {
    const before = outbox.counters();
    try {
      await outbox.append(group);
    } catch (error) {
      expect(outbox.counters()).toEqual(before);
      return error;
    }
  }
}

describe('a full disk', () => {
  it('under a limit on file size: refuses whole groups, settles all the same, and takes readings again', async () => {
    const folder = temporaryFolder();
    const child = await spawnTypeScript(new URL('filling-gateway.ts', import.meta.url), [folder], {
      before: 'ulimit -f 4000',
    });
    const line = await child.line();
    expect(await child.exited).toMatchObject({ code: 0 });
    const { first, counters, outcomes, second, after, cursor } = JSON.parse(line ?? child.errors());
    expect(first.refusal).toContain(folder);
    expect(first.refusal).toMatch(/full/);
    expect(first.appended).toBeGreaterThan(1_000);
    expect(counters).toMatchObject({ produced: first.appended, buffered: first.appended, dropped: 0 });
    expect(outcomes).toEqual(['fulfilled', 'rejected']);
    expect(second.appended).toBeGreaterThan(0);
    expect(after).toMatchObject({ produced: first.appended + second.appended });
    expect(cursor).toBe(String(after.produced));

    const outbox = outboxAt(folder);
    await outbox.start();
    expect(outbox.counters()).toEqual(after);
    expectIdentity(outbox);
  });

  it('to the last byte: lets acknowledgements through by its reserve, and recovers', async ({ skip }) => {
    const disk = smallDisk(8);
    if (disk === undefined) return skip('mounting a small disk is not permitted here');
    const outbox = outboxAt(join(disk, 'outbox'), 1);
    await outbox.start();
    await outbox.append([aReading()]);
    const hog = join(disk, 'hog');
    const fillUp = () => {
      try {
        for (;;) appendFileSync(hog, Buffer.alloc(4096));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ENOSPC' });
      }
    };
    await appendUntilRefused(outbox);
    fillUp();
    expect(await appendUntilRefused(outbox)).toMatchObject({ code: 'store-unavailable' });

    const reserve = join(disk, 'outbox', 'reserve');
    expect(existsSync(reserve)).toBe(true);
    // Acknowledged here and there, so that each deletion has to copy many pages, with the disk full to the last byte.
    const { epoch, lastId } = outbox;
    for (let first = 1; first <= 200; first++) {
      fillUp();
      const seqs = Array.from({ length: Math.ceil(lastId / 200) }, (_, i) => first + i * 200).filter(
        (seq) => seq <= lastId,
      );
      const stored = seqs.map((seq) => [seq, seq] as const);
      expect(await outbox.settle(acknowledgement({ epoch, stored }))).toHaveLength(seqs.length);
    }
    expectIdentity(outbox);
    expect(outbox.counters()).toMatchObject({ buffered: 0, bytes: 0 });
    expect(existsSync(reserve)).toBe(false);

    // The disk is still full, but the file has room inside.
    await outbox.append([aReading()]);
    rmSync(hog);
    await outbox.hold([undated()]);
    await outbox.stop();
    const again = outboxAt(join(disk, 'outbox'));
    await again.start();
    expect(again.counters()).toMatchObject({ buffered: 2, undated: 1 });
    expectIdentity(again);
  });
});

describe('a path that is no outbox', () => {
  const refusal = async (path: string) => {
    const error = await outboxAt(path)
      .start()
      .then(
        () => undefined,
        (reason: unknown) => reason,
      );
    expect(error).toBeInstanceOf(LamplighterError);
    const { message, code } = error as LamplighterError;
    expect(message).toContain(path);
    return { message, code };
  };

  it('because it is a file', async () => {
    const path = join(temporaryFolder(), 'outbox');
    writeFileSync(path, 'a letter');
    expect((await refusal(path)).message).toContain('it is a file');
    expect(readFileSync(path, 'utf8')).toBe('a letter');
  });

  it('because its file is something else, or garbage', async () => {
    for (const content of ['a letter', 'x'.repeat(20_000)]) {
      const path = temporaryFolder();
      writeFileSync(join(path, 'data.mdb'), content);
      expect((await refusal(path)).message).toMatch(/not an LMDB file.*Move the folder away and keep it/);
      expect(readFileSync(join(path, 'data.mdb'), 'utf8')).toBe(content);
    }
  });

  it('because its file is cut short', async () => {
    const path = temporaryFolder();
    await filledAt(path, 50);
    const file = join(path, 'data.mdb');
    const size = statSync(file).size;
    truncateSync(file, size - 4096);
    expect((await refusal(path)).message).toContain(`cut short: ${size - 4096} of ${size} bytes`);
    expect(statSync(file).size).toBe(size - 4096);
  });

  it('because its file belongs to another program', async () => {
    const path = temporaryFolder();
    const foreign = open({ path, noSubdir: false });
    await foreign.openDB({ name: 'customers' }).put('a', 1);
    await foreign.close();
    expect((await refusal(path)).message).toContain('"customers"');
    const again = open({ path, noSubdir: false });
    expect([...again.getKeys()]).toEqual(['customers']);
    await again.close();
  });

  it('because a newer version wrote it', async () => {
    const path = temporaryFolder();
    await filledAt(path);
    const file = open({ path, noSubdir: false, overlappingSync: false });
    await file.openDB({ name: 'meta', encoding: 'string', useVersions: true }).put('format', '2', 1);
    await file.close();
    expect((await refusal(path)).message).toMatch(/newer version.*format 2.*Install the newer version again/);
  });

  it('because its totals cannot be read', async () => {
    const path = temporaryFolder();
    await filledAt(path);
    const file = open({ path, noSubdir: false, overlappingSync: false });
    await file.openDB({ name: 'meta', encoding: 'string', useVersions: true }).put('state', '{"produced":-1}', 1);
    await file.close();
    expect((await refusal(path)).code).toBe('store-misconfigured');
  });

  it('but starts where a first start was interrupted', async () => {
    const path = temporaryFolder();
    writeFileSync(join(path, 'data.mdb'), '');
    const outbox = outboxAt(path);
    await outbox.start();
    await outbox.append([aReading()]);
    expectIdentity(outbox);
  });

  it('because it may not be written to', async ({ skip }) => {
    const isRoot = process.getuid?.() === 0;
    const path = isRoot ? smallDisk(1) : temporaryFolder();
    if (path === undefined) return skip('mounting a small disk is not permitted here');
    if (isRoot) execFileSync('mount', ['-o', 'remount,ro', path]);
    else chmodSync(path, 0o500);
    expect(await refusal(path)).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/read-only.*Mount it writable/),
    });
  });
});

it('lets only the process that opened it last write', async () => {
  const path = temporaryFolder();
  const first = outboxAt(path);
  await first.start();
  await first.append([aReading()]);
  const second = outboxAt(path);
  await second.start();
  await second.append([aReading()]);
  await expect(first.append([aReading()])).rejects.toThrow(/Another process has opened the outbox/);
  await second.append([aReading()]);
  expect(second.counters()).toMatchObject({ produced: 3, buffered: 3 });
  expectIdentity(second);
});

it('maps its file afresh while a backlog is drained, and shows the same batches before and after', async () => {
  const outbox = outboxAt(temporaryFolder());
  await outbox.start();
  for (let i = 0; i < 10; i++) await outbox.append(Array.from({ length: 20_000 }, () => aReading()));
  const range = { after: 0, upTo: outbox.lastId, limit: 1_000 };
  const payloads = () => Buffer.concat(outbox.batches(range).map((batch) => batch.payload));
  const before = payloads();
  expect(before.length).toBeGreaterThan(16 * 1024 * 1024);
  await outbox.append([aReading()]);
  expect(payloads().equals(before)).toBe(true);
  expectIdentity(outbox);
});
