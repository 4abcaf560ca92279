/**
 * The command's side of a backup: asks the running server for copies (backup-door.ts), copies what is plain itself,
 * hashes all, and gives the whole its name at the very end. Until then it has a name that begins with `.backup-`.
 */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection, type Socket } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ERRORS, type ErrorCode, LamplighterError } from '../../contract/error-codes.ts';
import type { Clock } from '../../runtime/clock.ts';
import { runningServer, socketPath } from '../data-folder.ts';
import { VERSION } from '../version.ts';
import type { BackedUpProcess, ServerLine } from './backup-door.ts';
import { type Copied, flushFolder, hashAndFlush, inMiB, partsOf, withRoomInWords, writeParts } from './copy-file.ts';
import { DOOR, KEPT_FILES, OUTBOX, STORE_FILE, UNFINISHED, unknownNames } from './kept-files.ts';
import { type BackedUpFile, type BackupManifest, MANIFEST, newManifest } from './manifest.ts';
import { writeTar } from './tar.ts';

/** Of 1 MiB. */
const TOLD_EVERY_PARTS = 16;
/** A server that is told to stop copying and says nothing for so long hangs: its files may stay. */
const LET_GO_WITHIN_MS = 60_000;

export interface BackupRequest {
  /** The data folder of the running server. */
  readonly data: string;
  /** A folder that is empty or not there, a file `….tar` that is not there, or a stream that takes the archive. */
  readonly target: string | Writable;
  readonly clock: Clock;
  /** Progress, a line each. */
  readonly say: (line: string) => void;
  /** Aborted when the person has had enough. */
  readonly stopped: AbortSignal;
  /** Removes a folder with all that is in it. */
  readonly remove?: ((folder: string) => Promise<void>) | undefined;
}

/** @throws LamplighterError; then nothing is left that looks like a backup. */
export async function takeBackup(request: BackupRequest): Promise<BackupManifest> {
  const { target, clock, say } = request;
  const data = resolve(request.data);
  const place = typeof target === 'string' ? await freePlace(resolve(target), data) : undefined;
  await needServer(data);
  const parent = place === undefined ? data : dirname(place);
  const name = `${UNFINISHED}${place === undefined ? 'archive' : basename(place)}-`;
  let draft = '';
  const began = Math.floor(clock.now());
  try {
    await mkdir(parent, { recursive: true, mode: 0o700 });
    draft = await mkdtemp(join(parent, name));
    const known = new Map<string, Copied>();
    const served = await copyAll(data, draft, known, request);
    const files = await hashed(draft, known);
    const manifest = newManifest({
      ...served,
      roles: [...served.roles],
      lamplighter: VERSION,
      began,
      finished: Math.floor(clock.now()),
      files,
    });
    await writeManifest(draft, manifest);
    request.stopped.throwIfAborted();
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    say(
      `${files.length} ${files.length === 1 ? 'file' : 'files'}, ${inMiB(bytes)}, each with its SHA-256 in ${MANIFEST}`,
    );
    if (place === undefined) await pack(draft, manifest, target as Writable);
    else if (isArchive(place)) await packAs(place, draft, manifest);
    else await rename(draft, place);
    if (place !== undefined) await flushFolder(parent);
    return manifest;
  } catch (error) {
    request.stopped.throwIfAborted();
    if (place === undefined && (error as NodeJS.ErrnoException).code === 'EPIPE') {
      throw new LamplighterError('conflict', 'whoever took the archive is gone: what came out of it is cut short.');
    }
    throw await withRoomInWords(error, parent, 'Nothing was kept of this backup.');
  } finally {
    if (draft !== '') await removeDraft(draft, request);
  }
}

/** What went wrong before is what the person must hear: that the draft stays is told beside it, never instead. */
async function removeDraft(draft: string, { remove = removeFolder, say }: BackupRequest): Promise<void> {
  try {
    await remove(draft);
  } catch (error) {
    say(`${draft} could not be removed (${(error as Error).message}). It is no backup, and holds secrets: remove it.`);
  }
}

async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

export function isArchive(path: string): boolean {
  return path.endsWith('.tar');
}

async function freePlace(place: string, data: string): Promise<string> {
  if (`${place}/`.startsWith(`${data}/`)) {
    throw new LamplighterError(
      'bad-request',
      `${place} is in the data folder itself. Choose a place outside, best on another disk.`,
    );
  }
  const found = await stat(place).catch(() => undefined);
  if (found === undefined || (found.isDirectory() && (await readdir(place)).length === 0)) return place;
  throw new LamplighterError(
    'conflict',
    `${place} ${found.isDirectory() ? 'is not empty' : 'is there already'}. Name a new folder, or a new file that ends in .tar.`,
  );
}

async function needServer(data: string): Promise<void> {
  if ((await runningServer(data)) !== undefined) return;
  throw new LamplighterError(
    'not-ready',
    `no server runs on the data folder ${data}. Name the right one with --data; of a server that is stopped, copy the whole folder instead.`,
  );
}

/** Everything of the list is in the draft when it resolves. */
async function copyAll(
  data: string,
  draft: string,
  known: Map<string, Copied>,
  { say, stopped }: BackupRequest,
): Promise<BackedUpProcess> {
  const strange = unknownNames(await readdir(data));
  if (strange.length > 0) say(`not Lamplighter's, and not in the backup: ${strange.join(', ')}`);
  // Before the server's: files are replaced whole, and the register that follows knows their tokens, or newer ones.
  for (const name of await plainFiles(data))
    known.set(name, await writeParts(join(draft, name), partsOf(join(data, name))));
  const socket = await connect(data);
  // What fails first ends both sides; whatever follows from that is worth nothing.
  const halt = new AbortController();
  const fail = (error: unknown): void => {
    if (halt.signal.aborted) return;
    halt.abort(error);
    socket.end();
  };
  const stop = (): void => fail(stopped.reason);
  stopped.addEventListener('abort', stop, { once: true });
  let taking: Promise<void> = Promise.resolve();
  try {
    if (stopped.aborted) stop();
    else socket.write(`${JSON.stringify({ into: draft })}\n`);
    const tell = (taken: boolean): unknown => socket.writable && socket.write(`${JSON.stringify({ taken })}\n`);
    const lines = createInterface({ input: socket });
    // A socket that is destroyed closes without an end.
    socket.once('close', () => lines.close());
    for await (const text of lines) {
      if (halt.signal.aborted) break;
      const line = JSON.parse(text) as ServerLine;
      if ('error' in line) {
        fail(errorOf(line.error));
      } else if ('done' in line) {
        if (!known.has(STORE_FILE) && existsSync(join(data, STORE_FILE)))
          say(`${STORE_FILE}: not in use by this server, and not in the backup`);
        return line.done;
      } else if ('copied' in line) say(`${line.copied}: copied`);
      else {
        const { held: name, bytes } = line;
        say(`${name}: ${inMiB(bytes)}, while commits go on`);
        const parts = partsOf(join(data, name), bytes);
        taking = writeParts(join(draft, name), announced(parts, tell, halt.signal)).then((copied) => {
          if (copied.bytes !== bytes) throw new Error(`${name} became shorter while it was copied`);
          known.set(name, copied);
          tell(true);
        });
        // The server waits for the answer: without it the reason is here.
        taking.catch(fail);
      }
    }
    halt.signal.throwIfAborted();
    throw new LamplighterError('not-ready', 'the server stopped while the backup was made. Start it, and try again.');
  } finally {
    stopped.removeEventListener('abort', stop);
    halt.abort();
    // The draft is nobody's to remove while a copy still writes into it: neither ours nor the server's.
    await Promise.allSettled([taking, letGo(socket)]);
  }
}

/** Resolves when the server has ended its side, which it does when it copies no more, or when it is gone or hangs. */
async function letGo(socket: Socket): Promise<void> {
  if (socket.closed) return;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.setTimeout(LET_GO_WITHIN_MS, () => socket.destroy());
  socket.end();
  // What it still says has no reader.
  socket.resume();
  await closed;
}

/** The server is told now and then that it goes on. */
async function* announced(
  parts: AsyncIterable<Buffer>,
  tell: (taken: boolean) => unknown,
  halted: AbortSignal,
): AsyncGenerator<Buffer> {
  let parted = 0;
  for await (const part of parts) {
    halted.throwIfAborted();
    if (++parted % TOLD_EVERY_PARTS === 0) tell(false);
    yield part;
  }
}

async function connect(data: string): Promise<Socket> {
  // It ends only when the server does, which goes on with the copy under way when this side ends.
  const socket = createConnection({ path: socketPath(data, DOOR), allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', (error) =>
      reject(
        new LamplighterError(
          'not-ready',
          `the server on ${data} takes no order for a backup yet (${error.message}). Try again in a moment, as the user that runs it.`,
        ),
      ),
    );
  });
  // What becomes of it is seen by its end.
  socket.on('error', () => socket.destroy());
  return socket;
}

/** Paths in the data folder of what is copied as it is. */
async function plainFiles(data: string): Promise<string[]> {
  const found: string[] = [];
  for (const { name, keeping } of KEPT_FILES) {
    if (keeping === 'files') found.push(...(await filesBelow(data, name)));
    else if (keeping === 'gateways') {
      const all = await filesBelow(data, name);
      found.push(...all.filter((path) => path.split('/')[2] !== OUTBOX));
    }
  }
  return found;
}

/** Drafts that are about to take a file's place are left out. */
async function filesBelow(folder: string, name: string): Promise<string[]> {
  const path = join(folder, name);
  if (!existsSync(path)) return [];
  if (!(await stat(path)).isDirectory()) return [name];
  const found: string[] = [];
  for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
    const inside = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (entry.isFile() && !entry.name.endsWith('.new')) found.push(inside);
  }
  return found.sort();
}

async function hashed(draft: string, known: ReadonlyMap<string, Copied>): Promise<BackedUpFile[]> {
  const files: BackedUpFile[] = [];
  for (const entry of await readdir(draft, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name).slice(draft.length + 1);
    files.push({ path, ...(known.get(path) ?? (await hashAndFlush(join(draft, path)))) });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function writeManifest(draft: string, manifest: BackupManifest): Promise<void> {
  const file = join(draft, MANIFEST);
  await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true });
  await flushFolder(draft);
}

/** The manifest first, so that whoever reads the stream knows what must follow. */
async function pack(draft: string, manifest: BackupManifest, out: Writable): Promise<void> {
  const names = [{ path: MANIFEST, bytes: (await stat(join(draft, MANIFEST))).size }, ...manifest.files];
  const files = names.map(({ path, bytes }) => ({ name: path, bytes, content: partsOf(join(draft, path)) }));
  await writeTar(out, files, manifest.finished);
}

async function packAs(place: string, draft: string, manifest: BackupManifest): Promise<void> {
  const archive = `${draft}.tar`;
  try {
    const out = createWriteStream(archive, { flags: 'wx', mode: 0o600, flush: true });
    await pack(draft, manifest, out);
    out.end();
    await finished(out);
    await rename(archive, place);
  } finally {
    await rm(archive, { force: true });
  }
}

function errorOf({ code, message }: { readonly code: string; readonly message: string }): Error {
  if (code === 'internal' || !Object.hasOwn(ERRORS, code)) return new Error(`the server could not make it: ${message}`);
  return new LamplighterError(code as ErrorCode, message);
}
