import { execFileSync } from 'node:child_process';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { bundleTypeScript, type Child, startBundle } from '../../child-process.ts';
import { isLong } from '../../is-long.ts';
import { temporaryFolder } from '../../temporary-folder.ts';
import { ROWS } from './numbered-commits.ts';
import { expectWholeCommits } from './whole-commits.ts';
import { expectWholeUpdates } from './whole-updates.ts';

const COMMITTING = new URL('./committing-process.ts', import.meta.url);
const ROLLING_UP = new URL('./rolling-up-process.ts', import.meta.url);
const MANY_BYTES = 1e9;

describe('a store whose process is killed', () => {
  it('holds every acknowledged commit whole, and no part of another', { timeout: 120_000 }, async () => {
    const path = `${temporaryFolder()}/telemetry.duckdb`;
    const bundle = await bundleTypeScript(COMMITTING);
    let acknowledged = 0;
    for (let round = 0; round < (isLong ? 10 : 4); round++) {
      // A low mark for checkpoints, so that some kills fall into one.
      const child = startBundle(bundle, [path, round % 2 === 0 ? '100000' : String(MANY_BYTES)]);
      const wanted = 3 + Math.floor(Math.random() * 25);
      for (let line = 0; line < wanted; line++) acknowledged = (await next(child)).committed ?? 0;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      child.process.kill('SIGKILL');
      for (let line = await child.line(); line !== undefined; line = await child.line()) {
        acknowledged = (JSON.parse(line) as Answer).committed ?? acknowledged;
      }
      await child.exited;
      const store = await openStore(path);
      const held = await expectWholeCommits(store);
      expect(held).toBeGreaterThanOrEqual(acknowledged);
      expect(held).toBeLessThanOrEqual(acknowledged + 1);
      await store.close();
      acknowledged = held;
    }
  });

  it('holds every update of roll-ups whole, and no part of another', { timeout: 120_000 }, async () => {
    const path = `${temporaryFolder()}/telemetry.duckdb`;
    const bundle = await bundleTypeScript(ROLLING_UP);
    let acknowledged = 0;
    for (let round = 0; round < (isLong ? 8 : 4); round++) {
      const child = startBundle(bundle, [path, round % 2 === 0 ? '200000' : String(MANY_BYTES), String(acknowledged)]);
      const wanted = 2 + Math.floor(Math.random() * 12);
      for (let line = 0; line < wanted; line++) acknowledged = (await next(child)).updated ?? 0;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 30));
      child.process.kill('SIGKILL');
      for (let line = await child.line(); line !== undefined; line = await child.line()) {
        acknowledged = (JSON.parse(line) as Answer).updated ?? acknowledged;
      }
      await child.exited;
      const store = await openStore(path);
      const held = await expectWholeUpdates(store);
      expect(held).toBeGreaterThanOrEqual(acknowledged);
      expect(held).toBeLessThanOrEqual(acknowledged + 1);
      await expectWholeCommits(store);
      await store.close();
      acknowledged = held;
    }
  });
});

// A limit on the size of files stands for a disk that is full: both make write() fail; prlimit takes it away again.
describe.runIf(process.platform === 'linux')('a store whose disk is full', () => {
  for (const [where, checkpointBytes] of [
    ['in the write-ahead log', MANY_BYTES],
    ['in the main file, which DuckDB calls fatal', 100_000],
  ] as const) {
    it(`names it ${where}, loses nothing and goes on by itself`, { timeout: 60_000 }, async () => {
      const path = `${temporaryFolder()}/telemetry.duckdb`;
      const bundle = await bundleTypeScript(COMMITTING);
      const child = startBundle(bundle, [path, String(checkpointBytes), 'stop'], {
        before: "trap '' XFSZ; ulimit -S -f 900",
      });
      let committed = 0;
      let answer = await next(child);
      for (; answer.committed !== undefined; answer = await next(child)) committed = answer.committed;
      expect(committed).toBeGreaterThan(3);
      for (let attempt = 0; attempt < 3; attempt++) {
        expect(answer).toMatchObject({ failed: committed + 1, kind: 'unavailable', rows: committed * ROWS, ok: false });
        expect(answer.message).toMatch(/disk .* is full .* Free some space/);
        child.process.stdin?.write('again\n');
        answer = await next(child);
      }
      execFileSync('prlimit', ['--pid', String(child.process.pid), '--fsize=unlimited']);
      child.process.stdin?.write('again\n');
      answer = await next(child);
      expect(answer.committed).toBe(committed + 1);
      for (let more = 0; more < 20; more++) answer = await next(child);
      expect(answer.committed).toBe(committed + 21);
      child.process.kill('SIGKILL');
      await child.exited;
      const held = await expectWholeCommits(await openStore(path));
      expect(held).toBeGreaterThanOrEqual(committed + 21);
    });
  }

  for (const [where, checkpointBytes] of [
    ['in the write-ahead log', MANY_BYTES],
    ['in the main file', 100_000],
  ] as const) {
    it(`puts roll-ups ${where} whole once there is space again`, { timeout: 60_000 }, async () => {
      const path = `${temporaryFolder()}/telemetry.duckdb`;
      const child = startBundle(await bundleTypeScript(ROLLING_UP), [path, String(checkpointBytes), '0'], {
        before: "trap '' XFSZ; ulimit -S -f 900",
      });
      let updated = 0;
      let answer = await next(child);
      for (; answer.updated !== undefined; answer = await next(child)) updated = answer.updated;
      expect(updated).toBeGreaterThan(3);
      expect(answer).toMatchObject({ failed: updated + 1, kind: 'unavailable' });
      expect(answer.message).toMatch(/disk .* is full/);
      child.process.stdin?.write('again\n');
      expect(await next(child)).toMatchObject({ failed: updated + 1 });
      execFileSync('prlimit', ['--pid', String(child.process.pid), '--fsize=unlimited']);
      child.process.stdin?.write('again\n');
      for (let more = 1; more <= 10; more++) expect(await next(child)).toEqual({ updated: updated + more });
      child.process.kill('SIGKILL');
      await child.exited;
      const store = await openStore(path);
      expect(await expectWholeUpdates(store)).toBeGreaterThanOrEqual(updated + 10);
      await expectWholeCommits(store);
    });
  }
});

interface Answer {
  readonly committed?: number;
  readonly updated?: number;
  readonly failed?: number;
  readonly kind?: string;
  readonly message?: string;
}

async function next(child: Child): Promise<Answer> {
  const line = await child.line();
  if (line === undefined) throw new Error(`the committing process ended: ${child.errors()}`);
  return JSON.parse(line) as Answer;
}

async function openStore(path: string): Promise<DuckDBStore> {
  const store = new DuckDBStore({ options: { path }, log: silentLog });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}
