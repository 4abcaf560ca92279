/** What the stories of test/flow share: the real program in real processes, on free ports, in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ServerClient } from '../../cli/server-client.ts';
import type { GatewayCounts } from '../../ingest/ingest-view.ts';
import { PROGRAM, type ServerOptions, ServerProcess } from '../server-process.ts';

/** The server, killed when the test ends if the story has not stopped it. */
export async function aServer(options: ServerOptions): Promise<ServerProcess> {
  const server = await ServerProcess.start({ ...options, args: ['--city', 'none', ...(options.args ?? [])] });
  onTestFinished(() => server.kill());
  return server;
}

export interface EnrolledGateway {
  readonly id: string;
  readonly token: string;
  /** Its configuration file, sources included. */
  readonly file: string;
}

/** Enrols a gateway as `lamplighter gateway add` does and writes its configuration with these sources. */
export async function enrol(
  api: ServerClient,
  folder: string,
  id: string,
  sources: string,
  more = '',
): Promise<EnrolledGateway> {
  await api.post('/api/sites', { id: 'town-hall', name: 'Town hall', kind: 'building', zone: 'America/New_York' });
  const { token, gateway_yaml } = await api.post<{ token: string; gateway_yaml: string }>('/api/gateways', {
    site: 'town-hall',
    id,
  });
  const home = join(folder, id);
  mkdirSync(home, { recursive: true });
  const file = join(home, 'gateway.yaml');
  writeFileSync(file, `${gateway_yaml.replace('sources: []', sources)}\n${more}`, { mode: 0o600 });
  return { id, token, file };
}

/** `lamplighter edge` as a process of its own. */
export class EdgeProcess {
  readonly #files: readonly string[];
  readonly #logFile: string;
  child: ChildProcess;

  constructor(files: readonly string[], logFile: string) {
    this.#files = files;
    this.#logFile = logFile;
    this.child = this.#spawn();
    onTestFinished(() => this.kill());
  }

  get log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Starts it again after a kill, on the same outboxes. */
  restart(): void {
    this.child = this.#spawn();
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<number | null> {
    await this.#end('SIGINT');
    return this.child.exitCode;
  }

  #spawn(): ChildProcess {
    const log = openSync(this.#logFile, 'a');
    const child = spawn(process.execPath, [PROGRAM, 'edge', '--config', ...this.#files], {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    return child;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }
}

/** Asks until the answer is right; fails with the last answer. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  isRight: (answer: T) => boolean,
  withinMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  let answer: T | undefined;
  let failure: unknown;
  while (Date.now() < deadline) {
    try {
      answer = await ask();
      failure = undefined;
      if (isRight(answer)) return answer;
    } catch (error) {
      failure = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(
    `it never became so; the last answer was ${failure === undefined ? JSON.stringify(answer)?.slice(0, 2_000) : failure}`,
  );
}

interface GatewayAnswer {
  readonly id: string;
  readonly counts: GatewayCounts;
}

/** The books of ingest for a gateway, from the API. */
export async function countsOf(api: ServerClient, id: string): Promise<GatewayCounts> {
  const { gateways } = await api.get<{ gateways: GatewayAnswer[] }>('/api/gateways');
  const found = gateways.find((gateway) => gateway.id === id);
  if (found === undefined) throw new Error(`the API knows no gateway ${id}`);
  return found.counts;
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}

/** received = stored + duplicate + rejected + later + shed + queued */
export function isBalanced(c: GatewayCounts): boolean {
  return c.received === c.stored + c.duplicate + sum(c.rejected) + sum(c.later) + c.shed + c.queued;
}
