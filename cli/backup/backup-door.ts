/**
 * The server's side of a backup. A command connects to a socket in the data folder, as it does to find the server; who
 * may open the one may read the operator token beside it, and no network leads here, because an order to write files is
 * nothing for an API. Every process has a data folder, whatever roles it runs, so one door serves them all.
 *
 * The server copies what only the owner may open (LMDB), and holds DuckDB's file still while the command copies it:
 * reading and hashing gigabytes is the command's work, and closing a descriptor of that file in this process would take
 * DuckDB's lock away (fcntl(2): locks of a process end with its first close).
 *
 *   command → {"into": folder}
 *   server  → {"copied": name} …  {"held": name, "bytes": n}   command → {"taken": false} … {"taken": true}
 *   server  → {"copied": name} …  {"done": {…}}   or, at any time, {"error": {code, message}}
 *
 * A command that has failed, or had enough, ends its side; the server ends its own when it has let go of the folder, so
 * that the command never clears up under a copy that is still written.
 */
import { chmodSync, existsSync, readdirSync, unlinkSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { isAbsolute, join } from 'node:path';
import { createInterface } from 'node:readline';
import { LamplighterError } from '../../contract/error-codes.ts';
import type { FileRollUpMarks } from '../../ingest/roll-up-marks.ts';
import { copyLmdb } from '../../runtime/lmdb-copy.ts';
import type { Log } from '../../runtime/log.ts';
import type { Service } from '../../runtime/service.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import { socketPath } from '../data-folder.ts';
import type { CityStore } from '../open-store.ts';
import { DOOR, KEPT_FILES, MARKS_FOLDER, OUTBOX } from './kept-files.ts';

/** The command copies DuckDB's file, and says nothing for so long: stopped or hanging, while the log only grows. */
const MOST_SILENT_MS = 60_000;

/** What the process tells of itself, for the manifest. */
export interface BackedUpProcess {
  readonly store: 'duckdb' | 'influxdb' | 'none';
  readonly roles: readonly string[];
}

export type ServerLine =
  | { readonly copied: string }
  | { readonly held: string; readonly bytes: number }
  | { readonly done: BackedUpProcess }
  | { readonly error: { readonly code: string; readonly message: string } };

export interface BackupDoorDeps {
  /** The data folder. */
  readonly folder: string;
  readonly roles: readonly string[];
  /** Absent where the process has none. */
  readonly store?: CityStore | undefined;
  /** Absent where the process has none. */
  readonly marks?: FileRollUpMarks | undefined;
  readonly log: Log;
}

export class BackupDoor implements Service {
  readonly name = 'backup';
  readonly #deps: BackupDoorDeps;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  /** Settles when the backup under way has let go of everything. */
  #running: Promise<void> | undefined;

  constructor(deps: BackupDoorDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const path = socketPath(this.#deps.folder, DOOR);
    // The data folder is owned by now: what lies there was left by a killed process.
    if (existsSync(path)) unlinkSync(path);
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('error', () => socket.destroy());
      void this.#serve(socket);
    });
    await new Promise<void>((resolve, reject) => {
      this.#server?.once('error', reject).listen(path, resolve);
    });
    chmodSync(path, 0o600);
  }

  /** A backup under way fails, and its command clears up. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await this.#running;
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async #serve(socket: Socket): Promise<void> {
    const say = (line: ServerLine): void => {
      if (!socket.destroyed) socket.write(`${JSON.stringify(line)}\n`);
    };
    const reading = createInterface({ input: socket });
    // A socket that is destroyed closes without an end.
    socket.once('close', () => reading.close());
    let isGone = false;
    reading.once('close', () => {
      isGone = true;
    });
    const lines = reading[Symbol.asyncIterator]();
    try {
      const { into } = JSON.parse((await lines.next()).value ?? '{}') as { into?: string };
      if (into === undefined || !isAbsolute(into))
        throw new LamplighterError('bad-request', 'name a folder to copy to');
      if (this.#running !== undefined) {
        throw new LamplighterError('conflict', 'another backup of this server is being made; wait for its end');
      }
      const taken = async (): Promise<void> => {
        socket.setTimeout(MOST_SILENT_MS, () => socket.destroy());
        for (;;) {
          const { done, value } = await lines.next();
          if (done === true) throw new Error('the command that wanted the backup is gone, or hangs');
          if ((JSON.parse(value) as { taken: boolean }).taken) return;
        }
      };
      const work = this.#copy(into, say, taken, () => {
        if (isGone) throw new Error('the command that wanted the backup is gone');
      });
      this.#running = work.catch(() => {});
      try {
        await work;
      } finally {
        this.#running = undefined;
      }
      const { store, roles } = this.#deps;
      say({
        done: { store: store?.engine === 'duckdb' ? 'duckdb' : store === undefined ? 'none' : 'influxdb', roles },
      });
      this.#deps.log.info({ into }, 'a backup was made');
    } catch (error) {
      const code = error instanceof LamplighterError ? error.code : 'internal';
      const message = error instanceof Error ? error.message : String(error);
      this.#deps.log.warn({ error: message }, 'a backup was not made');
      say({ error: { code, message } });
    } finally {
      socket.end();
    }
  }

  /** In the order of the list, which says why. */
  async #copy(
    into: string,
    say: (line: ServerLine) => void,
    taken: () => Promise<void>,
    goOn: () => void,
  ): Promise<void> {
    const { folder, store, marks } = this.#deps;
    const copy = async (...names: string[]): Promise<void> => {
      goOn();
      const from = join(folder, ...names);
      if (existsSync(join(from, 'data.mdb'))) await copyLmdb(from, join(into, ...names));
    };
    let clearMarks = (): void => {};
    let release: (() => Promise<void>) | undefined;
    try {
      for (const { name, keeping } of KEPT_FILES) {
        if (!existsSync(join(folder, name)) && keeping !== 'duckdb') continue;
        if (keeping === 'gateways') {
          for (const gateway of subfolders(join(folder, name))) await copy(name, gateway, OUTBOX);
          say({ copied: name });
        } else if (keeping === 'lmdb') {
          await copy(name);
          say({ copied: name });
        } else if (keeping === 'duckdb') {
          goOn();
          clearMarks = marks?.hold() ?? clearMarks;
          if (!(store instanceof DuckDBStore)) continue;
          const held = await store.hold();
          release = held.release;
          say({ held: name, bytes: held.bytes });
        }
        if (name === MARKS_FOLDER) {
          clearMarks();
          clearMarks = () => {};
        }
      }
      if (release !== undefined) {
        await taken();
        const done = release;
        release = undefined;
        await done();
      }
    } finally {
      clearMarks();
      // What ended the backup early is told; that its copy is worth nothing follows.
      await release?.().catch(() => {});
    }
  }
}

function subfolders(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}
