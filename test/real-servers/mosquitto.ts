/** Mosquitto as a child process, on one loopback listener. */
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProgram, freePorts, ServerProcess, serverFolder } from './server-process.ts';

export interface MosquittoOptions {
  /** Absent: anonymous clients are allowed exactly when there are no users. */
  readonly anonymous?: boolean;
  /** Password by user name. */
  readonly users?: Readonly<Record<string, string>>;
  /** Text of an access list file (mosquitto.conf(5), acl_file). */
  readonly acl?: string;
  /** Messages kept for a client that is slow or away; 0 for no limit. */
  readonly maxQueuedMessages?: number;
  /** Retained messages and sessions outlive a restart. */
  readonly persistent?: boolean;
  /** Further lines of mosquitto.conf. */
  readonly config?: readonly string[];
  readonly folder?: string;
}

export interface Mosquitto {
  /** mqtt://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  remove(): Promise<void>;
}

export function findMosquitto(): string | undefined {
  return findProgram('mosquitto');
}

export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  const path = findMosquitto();
  if (path === undefined) throw new Error('mosquitto is not installed: npm run setup:servers');
  const { folder, ownsFolder } = serverFolder('mosquitto', options.folder);
  const settings = settingsOf(options, folder);
  // Another process may take the port between our look and the start.
  for (let attempt = 0; ; attempt++) {
    const [port = 0] = await freePorts(1);
    const file = join(folder, 'mosquitto.conf');
    writeFileSync(file, `${[`listener ${port} 127.0.0.1`, ...settings].join('\n')}\n`);
    const server = new ServerProcess(
      { path, args: ['-c', file], env: process.env, isReady: () => accepts(port) },
      folder,
      ownsFolder,
    );
    try {
      await server.start();
      return Object.assign(server, { url: `mqtt://127.0.0.1:${port}`, port });
    } catch (error) {
      const isPortTaken = /address already in use/i.test(String(error));
      if (!isPortTaken || attempt === 2) {
        await server.remove();
        throw error;
      }
    }
  }
}

function settingsOf(options: MosquittoOptions, folder: string): string[] {
  const { users, acl, maxQueuedMessages, persistent = false } = options;
  const settings = [`allow_anonymous ${options.anonymous ?? users === undefined}`, `persistence ${persistent}`];
  if (persistent) settings.push(`persistence_location ${folder}/`);
  // Started by root it becomes the user "mosquitto", who may not read the folder of a test.
  if (process.getuid?.() === 0) settings.push('user root');
  if (maxQueuedMessages !== undefined) settings.push(`max_queued_messages ${maxQueuedMessages}`);
  if (users !== undefined) {
    const file = join(folder, 'passwords');
    writePasswords(file, users);
    settings.push(`password_file ${file}`);
  }
  if (acl !== undefined) {
    const file = join(folder, 'access');
    writeFileSync(file, acl.endsWith('\n') ? acl : `${acl}\n`, { mode: 0o600 });
    settings.push(`acl_file ${file}`);
  }
  return [...settings, ...(options.config ?? [])];
}

/** Plain text first, hashed in place: so no password stands in the list of processes. */
function writePasswords(file: string, users: Readonly<Record<string, string>>): void {
  for (const text of Object.entries(users).flat()) {
    if (/[:\r\n]/.test(text)) throw new Error('a user name or password for mosquitto may hold no colon or line break');
  }
  const lines = Object.entries(users).map(([name, password]) => `${name}:${password}\n`);
  writeFileSync(file, lines.join(''), { mode: 0o600 });
  chmodSync(file, 0o600);
  const program = findProgram('mosquitto_passwd');
  if (program === undefined) throw new Error('mosquitto_passwd is not installed: npm run setup:servers');
  const { status, stderr } = spawnSync(program, ['-U', file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`mosquitto_passwd failed: ${stderr}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
