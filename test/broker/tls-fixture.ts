/** Certificates of every kind, a broker that uses them, and the programs that people would try it with. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { TlsOptions } from '../../broker/broker.ts';
import type { BrokerLimits } from '../../broker/limits.ts';
import type { ListenerKind } from '../../broker/listener.ts';
import { issueClient, issueServer, makeAuthority, type Pair } from '../../cli/certificates/authority.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aBroker, type Fixture } from './broker-fixture.ts';

const DAY_MS = 86_400_000;
export const HOSTS = ['localhost', '127.0.0.1'];

export interface Files {
  readonly certFile: string;
  readonly keyFile: string;
}

/** An authority in a folder of its own, and what it issues. */
export class TestAuthority {
  readonly folder = temporaryFolder();
  readonly caFile = join(this.folder, 'ca.pem');
  readonly pair: Pair;

  private constructor(pair: Pair) {
    this.pair = pair;
    writeFileSync(this.caFile, pair.certificate);
  }

  static async make(): Promise<TestAuthority> {
    return new TestAuthority(await makeAuthority('Test CA', { now: Date.now() - 100 * DAY_MS, days: 3_650 }));
  }

  /** `days` counts from today; a certificate of -1 days ended yesterday. */
  async server({ hosts = HOSTS, days = 90 }: { hosts?: readonly string[]; days?: number } = {}): Promise<Pair> {
    return await issueServer(this.pair, hosts, { now: Date.now() - 90 * DAY_MS, days: days + 90 });
  }

  async client(id: string, days = 90): Promise<Files> {
    return this.write(id, await issueClient(this.pair, id, { now: Date.now() - 90 * DAY_MS, days: days + 90 }));
  }

  write(name: string, pair: Pair): Files {
    const files = { certFile: join(this.folder, `${name}.pem`), keyFile: join(this.folder, `${name}-key.pem`) };
    writeFileSync(files.keyFile, pair.key);
    writeFileSync(files.certFile, pair.certificate);
    return files;
  }
}

export interface TlsFixture extends Fixture {
  readonly authority: TestAuthority;
  readonly port: number;
  /** Lines of its log, as objects. */
  readonly lines: { msg: string; reason?: string; detail?: string }[];
}

/** A broker with one listener, by default TLS with a good certificate for HOSTS. */
export async function aTlsBroker(
  change: {
    kind?: ListenerKind;
    server?: { hosts?: readonly string[]; days?: number };
    clientCertificate?: TlsOptions['clientCertificate'];
    clock?: Clock;
    limits?: Partial<BrokerLimits>;
  } = {},
): Promise<TlsFixture> {
  const authority = await TestAuthority.make();
  const files = authority.write('server', await authority.server(change.server));
  const { lines, log } = aLog();
  const { clientCertificate } = change;
  const fixture = await aBroker({
    options: {
      listeners: [{ kind: change.kind ?? 'tls', host: '127.0.0.1', port: 0 }],
      tls: {
        ...files,
        ...(clientCertificate === undefined ? {} : { clientCertificate, clientCaFile: authority.caFile }),
      },
      ...(change.limits === undefined ? {} : { limits: change.limits }),
    },
    log,
    ...(change.clock === undefined ? {} : { clock: change.clock }),
  });
  return { ...fixture, authority, lines, port: fixture.broker.address.port };
}

export function aLog(): { lines: TlsFixture['lines']; log: Log } {
  const lines: TlsFixture['lines'] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { lines, log };
}

/** A bare TLS connection, its handshake done. */
export async function aTlsSocket(port: number, caFile: string, options: object = {}): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: readFileSync(caFile), ...options });
  onTestFinished(() => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', () => resolve());
    socket.once('error', reject);
  });
  socket.on('error', () => {});
  return socket;
}

export interface ProgramEnd {
  readonly code: number | null;
  /** Standard output and error together. */
  readonly said: string;
}

/** Runs a program to its end; `input` is what it reads before its standard input closes. */
export async function runProgram(program: string, args: readonly string[], input = ''): Promise<ProgramEnd> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => {
      said += bytes.toString('utf8');
    });
  }
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, said };
}
