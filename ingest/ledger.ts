/**
 * The ledger as ingest asks it: which batches are settled, and how, so that a duplicate gets the same answer.
 * A view in memory; the store keeps it durable (store/telemetry-store.ts) and hands it over once at start.
 */
import type { SequenceGap } from '../contract/gateway-evidence.ts';
import { isServerEpoch } from '../contract/ids.ts';
import type { RejectedReading } from '../contract/verdicts.ts';
import { getOrCreate } from '../runtime/get-or-create.ts';
import type { LedgerEntry } from '../store/telemetry-store.ts';

type Rejection = readonly [index: number, reason: string];

/** Rejections are remembered for this many batches of an epoch; duplicates come within seconds of the first copy. */
const REJECTIONS_KEPT = 10_000;

const NO_REJECTIONS: readonly Rejection[] = [];

/** Of one gateway and epoch: more are not told. */
const MOST_GAPS = 100;

/** Batches that are settled, and times of readings in the first and the last of them; NaN when they are not known. */
type Range = [first: number, last: number, from: number, to: number];

class EpochLedger {
  /** Sorted, disjoint, not touching; nearly always one range. */
  readonly #ranges: Range[] = [];
  /** Absent until there is one: an empty map for each of thousands of gateways takes megabytes. */
  #rejections: Map<number, readonly Rejection[]> | undefined;
  /** Queued or being committed. */
  readonly pending = new Set<number>();

  has(seq: number): boolean {
    const range = this.#ranges[this.#at(seq)];
    return range !== undefined && range[0] <= seq;
  }

  rejections(seq: number): readonly Rejection[] {
    return this.#rejections?.get(seq) ?? NO_REJECTIONS;
  }

  add(first: number, last: number, from = Number.NaN, to = Number.NaN): void {
    // Batches come nearly in order: mostly the newest range grows.
    const newest = this.#ranges.at(-1);
    if (newest !== undefined && newest[1] === first - 1) {
      newest[1] = last;
      newest[3] = to;
      return;
    }
    // From the first range that touches [first, last] to the last one: they become one.
    let start = this.#at(first - 1);
    const merged: Range = [first, last, from, to];
    let end = start;
    for (; end < this.#ranges.length; end++) {
      const range = this.#ranges[end] as Range;
      if (range[0] > last + 1) break;
      if (range[0] < merged[0]) [merged[0], , merged[2]] = range;
      if (range[1] > merged[1]) [, merged[1], , merged[3]] = range;
    }
    if (start < 0) start = 0;
    this.#ranges.splice(start, end - start, merged);
  }

  reject(seq: number, rejections: readonly Rejection[]): void {
    this.#rejections ??= new Map();
    this.#rejections.set(seq, rejections);
    if (this.#rejections.size > REJECTIONS_KEPT) {
      for (const oldest of this.#rejections.keys()) {
        this.#rejections.delete(oldest);
        break;
      }
    }
  }

  /** What lies between ranges and is not being committed; before the first one, what was numbered and never came. */
  gaps(epoch: string): SequenceGap[] {
    const gaps: SequenceGap[] = [];
    let before: Range = [0, 0, Number.NaN, Number.NaN];
    for (const range of this.#ranges) {
      const [first, last] = [before[1] + 1, range[0] - 1];
      let isComing = last - first < this.pending.size;
      for (let seq = first; seq <= last && isComing; seq++) isComing = this.pending.has(seq);
      if (first <= last && !isComing) gaps.push({ epoch, first, last, from: known(before[3]), to: known(range[2]) });
      if (gaps.length === MOST_GAPS) break;
      before = range;
    }
    return gaps;
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
      if ((this.#ranges[middle] as Range)[1] < seq) low = middle + 1;
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

  /** `from`, `to`: times of its first and its last reading, to tell when others are missing. */
  settle(
    gateway: string,
    epoch: string,
    seq: number,
    rejected: readonly RejectedReading[],
    from?: number,
    to?: number,
  ): void {
    const ledger = this.#epoch(gateway, epoch);
    ledger.pending.delete(seq);
    ledger.add(seq, seq, from, to);
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

  /** Batches that were never settled although later ones of their epoch are; the server's own epochs may have any. */
  gaps(gateway: string): readonly SequenceGap[] {
    const epochs = this.#gateways.get(gateway);
    if (epochs === undefined) return [];
    return [...epochs].flatMap(([epoch, ledger]) => (isServerEpoch(epoch) ? [] : ledger.gaps(epoch)));
  }

  epochs(gateway: string): readonly string[] {
    return [...(this.#gateways.get(gateway)?.keys() ?? [])];
  }

  #epoch(gateway: string, epoch: string): EpochLedger {
    const epochs = getOrCreate(this.#gateways, gateway, () => new Map<string, EpochLedger>());
    return getOrCreate(epochs, epoch, () => new EpochLedger());
  }
}

function known(time: number): number | null {
  return Number.isNaN(time) ? null : time;
}
