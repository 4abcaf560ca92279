/**
 * The owner's side of the snapshots that other processes keep of the register: everything once, then what changed.
 *
 * Which entries changed is found by comparing the register with what it was, since its values are replaced and never
 * altered; nobody pays for it but those who ask.
 */
import type { Clock } from '../runtime/clock.ts';
import type { Change } from './change.ts';
import type { Register } from './register.ts';

/** What a snapshot is made of. `whole`: forget everything before. */
export interface SnapshotPage {
  /** One word for each start of the owner: versions of two sessions say nothing of each other. */
  readonly session: string;
  readonly version: number;
  readonly whole: boolean;
  /** In an order in which each reference comes after what it names. */
  readonly changes: readonly Change[];
}

export type SnapshotPosition = Pick<SnapshotPage, 'session' | 'version'>;

type Owner = Pick<
  Register,
  'version' | 'city' | 'sites' | 'gateways' | 'devices' | 'credentials' | 'decisionHistory' | 'onChange'
>;

/** Changes kept for those that ask for what is new; whoever is further behind gets everything. */
const MOST_KEPT = 20_000;
/** A storm of changes, such as an import, is told in parts of this length. */
const GATHER_MS = 100;

export class RegisterSnapshotFeed {
  readonly #register: Owner;
  readonly #clock: Clock;
  readonly #session: string;
  #entries: ReadonlyMap<string, Change>;
  #version: number;
  /** In rising order of version. */
  #kept: { readonly version: number; readonly change: Change }[] = [];
  /** Everything after this version is in `#kept`. */
  #keptAfter: number;

  constructor(deps: { readonly register: Owner; readonly session: string; readonly clock: Clock }) {
    this.#register = deps.register;
    this.#clock = deps.clock;
    this.#session = deps.session;
    this.#entries = entriesOf(deps.register);
    this.#version = deps.register.version;
    this.#keptAfter = this.#version;
  }

  /** What whoever stands at `known` lacks; everything when nothing is known of it. */
  page(known?: SnapshotPosition): SnapshotPage {
    this.#look();
    const isFollowing =
      known?.session === this.#session && known.version >= this.#keptAfter && known.version <= this.#version;
    const changes = isFollowing
      ? this.#kept.filter(({ version }) => version > known.version).map(({ change }) => change)
      : [...this.#entries.values()];
    return { session: this.#session, version: this.#version, whole: !isFollowing, changes };
  }

  /** The page once there is news for whoever stands at `known`, or after `mostMs`; at once when the caller is gone. */
  async nextPage(known: SnapshotPosition | undefined, mostMs: number, gone: AbortSignal): Promise<SnapshotPage> {
    if (known?.session === this.#session && known.version === this.#register.version) {
      await this.#changed(mostMs, gone);
    }
    return this.page(known);
  }

  #changed(mostMs: number, gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        stopListening();
        gone.removeEventListener('abort', end);
        timer.cancel();
        resolve();
      };
      let timer = this.#clock.after(mostMs, end);
      let isGathering = false;
      const stopListening = this.#register.onChange(() => {
        if (isGathering) return;
        isGathering = true;
        timer.cancel();
        timer = this.#clock.after(GATHER_MS, end);
      });
      gone.addEventListener('abort', end);
      if (gone.aborted) end();
    });
  }

  #look(): void {
    const { version } = this.#register;
    if (version === this.#version) return;
    const before = this.#entries;
    this.#entries = entriesOf(this.#register);
    this.#version = version;
    for (const [key, change] of this.#entries) {
      if (contentOf(before.get(key)) !== contentOf(change)) this.#kept.push({ version, change });
    }
    for (const [key, change] of before) {
      if (this.#entries.has(key)) continue;
      if (change.kind === 'credential') {
        this.#kept.push({ version, change: { kind: 'no-credential', id: change.value.id } });
      } else {
        // Nothing else is ever taken out; should it be, everybody begins anew.
        this.#kept = [];
        this.#keptAfter = version;
      }
    }
    while (this.#kept.length > MOST_KEPT) {
      const oldest = this.#kept[0]?.version ?? version;
      this.#kept = this.#kept.filter((one) => one.version > oldest);
      this.#keptAfter = oldest;
    }
  }
}

/** Every entry of the register by its key, each after what it names. */
function entriesOf(register: Owner): ReadonlyMap<string, Change> {
  const city = register.city();
  const origin = 'console';
  const changes: Change[] = [
    ...(city === undefined ? [] : [{ kind: 'city', value: city, origin } as const]),
    ...register.sites().map((value) => ({ kind: 'site', value, origin }) as const),
    ...register.gateways().map((value) => ({ kind: 'gateway', value, origin }) as const),
    ...register.devices().map((value) => ({ kind: 'device', value, origin }) as const),
    ...register.credentials().map((value) => ({ kind: 'credential', value, origin }) as const),
    ...register.decisionHistory().map((value) => ({ kind: 'decision', value, origin }) as const),
  ];
  return new Map(changes.map((change) => [snapshotKey(change), change]));
}

/** Which entry a change is about. */
export function snapshotKey(change: Change): string {
  switch (change.kind) {
    case 'city':
      return 'city';
    case 'device':
      return `device ${change.value.gateway}/${change.value.id}`;
    case 'decision':
      return `decision ${change.value.number}`;
    case 'no-credential':
      return `credential ${change.id}`;
    default:
      return `${change.kind} ${change.value.id}`;
  }
}

function contentOf(change: Change | undefined): unknown {
  return change === undefined || change.kind === 'no-credential' ? undefined : change.value;
}
