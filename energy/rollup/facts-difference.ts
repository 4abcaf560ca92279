/** From when on roll-ups are no longer true because the register says something else of a device. */
import { isDeepStrictEqual } from 'node:util';
import type { Period } from '../calendar.ts';
import type { DecisionFacts, DeviceFacts } from './device-facts.ts';
import { siteOf } from './device-facts.ts';

/**
 * The earliest instant (epoch milliseconds) at which the two differ in what roll-ups are made of: −Infinity when all
 * of them are touched, undefined when none is. Stamps of readings may lie an interval beside it.
 */
export function earliestDifference(before: DeviceFacts, after: DeviceFacts): number | undefined {
  if (isDeepStrictEqual(before, after)) return undefined;
  const isOtherwiseRead =
    before.intervalMs !== after.intervalMs ||
    before.intervalStamp !== after.intervalStamp ||
    !isDeepStrictEqual(withoutSwaps(before), withoutSwaps(after));
  if (isOtherwiseRead) return Number.NEGATIVE_INFINITY;
  const instants = [
    earliestMove(before, after),
    earliestOf(before.meter?.swaps ?? [], after.meter?.swaps ?? []),
    earliestOf<DecisionFacts>(before.decisions, after.decisions),
  ].filter((instant) => instant !== undefined);
  return instants.length === 0 ? undefined : Math.min(...instants);
}

/** From when to when something is expected of a device that was not, or the other way round; undefined when nothing changed. */
export function retirementDifference(before: DeviceFacts, after: DeviceFacts): Period | undefined {
  const [was, is] = [before, after].map(({ retiredAt }) => retiredAt ?? Number.POSITIVE_INFINITY) as [number, number];
  return was === is ? undefined : { from: Math.min(was, is), to: Math.max(was, is) };
}

function withoutSwaps({ meter }: DeviceFacts): object {
  const { swaps, ...rest } = meter ?? {};
  return rest;
}

/** The first instant at which the device stood at another site, or at one with another zone. */
function earliestMove(before: DeviceFacts, after: DeviceFacts): number | undefined {
  const instants = [...before.placements, ...after.placements].map(({ from }) => from).sort((a, b) => a - b);
  return [Number.NEGATIVE_INFINITY, ...instants].find((instant) => {
    const [was, is] = [siteOf(before, instant), siteOf(after, instant)];
    return was !== is || before.zones[was] !== after.zones[is];
  });
}

/** The earliest entry that only one of the two has. */
function earliestOf<T extends { readonly at: number }>(before: readonly T[], after: readonly T[]): number | undefined {
  const only = (these: readonly T[], those: readonly T[]) =>
    these.filter((one) => !those.some((other) => isDeepStrictEqual(one, other))).map(({ at }) => at);
  const instants = [...only(before, after), ...only(after, before)];
  return instants.length === 0 ? undefined : Math.min(...instants);
}
