/** Sets of stretches of time: sorted, disjoint, `to` exclusive. */
import type { Period } from '../calendar.ts';

/** Sorted and joined where they touch or overlap; empty ones are left out. */
export function joined(stretches: readonly Period[]): Period[] {
  const sorted = stretches.filter(({ from, to }) => from < to).toSorted((one, other) => one.from - other.from);
  const found: Period[] = [];
  for (const { from, to } of sorted) {
    const last = found.at(-1);
    if (last !== undefined && from <= last.to) {
      found[found.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    } else found.push({ from, to });
  }
  return found;
}

/** What of `from` no stretch of `taken` covers. */
export function without(from: readonly Period[], taken: readonly Period[]): Period[] {
  let left = joined(from);
  for (const cut of joined(taken)) {
    left = left.flatMap((stretch) =>
      cut.to <= stretch.from || cut.from >= stretch.to
        ? [stretch]
        : [
            { from: stretch.from, to: cut.from },
            { from: cut.to, to: stretch.to },
          ].filter(({ from: begin, to }) => begin < to),
    );
  }
  return left;
}

/** The parts of stretches that lie in [from, to). */
export function clipped(stretches: readonly Period[], { from, to }: Period): Period[] {
  return stretches
    .map((one) => ({ from: Math.max(one.from, from), to: Math.min(one.to, to) }))
    .filter((one) => one.from < one.to);
}

export function covers(stretches: readonly Period[], time: number): boolean {
  return stretches.some(({ from, to }) => time >= from && time < to);
}
