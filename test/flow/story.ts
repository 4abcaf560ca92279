/** What the stories of test/flow share: the real program in real processes, on free ports, in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { onTestFinished } from 'vitest';
import type { ServerClient } from '../../cli/server-client.ts';
import type { GatewayReply, HealthReply } from '../../console/api/replies.ts';
import type { GatewayCounts } from '../../ingest/ingest-view.ts';
import { CountedFeed, type CountedFeedOptions } from '../../simulators/counted-feed.ts';
import { programCommand, type ServerOptions, ServerProcess } from '../server-process.ts';

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

/** Enrols a gateway as `lamplighter gateway add` does and writes its configuration with these entries of `sources`. */
export async function enrol(
  api: ServerClient,
  folder: string,
  id: string,
  sources: string,
  edit: (yaml: string) => string = (yaml) => yaml,
): Promise<EnrolledGateway> {
  await api.post('/api/sites', { id: 'town-hall', name: 'Town hall', kind: 'building', zone: 'America/New_York' });
  const { token, gateway_yaml } = await api.post<{ token: string; gateway_yaml: string }>('/api/gateways', {
    site: 'town-hall',
    id,
  });
  const home = join(folder, id);
  mkdirSync(home, { recursive: true });
  const file = join(home, 'gateway.yaml');
  const yaml = sources === '' ? gateway_yaml : gateway_yaml.replace('sources: []', `sources:\n${sources}`);
  writeFileSync(file, edit(yaml), { mode: 0o600 });
  return { id, token, file };
}

/** Exactly so many readings, all known beforehand: the entry of gateway.yaml, and what it makes. */
export function counted(options: CountedFeedOptions & { name?: string }): { feed: CountedFeed; entry: string } {
  const { name = 'counted', seed, count, t0, stepMs, devices = 1, perSecond } = options;
  const pace = perSecond === undefined ? '' : `,per_second=${perSecond}`;
  const profile = `counted:count=${count},t0=${t0},step_ms=${stepMs},devices=${devices}${pace}`;
  return {
    feed: new CountedFeed(options),
    entry: `  - { kind: simulated, name: ${name}, profile: "${profile}", seed: ${seed} }`,
  };
}

export interface EdgeOptions {
  /** The largest file it may write, KiB: a disk that is full for it. */
  readonly fileLimitKiB?: number | undefined;
}

/** `lamplighter edge` as a process of its own. */
export class EdgeProcess {
  readonly #files: readonly string[];
  readonly #logFile: string;
  #options: EdgeOptions;
  child: ChildProcess;

  constructor(files: readonly string[], logFile: string, options: EdgeOptions = {}) {
    this.#files = files;
    this.#logFile = logFile;
    this.#options = options;
    this.child = this.#spawn();
    onTestFinished(() => this.kill());
  }

  get log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** Starts it again after a kill, on the same outboxes. */
  restart(options: EdgeOptions = {}): void {
    this.#options = options;
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
    const [program, ...args] = programCommand(['edge', '--config', ...this.#files], this.#options.fileLimitKiB);
    const child = spawn(program, args, {
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

/** The books of ingest for a gateway, from the API. */
export async function countsOf(api: ServerClient, id: string): Promise<GatewayCounts> {
  return (await gatewayOf(api, id)).counts;
}

export async function gatewayOf(api: ServerClient, id: string): Promise<GatewayReply> {
  return await api.get<GatewayReply>(`/api/gateways/${id}`);
}

/** Also when it is degraded, which the API answers with 503. */
export async function healthOf(server: ServerProcess): Promise<HealthReply> {
  return (await (await fetch(new URL('/api/health', server.console))).json()) as HealthReply;
}

/** A client of the server's broker, connected; closed when the test ends. */
export async function connected(server: ServerProcess, options: IClientOptions): Promise<MqttClient> {
  const client = mqtt.connect(`mqtt://127.0.0.1:${server.mqttPort}`, { reconnectPeriod: 100, ...options });
  onTestFinished(() => client.endAsync(true).then(() => {}));
  client.on('error', () => {});
  await new Promise<void>((resolve) => client.once('connect', () => resolve()));
  return client;
}

/**
 * What a running gateway says of itself from now on. It says so every 30 s and after each connect, so its connection is
 * cut: another one with its id takes its place for a moment. One that has just started says it by itself.
 */
export async function freshHealth(
  server: ServerProcess,
  { id, token }: EnrolledGateway,
  isRight: (health: NonNullable<GatewayReply['health']>) => boolean,
  hasJustStarted = false,
): Promise<NonNullable<GatewayReply['health']>> {
  for (let attempt = 0; ; attempt++) {
    const after = (await gatewayOf(server.api, id)).health?.at_ms ?? 0;
    if (attempt > 0 || !hasJustStarted) {
      const usurper = await connected(server, { clientId: id, username: id, password: token, reconnectPeriod: 0 });
      await usurper.endAsync(true);
    }
    const { health } = await eventually(
      () => gatewayOf(server.api, id),
      (row) => (row.health?.at_ms ?? 0) > after,
      60_000,
    );
    if (health !== null && isRight(health)) return health;
    if (attempt === 10) throw new Error(`${id} never said so; it said last: ${JSON.stringify(health)}`);
  }
}

export function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, n) => total + n, 0);
}

/** received = stored + duplicate + rejected + later + shed + queued */
export function isBalanced(c: GatewayCounts): boolean {
  return c.received === c.stored + c.duplicate + sum(c.rejected) + sum(c.later) + c.shed + c.queued;
}
