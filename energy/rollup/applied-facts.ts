/**
 * With which facts each device is rolled up, durably, so that a change of the register is seen even when nobody was
 * there to hear of it. A difference marks what it touches, and only then is the new fact taken for applied.
 */
import type { MarkedStretch } from '../../contract/roll-up-marks.ts';
import { LmdbFile } from '../../runtime/lmdb-file.ts';
import type { DeviceKey, SeriesTotal } from '../../store/telemetry-store.ts';
import type { Period } from '../calendar.ts';
import { startOfSlot } from '../counting/slots.ts';
import { type DeviceFacts, nameOf, type RegisterFacts } from './device-facts.ts';
import type { DeviceWork } from './device-work.ts';
import { earliestDifference, retirementDifference } from './facts-difference.ts';
import type { CountedWith } from './stored-series.ts';

interface AppliedEntry {
  readonly facts: DeviceFacts | null;
  /** Beginning of what was ever rolled up of the device, epoch milliseconds; null: nothing yet. */
  readonly since: number | null;
  /** With which multipliers rows were counted that were sealed when it changed, in rising order of `before`. */
  readonly sealed?: readonly CountedWith[] | undefined;
}

/** Something is expected of a device, or is no longer, that was not or was; `to` may be infinite. */
export type Retirement = DeviceKey & Period;

export interface FactsChanged {
  readonly mark: (stretches: readonly MarkedStretch[]) => Promise<void>;
  /** Called before the facts are remembered: what it throws has them compared again. */
  readonly retired: (retirements: readonly Retirement[]) => Promise<void>;
}

type Key = [gateway: string, device: string];

/** Entries of the worker itself; ids of gateways are never empty. */
const BEGUN: Key = ['', 'begun'];
const KEPT: Key = ['', 'kept'];
const ENTRIES_PER_WRITE = 1_000;

export class AppliedFacts {
  readonly #file: LmdbFile<AppliedEntry, Key>;
  readonly #entries = new Map<string, AppliedEntry>();

  /** `<data>/roll-up-state`. */
  constructor(folder: string) {
    this.#file = new LmdbFile(folder);
  }

  open(): void {
    this.#file.open();
    this.#entries.clear();
    for (const { key, value } of this.#file.db.getRange({})) this.#entries.set(key.join('/'), value);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** False on the very first start: what the store held before that was never marked. */
  get hasBegun(): boolean {
    return this.#entries.has(BEGUN.join('/'));
  }

  /** Marks everything that the store holds. */
  async begin(
    totals: readonly SeriesTotal[],
    mark: (stretches: readonly MarkedStretch[]) => Promise<void>,
  ): Promise<void> {
    const byDevice = new Map<string, MarkedStretch>();
    for (const { gateway, device, firstTime, lastTime } of totals) {
      const name = nameOf({ gateway, device });
      const known = byDevice.get(name);
      const [from, to] = [Math.min(firstTime, known?.from ?? firstTime), Math.max(lastTime + 1, known?.to ?? 0)];
      byDevice.set(name, { gateway, device, from, to });
    }
    if (byDevice.size > 0) await mark([...byDevice.values()]);
    await this.#write([[BEGUN, { facts: null, since: null }]]);
  }

  /** Epoch milliseconds when the store was first told to delete; undefined: never yet. */
  get keptSince(): number | undefined {
    return this.#entries.get(KEPT.join('/'))?.since ?? undefined;
  }

  async noteKept(now: number): Promise<void> {
    if (this.keptSince === undefined) await this.#write([[KEPT, { facts: null, since: now }]]);
  }

  /** With which multipliers rows of a device were counted that are sealed. */
  sealedOf(key: DeviceKey): readonly CountedWith[] {
    return this.#entries.get(nameOf(key))?.sealed ?? [];
  }

  /** To be called before rows of these devices are first written, or of an earlier time than before. */
  async noteRolledUp(works: readonly DeviceWork[]): Promise<void> {
    const entries: [Key, AppliedEntry][] = [];
    for (const { key, facts, dirty } of works) {
      if (dirty === undefined) continue;
      const known = this.#entries.get(nameOf(key));
      const since = startOfSlot(dirty.firstSlot);
      if (known?.since != null && known.since <= since) continue;
      entries.push([[key.gateway, key.device], { ...known, facts: known?.facts ?? facts, since }]);
    }
    if (entries.length > 0) await this.#write(entries);
  }

  /**
   * Compares every device of the register, marks what is no longer true, tells of which devices something else is expected,
   * and remembers the facts.
   */
  async applyChanges(
    register: RegisterFacts,
    { mark, retired }: FactsChanged,
    bounds: { readonly from: number; readonly now: number },
    breathe: () => Promise<void>,
  ): Promise<void> {
    const stretches: MarkedStretch[] = [];
    const retirements: Retirement[] = [];
    const entries: [Key, AppliedEntry][] = [];
    for (const key of this.#devicesOf(register)) {
      await breathe();
      const known = this.#entries.get(nameOf(key));
      const facts = register.of(key);
      const difference = known?.facts == null ? Number.POSITIVE_INFINITY : earliestDifference(known.facts, facts);
      const retirement = known?.facts == null ? undefined : retirementDifference(known.facts, facts);
      if (difference === undefined && retirement === undefined && known !== undefined) continue;
      if (retirement !== undefined) retirements.push({ ...key, ...retirement });
      const sealed = sealedWith(known, facts, bounds.from);
      entries.push([[key.gateway, key.device], { facts, since: known?.since ?? null, sealed }]);
      if (known?.since == null || difference === undefined) continue;
      // Stamps of what happened at an instant lie up to an interval beside it.
      const marginMs = Math.max(known.facts?.intervalMs ?? 0, facts.intervalMs ?? 0);
      const from = Math.max(Math.max(known.since, difference) - marginMs, bounds.from);
      if (from < bounds.now) stretches.push({ ...key, from, to: bounds.now + marginMs + 1 });
    }
    if (stretches.length > 0) await mark(stretches);
    if (retirements.length > 0) await retired(retirements);
    for (let start = 0; start < entries.length; start += ENTRIES_PER_WRITE) {
      await this.#write(entries.slice(start, start + ENTRIES_PER_WRITE));
    }
  }

  /** Those of the register, and those that were rolled up without being in it. */
  #devicesOf(register: RegisterFacts): DeviceKey[] {
    const devices = new Map(register.devices().map((key) => [nameOf(key), key]));
    for (const name of this.#entries.keys()) {
      const [gateway = '', device = ''] = name.split('/');
      if (gateway !== '' && !devices.has(name)) devices.set(name, { gateway, device });
    }
    return [...devices.values()];
  }

  async #write(entries: readonly (readonly [Key, AppliedEntry])[]): Promise<void> {
    await this.#file.write(({ put }) => {
      for (const [key, entry] of entries) put(key, entry);
    });
    for (const [key, entry] of entries) this.#entries.set(key.join('/'), entry);
  }
}

function sealedWith(
  known: AppliedEntry | undefined,
  facts: DeviceFacts,
  before: number,
): readonly CountedWith[] | undefined {
  const multiplier = known?.facts?.meter?.multiplier ?? 1;
  if (known?.since == null || known.since >= before || multiplier === (facts.meter?.multiplier ?? 1))
    return known?.sealed;
  // Two changes with the same seal: what is sealed was counted with the first.
  const earlier = known.sealed ?? [];
  return (earlier.at(-1)?.before ?? 0) >= before ? earlier : [...earlier, { before, multiplier }];
}
