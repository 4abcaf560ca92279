/** Ranges of settled seqs of one epoch: sorted, apart by at least one missing seq. */
import type { SeqRange } from '../../contract/acknowledgement.ts';

/** The ranges with these seqs in them. `ranges` is left as it is. */
export function withSeqs(ranges: readonly SeqRange[], seqs: readonly number[]): readonly SeqRange[] {
  const all = [...ranges, ...seqs.map((seq): SeqRange => [seq, seq])].sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of all) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** What must change in a file that holds `before` so that it holds `after`. */
export function rangeChanges(
  before: readonly SeqRange[],
  after: readonly SeqRange[],
): { readonly put: readonly SeqRange[]; readonly remove: readonly number[] } {
  const lastByFirst = new Map(before);
  const put = after.filter(([first, last]) => lastByFirst.get(first) !== last);
  const kept = new Set(after.map(([first]) => first));
  return { put, remove: before.map(([first]) => first).filter((first) => !kept.has(first)) };
}
