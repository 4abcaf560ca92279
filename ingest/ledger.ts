/**
 * The ledger as ingest asks it: which batches are settled, and how, so that a duplicate gets the same answer.
 * A view in memory; the store keeps it durable (store/telemetry-store.ts) and hands it over once at start.
 */
import { isServerEpoch } from '../contract/ids.ts';
import type { RejectedReading } from '../contract/verdicts.ts';
import { getOrCreate } from '../runtime/get-or-create.ts';
import type { LedgerEntry } from '../store/telemetry-store.ts';

type Rejection = readonly [index: number, reason: string];

/** Rejections are remembered for this many batches of an epoch; duplicates come within seconds of the first copy. */
const REJECTIONS_KEPT = 10_000;

const NO_REJECTIONS: readonly Rejection[] = [];

class EpochLedger {
  /** Sorted, disjoint, not touching; nearly always one range. */
  readonly #ranges: [first: number, last: number][] = [];
  readonly #rejections = new Map<number, readonly Rejection[]>();
  /** Queued or being committed. */
  readonly pending = new Set<number>();

  has(seq: number): boolean {
    const range = this.#ranges[this.#at(seq)];
    return range !== undefined && range[0] <= seq;
  }

  rejections(seq: number): readonly Rejection[] {
    return this.#rejections.get(seq) ?? NO_REJECTIONS;
  }

  add(first: number, last: number): void {
    // From the first range that touches [first, last] to the last one: they become one.
    let start = this.#at(first - 1);
    const merged: [number, number] = [first, last];
    let end = start;
    for (; end < this.#ranges.length; end++) {
      const range = this.#ranges[end] as [number, number];
      if (range[0] > last + 1) break;
      merged[0] = Math.min(merged[0], range[0]);
      merged[1] = Math.max(merged[1], range[1]);
    }
    if (start < 0) start = 0;
    this.#ranges.splice(start, end - start, merged);
  }

  reject(seq: number, rejections: readonly Rejection[]): void {
    this.#rejections.set(seq, rejections);
    if (this.#rejections.size > REJECTIONS_KEPT) {
      for (const oldest of this.#rejections.keys()) {
        this.#rejections.delete(oldest);
        break;
      }
    }
  }

  /** Index of the first range whose last is not below `seq`. */
  #at(seq: number): number {
    let low = 0;
    let high = this.#ranges.length;
    // Batches come nearly in order: look at the end first.
    const newest = this.#ranges[high - 1];
    if (newest !== undefined && newest[0] <= seq) low = newest[1] < seq ? high : high - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle] as [number, number])[1] < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export class Ledger {
  readonly #gateways = new Map<string, Map<string, EpochLedger>>();

  load(entries: readonly LedgerEntry[]): void {
    for (const { gateway, epoch, range, rejected } of entries) {
      const ledger = this.#epoch(gateway, epoch);
      ledger.add(range[0], range[1]);
      const bySeq = new Map<number, Rejection[]>();
      for (const [seq, index, reason] of rejected) {
        const list = bySeq.get(seq);
        if (list === undefined) bySeq.set(seq, [[index, reason]]);
        else list.push([index, reason]);
      }
      for (const [seq, list] of bySeq) ledger.reject(seq, list);
    }
  }

  /** `settled`: the answer is known. `pending`: it will come with the commit. `new`: now pending. */
  claim(gateway: string, epoch: string, seq: number): 'settled' | 'pending' | 'new' {
    const ledger = this.#epoch(gateway, epoch);
    if (ledger.has(seq)) return 'settled';
    if (ledger.pending.has(seq)) return 'pending';
    ledger.pending.add(seq);
    return 'new';
  }

  /** Takes a claim back: the batch was not taken after all. */
  release(gateway: string, epoch: string, seq: number): void {
    this.#epoch(gateway, epoch).pending.delete(seq);
  }

  settle(gateway: string, epoch: string, seq: number, rejected: readonly RejectedReading[]): void {
    const ledger = this.#epoch(gateway, epoch);
    ledger.pending.delete(seq);
    ledger.add(seq, seq);
    if (rejected.length > 0)
      ledger.reject(
        seq,
        rejected.map(({ index, reason }) => [index, reason] as const),
      );
  }

  /** How a settled batch was settled. */
  rejections(gateway: string, epoch: string, seq: number): readonly Rejection[] {
    return this.#epoch(gateway, epoch).rejections(seq);
  }

  /** Forgets the epochs that a gateway no longer holds; false when there was nothing to forget. */
  forgetEpochs(gateway: string, held: readonly string[]): boolean {
    const epochs = this.#gateways.get(gateway);
    if (epochs === undefined) return false;
    let forgot = false;
    for (const [epoch, ledger] of epochs) {
      if (isServerEpoch(epoch) || held.includes(epoch) || ledger.pending.size > 0) continue;
      epochs.delete(epoch);
      forgot = true;
    }
    return forgot;
  }

  epochs(gateway: string): readonly string[] {
    return [...(this.#gateways.get(gateway)?.keys() ?? [])];
  }

  #epoch(gateway: string, epoch: string): EpochLedger {
    const epochs = getOrCreate(this.#gateways, gateway, () => new Map<string, EpochLedger>());
    return getOrCreate(epochs, epoch, () => new EpochLedger());
  }
}
