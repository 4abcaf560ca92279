/**
 * Keeps the register in step with `city.yaml` while the city runs. A faulty file leaves the register as it is, and every
 * fault is told. Editors and Kubernetes replace files rather than write them, so the folder is watched, not the file;
 * network and container mounts report nothing at all, so the file is also looked at every few seconds.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Service } from '../runtime/service.ts';
import { faultText, type YamlFault } from '../runtime/yaml-file.ts';
import { readManifest } from './manifest.ts';
import { applyManifest, type ManifestConflict } from './manifest-plan.ts';
import type { Register } from './register.ts';

const DEBOUNCE_MS = 300;
const LOOK_EVERY_MS = 5_000;

export interface ManifestState {
  readonly file: string;
  /** Epoch milliseconds when the register last followed the file; undefined while it never has. */
  readonly appliedAt: number | undefined;
  /** Why the file as it is now was not applied; empty when it was. */
  readonly faults: readonly YamlFault[];
  /** Entries of the file that a person keeps otherwise at the console. */
  readonly conflicts: readonly ManifestConflict[];
}

export class ManifestWatch implements Service {
  readonly name = 'manifest watch';
  readonly #path: string;
  readonly #register: Register;
  readonly #clock: Clock;
  readonly #log: Log;
  #state: ManifestState;
  /** Identity of the file's content as last dealt with. */
  #seen = '';
  #watcher: FSWatcher | undefined;
  #look: Timer | undefined;
  #debounce: Timer | undefined;
  #loading: Promise<void> = Promise.resolve();

  constructor(deps: { path: string; register: Register; clock: Clock; log: Log }) {
    this.#path = deps.path;
    this.#register = deps.register;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#state = { file: deps.path, appliedAt: undefined, faults: [], conflicts: [] };
  }

  state(): ManifestState {
    return this.#state;
  }

  /** Follows the file once before it resolves. A faulty file is no reason not to start: see `state()`. */
  async start(): Promise<void> {
    try {
      this.#watcher = watch(dirname(this.#path), () => this.#soon());
      this.#watcher.on('error', (error) =>
        this.#log.warn({ err: error }, 'the manifest is not watched any more; it is checked every few seconds instead'),
      );
    } catch (error) {
      this.#log.warn(
        { err: error },
        'the folder of the manifest cannot be watched; it is checked every few seconds instead',
      );
    }
    this.#look = this.#clock.every(LOOK_EVERY_MS, () => void this.reload());
    await this.reload();
  }

  async stop(): Promise<void> {
    this.#watcher?.close();
    this.#look?.cancel();
    this.#debounce?.cancel();
    await this.#loading;
  }

  /** Looks at the file now; does nothing when it is as it was. Never rejects: faults are in `state()`. */
  reload(): Promise<void> {
    this.#loading = this.#loading.then(() => this.#load());
    return this.#loading;
  }

  #soon(): void {
    this.#debounce?.cancel();
    this.#debounce = this.#clock.after(DEBOUNCE_MS, () => void this.reload());
  }

  async #load(): Promise<void> {
    const seen = this.#fingerprint();
    if (seen === this.#seen) return;
    this.#seen = seen;
    const result = readManifest(this.#path);
    if (!result.ok) {
      this.#fail(result.faults);
      return;
    }
    try {
      const { changes, conflicts } = await applyManifest(this.#register, result.value);
      this.#state = { file: this.#path, appliedAt: this.#clock.now(), faults: [], conflicts };
      this.#log.info({ file: this.#path, changes: changes.length }, 'the register follows the manifest');
      for (const { kind, id, words } of conflicts) this.#log.warn(`manifest: ${kind} '${id}' ${words}`);
    } catch (error) {
      // The register's disk refused: the file is dealt with again at the next look.
      this.#seen = '';
      this.#fail([{ file: this.#path, line: 0, field: '', words: (error as Error).message }]);
    }
  }

  #fail(faults: readonly YamlFault[]): void {
    const known = JSON.stringify(this.#state.faults) === JSON.stringify(faults);
    this.#state = { ...this.#state, faults };
    if (known) return;
    for (const fault of faults) this.#log.error(`The manifest was not applied. ${faultText(fault)}`);
  }

  #fingerprint(): string {
    try {
      const { ino, size, mtimeMs, ctimeMs } = statSync(this.#path);
      return `${ino} ${size} ${mtimeMs} ${ctimeMs}`;
    } catch (error) {
      return `absent: ${(error as NodeJS.ErrnoException).code}`;
    }
  }
}
