/**
 * A TypeScript file as a process of its own, to be killed, limited or measured. Node 20 does not strip types, so the file
 * and what it imports are bundled first; packages stay outside and are found because the bundle lies in node_modules.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { onTestFinished } from 'vitest';

const BUNDLES = fileURLToPath(new URL('../node_modules/.cache/lamplighter-test/', import.meta.url));

export interface Child {
  readonly process: ChildProcess;
  /** Resolves with the next whole line of standard output, undefined at its end. */
  line(): Promise<string | undefined>;
  /** Everything on standard error so far. */
  errors(): string;
  /** Resolves with exit code and signal once the process is gone and its output read. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArguments?: readonly string[];
  /** Shell words run before, in the same process: `ulimit -f 2000`, say. */
  readonly before?: string;
}

/** Bundles a file once, so that many children can be started from it. Returns the path of the bundle. */
export async function bundleTypeScript(file: string | URL): Promise<string> {
  const entry = file instanceof URL ? fileURLToPath(file) : file;
  mkdirSync(BUNDLES, { recursive: true });
  const folder = mkdtempSync(join(BUNDLES, `${basename(entry, '.ts')}-`));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await build({
    configFile: false,
    logLevel: 'warn',
    ssr: { external: true },
    build: {
      ssr: entry,
      outDir: folder,
      target: 'node20',
      minify: false,
      rolldownOptions: { output: { entryFileNames: 'main.mjs' } },
    },
  });
  return join(folder, 'main.mjs');
}

/** Starts a bundle; the process is killed at the latest when the test ends. */
export function startBundle(bundle: string, args: readonly string[] = [], options: ChildOptions = {}): Child {
  const words = [process.execPath, ...(options.nodeArguments ?? []), bundle, ...args];
  const [command, ...rest] =
    options.before === undefined ? words : ['bash', '-c', `${options.before}; exec "$@"`, 'bash', ...words];
  const child = spawn(command as string, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const lines = new LineReader(child);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  return { process: child, line: () => lines.next(), errors: () => errors, exited };
}

/** Bundles and starts in one go. */
export async function spawnTypeScript(
  file: string | URL,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<Child> {
  return startBundle(await bundleTypeScript(file), args, options);
}

class LineReader {
  readonly #waiting: ((line: string | undefined) => void)[] = [];
  readonly #lines: string[] = [];
  #rest = '';
  #isEnded = false;

  constructor(child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const parts = (this.#rest + text).split('\n');
      this.#rest = parts.pop() ?? '';
      this.#lines.push(...parts);
      this.#serve();
    });
    child.on('close', () => {
      this.#isEnded = true;
      this.#serve();
    });
  }

  next(): Promise<string | undefined> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#serve();
    });
  }

  #serve(): void {
    while (this.#waiting.length > 0 && (this.#lines.length > 0 || this.#isEnded))
      this.#waiting.shift()?.(this.#lines.shift());
  }
}
