/** Updates of roll-ups that can be told from their number alone, so that what a file holds can be checked after a kill. */
import type { RollUp } from '../../../contract/roll-up.ts';
import type { RollUpUpdate } from '../../../store/roll-up-store.ts';
import { NOON } from '../../builders.ts';
import { aMeterEvent, anEmptyRollUp, anUpdate, aRollUp } from '../../roll-up-builders.ts';

const QUARTER = 900_000;
const SERIES = Array.from({ length: 50 }, (_, i) => ({
  gateway: ['hall', 'library'][i % 2] as string,
  device: `m-${i}`,
}));

/**
 * Update `n` of each series: quarter hour n, quarter hour n − 1 once more, quarter hour n − 2 away, the day and the
 * event with n in it. And an hour of a series and a site that were not there before.
 */
export function theUpdate(n: number): RollUpUpdate {
  const at = (slot: number) => NOON + slot * QUARTER;
  return anUpdate({
    '15m': SERIES.flatMap((series) => [
      anEmptyRollUp({ ...series, metric: 'active_energy_kwh', start: at(n - 2) }),
      aRollUp({ ...series, start: at(n - 1), count: n }),
      aRollUp({ ...series, start: at(n), count: n }),
    ]),
    '1h': [theHour(n)],
    '1d': SERIES.map((series) => aRollUp({ ...series, count: n, position: null })),
    events: SERIES.map((series) => aMeterEvent({ ...series, booked: n })),
  });
}

export function theHour(n: number): RollUp {
  return aRollUp({ site: `site-${n}`, device: `new-${n}`, count: n, position: null });
}
