import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore, type DuckDBStoreOptions } from '../../../store/duckdb/duckdb-store.ts';
import { StoreFailure } from '../../../store/telemetry-store.ts';
import { anAdmittedBatch } from '../../builders.ts';
import { spawnTypeScript } from '../../child-process.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

describe('opening a DuckDB store', () => {
  it('makes the folder and the file', async () => {
    const store = await openStore({ path: `${temporaryFolder()}/data/city/telemetry.duckdb` });
    expect(await store.check()).toMatchObject({ ok: true, words: expect.stringContaining('0 series') });
  });

  it('is refused while another process has the file, and names it', async () => {
    const path = `${temporaryFolder()}/telemetry.duckdb`;
    const owner = await spawnTypeScript(new URL('./committing-process.ts', import.meta.url), [path, '1000000']);
    await owner.line();
    const message = await refusal({ path });
    expect(message).toContain(path);
    expect(message).toContain(`open in process ${owner.process.pid}`);
    owner.process.kill('SIGKILL');
    await owner.exited;
    expect((await openStore({ path })).engine).toBe('duckdb');
  });

  it('is refused while this process has the file, by whatever name and way', async () => {
    const path = `${temporaryFolder()}/telemetry.duckdb`;
    const store = await openStore({ path });
    expect(await refusal({ path })).toMatch(/already open in this process/);
    expect(await refusal({ path: `${dirname(path)}/./telemetry.duckdb` })).toMatch(/already open in this process/);
    await store.close();
    const again = await openStore({ path });
    await again.close();
    if (process.platform !== 'linux') return;
    // Another copy of this module, as a worker thread has, knows nothing of ours.
    const instance = await DuckDBInstance.create(path);
    expect(await refusal({ path })).toMatch(/already open in this process/);
    instance.closeSync();
    expect((await openStore({ path })).engine).toBe('duckdb');
  });

  it('tells a foreign, damaged or cut file from a good one', async () => {
    const folder = temporaryFolder();
    writeFileSync(`${folder}/text`, 'no database at all '.repeat(1_000));
    expect(await refusal({ path: `${folder}/text` })).toMatch(/damaged or not a DuckDB file/);
    mkdirSync(`${folder}/folder`);
    expect(await refusal({ path: `${folder}/folder` })).toContain(`${folder}/folder`);

    const path = `${folder}/telemetry.duckdb`;
    const store = await openStore({ path });
    await store.commit([anAdmittedBatch()], async () => {});
    await store.close();
    const whole = readFileSync(path);

    truncateSync(path, 20_000);
    expect(await refusal({ path })).toMatch(/damaged .* backup/);
    const damaged = Buffer.from(whole);
    damaged.write('damage', 4_200);
    writeFileSync(path, damaged);
    expect(await refusal({ path })).toMatch(/damaged .* backup/);

    writeFileSync(path, whole);
    const restored = await openStore({ path });
    expect(await restored.latest({})).toHaveLength(2);
  });

  it('is refused when a newer Lamplighter wrote the file', async () => {
    const path = `${temporaryFolder()}/telemetry.duckdb`;
    await (await openStore({ path })).close();
    const instance = await DuckDBInstance.create(path);
    const connection = await instance.connect();
    await connection.run("UPDATE meta SET value = 99 WHERE key = 'schema_version'");
    connection.closeSync();
    instance.closeSync();
    expect(await refusal({ path })).toMatch(/newer Lamplighter \(schema 99, this one knows 2\). Update Lamplighter/);
  });

  it('is refused with options that mean nothing', async () => {
    const path = `${temporaryFolder()}/telemetry.duckdb`;
    expect(await refusal({ path, threads: 0 })).toMatch(/threads .* not 0/);
    expect(await refusal({ path, memoryLimit: 'plenty' })).toMatch(/memory limit .* not plenty/);
    expect((await openStore({ path, threads: 1, memoryLimit: '256MB' })).engine).toBe('duckdb');
  });

  it('may be tried again after it failed, and after a close', async () => {
    const path = `${temporaryFolder()}/telemetry.duckdb`;
    writeFileSync(path, 'not yet '.repeat(1_000));
    const store = newStore({ path });
    expect((await store.check()).words).toMatch(/not open/);
    await expect(store.open()).rejects.toThrow(StoreFailure);
    await expect(store.latest({})).rejects.toThrow(/not open/);
    writeFileSync(path, '');
    await expect(store.open()).rejects.toThrow(/not a DuckDB file/);
    rmSync(path);
    await store.open();
    await store.commit([anAdmittedBatch()], async () => {});
    await store.close();
    expect(await store.check()).toMatchObject({ ok: false, words: expect.stringMatching(/closed/) });
    await store.open();
    expect(await store.latest({})).toHaveLength(2);
  });
});

function newStore(options: DuckDBStoreOptions): DuckDBStore {
  const store = new DuckDBStore({ options, log: silentLog });
  onTestFinished(() => store.close());
  return store;
}

async function openStore(options: DuckDBStoreOptions): Promise<DuckDBStore> {
  const store = newStore(options);
  await store.open();
  return store;
}

/** The words with which opening is refused. */
async function refusal(options: DuckDBStoreOptions): Promise<string> {
  const failure = await newStore(options)
    .open()
    .catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StoreFailure);
  expect((failure as StoreFailure).kind).toBe('misconfigured');
  return (failure as StoreFailure).message;
}
