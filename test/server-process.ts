/** The product as its user starts it: `lamplighter start` as a process of its own, which a test may kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runningServer } from '../cli/data-folder.ts';
import { ServerClient } from '../cli/server-client.ts';

/** The built program. Compiled tests lie one level deeper than their sources. */
const ROOT = import.meta.dirname.includes('/dist/')
  ? join(import.meta.dirname, '../..')
  : join(import.meta.dirname, '..');
export const PROGRAM = join(ROOT, 'dist/cli/main.js');

/** Long: on a busy machine the first start of many takes half a minute. */
const READY_WITHIN_MS = 90_000;

export interface ServerOptions {
  readonly data: string;
  /** Flags beside --data, --port 0 and --mqtt-port. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** 0 takes a free port; a restarted server needs the one that its gateways know. */
  readonly mqttPort?: number;
  /** The largest file it may write, KiB: a disk that is full for it. */
  readonly fileLimitKiB?: number | undefined;
}

/** Program and arguments that run a command of the product, under a limit on file sizes if there is one. */
export function programCommand(args: readonly string[], fileLimitKiB?: number): [string, ...string[]] {
  const words: [string, ...string[]] = [process.execPath, PROGRAM, ...args];
  // `exec` keeps the process id.
  return fileLimitKiB === undefined ? words : ['bash', '-c', `ulimit -f ${fileLimitKiB}; exec "$@"`, 'bash', ...words];
}

export class ServerProcess {
  readonly child: ChildProcess;
  readonly mqttPort: number;
  readonly console: string;
  readonly api: ServerClient;
  readonly #logFile: string;

  private constructor(
    child: ChildProcess,
    addresses: { console: string; mqtt: string },
    data: string,
    logFile: string,
  ) {
    this.child = child;
    this.console = addresses.console;
    this.mqttPort = Number(new URL(addresses.mqtt).port || 0);
    this.api = new ServerClient(addresses, readFileSync(join(data, 'operator-token'), 'utf8').trim());
    this.#logFile = logFile;
  }

  static async start(options: ServerOptions): Promise<ServerProcess> {
    const logFile = `${options.data}.log`;
    const log = openSync(logFile, 'a');
    const args = [
      'start',
      '--data',
      options.data,
      '--port',
      '0',
      '--mqtt-port',
      String(options.mqttPort ?? 0),
      ...(options.args ?? []),
    ];
    const [program, ...words] = programCommand(args, options.fileLimitKiB);
    const child = spawn(program, words, {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...options.env },
    });
    closeSync(log);
    const deadline = Date.now() + READY_WITHIN_MS;
    while (Date.now() < deadline) {
      if (child.exitCode !== null || child.signalCode !== null) break;
      const running = await runningServer(options.data).catch(() => undefined);
      if (running?.pid === child.pid && running?.console !== undefined && running.mqtt !== undefined) {
        return new ServerProcess(child, { console: running.console, mqtt: running.mqtt }, options.data, logFile);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill('SIGKILL');
    throw new Error(`the server did not start:\n${readFileSync(logFile, 'utf8').slice(-4_000)}`);
  }

  get log(): string {
    return readFileSync(this.#logFile, 'utf8');
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As Ctrl-C would; returns the exit code. */
  async stop(): Promise<number | null> {
    await this.#end('SIGINT');
    return this.child.exitCode;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
  }

  /** CPU seconds used so far, user and system, all threads. */
  cpuSeconds(): number {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Highest resident memory so far, MiB. */
  peakMiB(): number {
    const match = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'latin1'));
    return Number(match?.[1]) / 1_024;
  }
}
