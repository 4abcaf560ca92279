/** A server program as a child process: found, started, awaited, stopped, killed and started again on the same data. */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

const READY_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 10_000;

/** The program's full path, from PATH and the folders for servers, which are not on everybody's PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/usr/local/bin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Free ports on loopback, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export interface ServerProgram {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Says whether the server takes requests; must not throw. */
  readonly isReady: () => Promise<boolean>;
}

export class ServerProcess {
  readonly folder: string;
  readonly #ownsFolder: boolean;
  readonly #program: ServerProgram;
  #child: ChildProcess | undefined;
  #said = '';
  readonly #onExit = () => this.#removeNow();

  constructor(program: ServerProgram, folder: string, ownsFolder: boolean) {
    this.#program = program;
    this.folder = folder;
    this.#ownsFolder = ownsFolder;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the server takes requests; throws with its last words when it ends before. */
  async start(): Promise<void> {
    const { path, args, env, isReady } = this.#program;
    this.#said = '';
    const child = spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    process.once('exit', this.#onExit);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (words: Buffer) => {
        this.#said = (this.#said + words.toString('utf8')).slice(-4_000);
      });
    }
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    const giveUpAt = Date.now() + READY_WITHIN_MS;
    while (failure === undefined && !hasEnded(child)) {
      // The port may be somebody else's: the child must live when the answer has come.
      if ((await isReady()) && !hasEnded(child)) return;
      if (Date.now() > giveUpAt) failure = new Error(`was not ready within ${READY_WITHIN_MS / 1_000} s`);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await this.kill();
    throw new Error(`${path} did not start: ${failure?.message ?? 'it ended'}\n${this.#said}`);
  }

  /** Asks it to end, and kills it when it does not. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  /** As a power cut does. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Starts it again on the same data and ports, after stop() or kill(). */
  restart(): Promise<void> {
    return this.start();
  }

  /** Stops it and removes its folder. */
  async remove(): Promise<void> {
    await this.stop();
    if (this.#ownsFolder) rmSync(this.folder, { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    process.off('exit', this.#onExit);
    if (child === undefined || child.pid === undefined || hasEnded(child)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    await ended;
    clearTimeout(late);
  }

  #removeNow(): void {
    this.#child?.kill('SIGKILL');
    if (this.#ownsFolder) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The folder given, or a fresh one. */
export function serverFolder(name: string, given: string | undefined): { folder: string; ownsFolder: boolean } {
  if (given !== undefined) return { folder: given, ownsFolder: false };
  return { folder: mkdtempSync(join(tmpdir(), `lamplighter-${name}-`)), ownsFolder: true };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
