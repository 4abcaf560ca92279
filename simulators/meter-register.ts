/** What the display of a meter shows when its register does not simply go on: reset, rolled over, meter swapped. */
import type { RegisterFault } from './city-faults.ts';

/** An instant at which a register falls although nothing was fed back. */
export interface RegisterBreak {
  readonly kind: RegisterFault['kind'];
  /** Epoch milliseconds: the first instant at which it shows less. */
  readonly time: number;
}

/** The register over time: `totalAt` is what has passed through the meter, ever rising. Undefined faults: itself. */
export function registerOf(
  totalAt: (time: number) => number,
  fault: RegisterFault | undefined,
): (time: number) => number {
  if (fault === undefined) return totalAt;
  const { from, limit } = fault;
  // Worked out when it is first asked for: sums since the city's first day are not free.
  let start: { readonly total: number; readonly shown: number } | undefined;
  return (time) => {
    if (time < from) return totalAt(time);
    start ??= startOf(totalAt, fault);
    const shown = start.shown + totalAt(time) - start.total;
    return limit === undefined ? shown : shown % limit;
  };
}

function startOf(totalAt: (time: number) => number, fault: RegisterFault) {
  const { from, limit, restart, at } = fault;
  const total = totalAt(from);
  if (limit === undefined || at === undefined) return { total, shown: restart ?? 0 };
  // So that it reaches its limit just then; a busy meter may have gone round before.
  const left = (totalAt(at) - total) % limit;
  return { total, shown: limit - left };
}

/** Where the register falls, in order of time, up to an instant. */
export function breaksOf(
  totalAt: (time: number) => number,
  fault: RegisterFault | undefined,
  until: number,
): RegisterBreak[] {
  if (fault === undefined || until < fault.from) return [];
  const { kind, from, limit } = fault;
  const register = registerOf(totalAt, fault);
  const breaks: RegisterBreak[] =
    register(from) < totalAt(from) ? [{ kind: kind === 'rollover' ? 'swap' : kind, time: from }] : [];
  if (limit === undefined) return breaks;
  const start = startOf(totalAt, fault);
  const roundsAt = (time: number) => Math.floor((start.shown + totalAt(time) - start.total) / limit);
  for (let round = 1; round <= roundsAt(until); round++) {
    let [low, high] = [from, until];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (roundsAt(middle) >= round) high = middle;
      else low = middle;
    }
    breaks.push({ kind, time: high });
  }
  return breaks;
}
