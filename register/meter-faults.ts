/** What must hold of a device's meter beside its shape. Passes over what is missing or of the wrong shape. */
import { counterFault } from './counter-metric.ts';
import { instantFaults } from './instant-faults.ts';

export interface MeterFault {
  /** Below `meter`. */
  readonly path: readonly (string | number)[];
  readonly words: string;
}

interface LooseMeter {
  readonly register_limit?: number | undefined;
  readonly swaps?:
    | readonly {
        readonly metric?: string | undefined;
        /** Epoch milliseconds. */
        readonly at?: number | undefined;
        readonly last?: number | undefined;
        readonly first?: number | undefined;
      }[]
    | undefined;
}

export function meterFaults({ register_limit: limit, swaps = [] }: LooseMeter): MeterFault[] {
  const faults: MeterFault[] = [];
  const lastAt = new Map<string, number>();
  let before = Number.NEGATIVE_INFINITY;
  for (const [index, swap] of swaps.entries()) {
    const { metric = '', at } = swap;
    const tell = (field: string, words: string) => faults.push({ path: ['swaps', index, field], words });
    const wrong = swap.metric === undefined ? undefined : counterFault(metric);
    if (wrong !== undefined) tell('metric', wrong);
    for (const side of ['last', 'first'] as const) {
      const value = swap[side];
      if (limit === undefined || value === undefined || value < limit) continue;
      tell(side, `is not below the register limit ${limit}, at which the registers begin again at 0. Correct either.`);
    }
    if (at === undefined) continue;
    for (const words of instantFaults('', at)) tell('at', words);
    // An import and an export register are exchanged at one instant.
    if (at < before) tell('at', 'must not be earlier than the swap before it. Put the swaps in rising order.');
    else if (lastAt.get(metric) === at) tell('at', `there is another swap of ${metric} at this instant. Keep one.`);
    lastAt.set(metric, at);
    before = Math.max(before, at);
  }
  return faults;
}
