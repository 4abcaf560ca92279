/**
 * Puts a backup into an empty data folder: everything is written and checked below `restoring` first, then moved to its
 * place, and `restoring` removed at last; a server does not start on a folder that still has it.
 *
 * With InfluxDB, whose own backup is younger than our files, that has readings which came after our marks were copied
 * and rows that may not reach so far: the days around are marked to be counted again (RECOUNTED).
 */
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { LamplighterError } from '../../contract/error-codes.ts';
import { FileRollUpMarks } from '../../ingest/roll-up-marks.ts';
import { RegisterFile } from '../../register/register-file.ts';
import { readSnapshotFile } from '../../register/register-snapshot-file.ts';
import type { Clock } from '../../runtime/clock.ts';
import { DataFolder, RESTORING, runningServer } from '../data-folder.ts';
import { VERSION } from '../version.ts';
import { flushFolder, inMiB, partsOf, withRoomInWords, writeParts } from './copy-file.ts';
import { MARKS_FOLDER, REGISTER_FOLDER, REGISTER_SNAPSHOT } from './kept-files.ts';
import { altered, type BackedUpFile, type BackupManifest, MANIFEST, readManifest } from './manifest.ts';
import { readTar, TarCutShort } from './tar.ts';

/** Readings come up to so many days late without being missed, and a backup of InfluxDB takes no longer than so many. */
export const RECOUNTED = { daysBefore: 7, daysAfter: 1 };
const DAY_MS = 86_400_000;
const MOST_MANIFEST_BYTES = 64 * 1024 * 1024;

export interface RestoreRequest {
  /** A backup's folder or archive, or a stream of an archive. */
  readonly from: string | AsyncIterable<Uint8Array>;
  readonly data: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Of this Lamplighter, unless a test says otherwise. */
  readonly version?: string;
}

/** A file of the backup, in the order in which it comes. */
interface Coming {
  readonly path: string;
  readonly content: AsyncIterable<Buffer>;
}

/** @throws LamplighterError, naming the file that is wrong; then the data folder is as before: empty, or not there. */
export async function restoreBackup(request: RestoreRequest): Promise<BackupManifest> {
  const data = resolve(request.data);
  const wasThere = await needEmpty(data);
  const owner = new DataFolder(data);
  await owner.start();
  const draft = join(data, RESTORING);
  let moved = false;
  try {
    const { manifest, files } = await openBackup(request);
    await mkdir(draft, { mode: 0o700 });
    await takeAll(draft, manifest, files);
    const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
    request.say(
      `${manifest.files.length} ${manifest.files.length === 1 ? 'file' : 'files'}, ${inMiB(bytes)}: whole, by size and SHA-256`,
    );
    if (manifest.store === 'influxdb') await markAround(draft, manifest, request);
    moved = true;
    for (const name of await readdir(draft)) await rename(join(draft, name), join(data, name));
    await flushFolder(data);
    await rm(draft, { recursive: true });
    await flushFolder(data);
    return manifest;
  } catch (error) {
    if (!moved) await rm(draft, { recursive: true, force: true });
    throw await withRoomInWords(error, data, 'Nothing was restored.');
  } finally {
    await owner.stop();
    // Whatever lies in it by now is somebody else's.
    if (!moved && !wasThere) await rmdir(data).catch(() => undefined);
  }
}

/** Says whether the folder is there at all. */
async function needEmpty(data: string): Promise<boolean> {
  const found = await stat(data).catch(() => undefined);
  if (found === undefined) return false;
  const running = found.isDirectory() ? await runningServer(data) : undefined;
  if (running !== undefined) {
    throw new LamplighterError(
      'conflict',
      `a server (process ${running.pid}) runs on ${data}. Restore into a new folder.`,
    );
  }
  if (!found.isDirectory() || (await readdir(data)).length > 0) {
    throw new LamplighterError(
      'conflict',
      `${data} is not empty. Restore into a new folder, and start the server on that one.`,
    );
  }
  return true;
}

async function openBackup(
  request: RestoreRequest,
): Promise<{ manifest: BackupManifest; files: AsyncIterable<Coming> }> {
  const { from, version = VERSION } = request;
  if (typeof from !== 'string') return await openArchive(from, 'the archive', version);
  const path = resolve(from);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new LamplighterError('not-found', `there is no backup ${path}.`);
  if (!found.isDirectory()) return await openArchive(createReadStream(path), path, version);
  const text = await readFile(join(path, MANIFEST), 'utf8').catch((error: unknown) => {
    throw altered(`${path} is no whole backup: ${MANIFEST} cannot be read (${(error as Error).message})`);
  });
  const manifest = readManifest(text, path, version);
  return { manifest, files: filesOfFolder(path, manifest) };
}

async function* filesOfFolder(folder: string, manifest: BackupManifest): AsyncGenerator<Coming> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (entry.isDirectory() || path === MANIFEST) continue;
    if (!manifest.files.some((file) => file.path === path)) yield { path, content: noContent() };
  }
  for (const { path } of manifest.files) {
    const file = join(folder, path);
    if ((await stat(file).catch(() => undefined))?.isFile()) yield { path, content: partsOf(file) };
  }
}

async function* noContent(): AsyncGenerator<Buffer> {}

async function openArchive(
  input: AsyncIterable<Uint8Array>,
  from: string,
  version: string,
): Promise<{ manifest: BackupManifest; files: AsyncIterable<Coming> }> {
  const entries = readTar(input);
  const first = await inWords(entries.next(), from);
  if (first.done === true || first.value.name !== MANIFEST || first.value.bytes > MOST_MANIFEST_BYTES) {
    throw altered(`${from} is no backup: it does not begin with ${MANIFEST}`);
  }
  const parts: Buffer[] = [];
  try {
    for await (const part of first.value.content) parts.push(Buffer.from(part));
  } catch (error) {
    throw wordsOf(error, from);
  }
  return {
    manifest: readManifest(Buffer.concat(parts).toString('utf8'), from, version),
    files: filesOfArchive(entries, from),
  };
}

async function* filesOfArchive(entries: AsyncIterator<{ name: string; content: AsyncIterable<Buffer> }>, from: string) {
  for (;;) {
    const next = await inWords(entries.next(), from);
    if (next.done === true) return;
    yield { path: next.value.name, content: next.value.content };
  }
}

async function inWords<T>(asked: Promise<T>, from: string): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw wordsOf(error, from);
  }
}

function wordsOf(error: unknown, from: string): unknown {
  // Errors of the disk have a code; those of the archive do not.
  if (error instanceof LamplighterError || (error as NodeJS.ErrnoException).code !== undefined) return error;
  return altered(`${from}: ${(error as Error).message}`);
}

/** Writes every file of the manifest, no other, and checks each. */
async function takeAll(draft: string, manifest: BackupManifest, files: AsyncIterable<Coming>): Promise<void> {
  const missing = new Map<string, BackedUpFile>(manifest.files.map((file) => [file.path, file]));
  for await (const { path, content } of files) {
    const said = missing.get(path);
    if (said === undefined) throw altered(`${path} is in the backup, and not in its manifest`);
    missing.delete(path);
    const found = await writeParts(join(draft, path), content).catch((error: unknown) => {
      throw error instanceof TarCutShort ? altered(error.message) : error;
    });
    if (found.bytes !== said.bytes) {
      throw altered(`${path} is altered or cut short: it has ${found.bytes} bytes instead of ${said.bytes}`);
    }
    if (found.sha256 !== said.sha256) throw altered(`${path} is altered: its SHA-256 is not that of the manifest`);
  }
  const [first] = missing.keys();
  if (first !== undefined) throw altered(`${first} is missing in the backup`);
}

async function markAround(draft: string, { began }: BackupManifest, { clock, say }: RestoreRequest): Promise<void> {
  const folder = join(draft, MARKS_FOLDER);
  if ((await stat(folder).catch(() => undefined)) === undefined) return;
  const stretch = { from: began - RECOUNTED.daysBefore * DAY_MS, to: began + RECOUNTED.daysAfter * DAY_MS };
  const devices = await devicesIn(draft);
  const marks = new FileRollUpMarks({ folder, clock });
  await marks.start();
  try {
    await marks.mark(devices.map(({ gateway, id }) => ({ gateway, device: id, ...stretch })));
  } finally {
    await marks.stop();
  }
  say(`${devices.length} devices are counted again from ${new Date(stretch.from).toISOString().slice(0, 10)} on`);
}

/** Of the register that is restored, or of the copy that a process without it has. */
async function devicesIn(draft: string): Promise<{ gateway: string; id: string }[]> {
  const folder = join(draft, REGISTER_FOLDER);
  if ((await stat(folder).catch(() => undefined)) === undefined) {
    return devicesOf(readSnapshotFile(join(draft, REGISTER_SNAPSHOT))?.changes ?? []);
  }
  const register = new RegisterFile(folder);
  register.open();
  try {
    return devicesOf(register.read().changes);
  } finally {
    await register.close();
  }
}

function devicesOf(changes: readonly { readonly kind: string }[]): { gateway: string; id: string }[] {
  return changes.flatMap((change) =>
    change.kind === 'device' ? [(change as unknown as { value: { gateway: string; id: string } }).value] : [],
  );
}
