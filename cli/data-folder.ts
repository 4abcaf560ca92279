/**
 * The data folder belongs to one running server. Its owner listens on a socket in it: as long as that answers, nobody
 * else may open what is inside, and the answer tells commands where the server is. A socket left by a killed process
 * does not answer and is taken over, which a file with a process id could not tell so surely.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { createConnection, createServer, type Server } from 'node:net';
import { userInfo } from 'node:os';
import { join, relative } from 'node:path';
import { LamplighterError } from '../contract/error-codes.ts';
import { newToken } from '../register/credentials.ts';
import type { Service } from '../runtime/service.ts';

/** What somebody made at random is longer. */
const SHORTEST_TOKEN = 32;
const SOCKET = 'server.sock';
/** Where a restore puts files until all of them are there and whole. */
export const RESTORING = 'restoring';
/** The kernel's limit on the path of a socket, less the closing byte (unix(7)). */
const LONGEST_SOCKET_PATH = 107;

export interface RunningServer {
  readonly pid: number;
  /** What it runs, once all of it has started. */
  readonly roles?: readonly string[] | undefined;
  /** Address of the console, once it listens. */
  readonly console?: string | undefined;
  /** Address of the MQTT broker, once it listens. */
  readonly mqtt?: string | undefined;
  /** File of the CA that its clients must trust, when MQTT goes over TLS. */
  readonly ca?: string | undefined;
  /** First levels of every topic. */
  readonly topicPrefix?: string | undefined;
}

export class DataFolder implements Service {
  readonly name = 'data folder';
  readonly path: string;
  #server: Server | undefined;
  /** Told to whoever connects, once the server is ready. */
  addresses: Omit<RunningServer, 'pid'> | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder and becomes its owner; throws `conflict` when a running server owns it. */
  async start(): Promise<void> {
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new LamplighterError(
        'bad-request',
        `cannot make the data folder ${this.path}: ${(error as Error).message}. Choose another with --data.`,
      );
    }
    const running = await runningServer(this.path);
    if (running !== undefined) {
      const where = running.console === undefined ? '' : ` at ${running.console}`;
      throw new LamplighterError(
        'conflict',
        `a server${where} (process ${running.pid || 'unknown'}) already runs on the data folder ${this.path}. Stop it first, or start this one with another --data.`,
      );
    }
    if (existsSync(join(this.path, RESTORING))) {
      throw new LamplighterError(
        'conflict',
        `a restore into ${this.path} did not come to its end. Remove what is in this folder, and restore again.`,
      );
    }
    const socket = socketPath(this.path);
    if (existsSync(socket)) unlinkSync(socket);
    this.#server = createServer((connection) => {
      connection.on('error', () => connection.destroy());
      connection.end(JSON.stringify({ pid: process.pid, ...this.addresses } satisfies RunningServer));
    });
    await new Promise<void>((resolve, reject) => {
      this.#server?.once('error', reject).listen(socket, resolve);
    });
    chmodSync(socket, 0o600);
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /**
   * The token with which commands on this machine may change things: made once, readable by the owner alone; or the one
   * that is given, of which the folder then holds a copy, because commands look for it there.
   */
  operatorToken(given?: string): string {
    const file = operatorTokenFile(this.path);
    if (given !== undefined) {
      if (given.length < SHORTEST_TOKEN) {
        throw new LamplighterError(
          'bad-request',
          `the operator token must have ${SHORTEST_TOKEN} or more characters. Make one with: openssl rand -base64 32`,
        );
      }
      writeFileSync(file, `${given}\n`, { mode: 0o600 });
    }
    if (!existsSync(file)) writeFileSync(file, `${newToken()}\n`, { mode: 0o600 });
    return readFileSync(file, 'utf8').trim();
  }
}

export function operatorTokenFile(folder: string): string {
  return join(folder, 'operator-token');
}

/** The server that owns a data folder, if one runs. */
export async function runningServer(folder: string): Promise<RunningServer | undefined> {
  return await new Promise((resolve, reject) => {
    const connection = createConnection(socketPath(folder));
    let answer = '';
    connection.setTimeout(2_000, () => {
      connection.destroy();
      // It accepted and says nothing: stopped or busy, but alive.
      resolve({ pid: 0 });
    });
    connection.on('data', (bytes) => {
      answer += bytes.toString('utf8');
    });
    connection.on('end', () => {
      try {
        resolve(JSON.parse(answer) as RunningServer);
      } catch (error) {
        reject(error as Error);
      }
    });
    connection.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED' || error.code === 'ENOTDIR') resolve(undefined);
      else if (error.code === 'EACCES' || error.code === 'EPERM') {
        const words = `this user (${userInfo().username}) may not look into the data folder ${folder}. Call it as the user that runs the server, such as: sudo -u … lamplighter …`;
        reject(new LamplighterError('not-allowed', words));
      } else reject(error);
    });
  });
}

/** Of a socket in the data folder, as short as it can be written: relative to the working folder where that helps. */
export function socketPath(folder: string, name = SOCKET): string {
  const absolute = join(folder, name);
  const near = relative(process.cwd(), absolute);
  const path = near !== '' && near.length < absolute.length ? near : absolute;
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new LamplighterError(
      'bad-request',
      `the path of the data folder is too long (${absolute}): use a shorter one with --data, or start from nearer to it.`,
    );
  }
  return path;
}
