/**
 * Site figures: what a whole site used, made of the 15-minute rows of its meters. Pure; start reading at site-day.ts.
 * The worker that reads the rows and writes the figures is energy/rollup/site-figure-writer.ts.
 */
import type { RollUp } from '../../contract/roll-up.ts';
import type { Carrier, FigureCarrier } from '../../contract/site-figures.ts';
import type { Period } from '../calendar.ts';
import { METRICS_OF } from '../carriers.ts';

export interface SiteMeter {
  readonly gateway: string;
  readonly device: string;
  /** Metric id of the counter. */
  readonly metric: string;
  /** Kind of the device as the register says it. */
  readonly kind: string | undefined;
  /** When it stood at the site, epoch milliseconds; may be infinite. */
  readonly stays: readonly Period[];
  /** Its 15-minute rows at the site, in any order. */
  readonly rows: readonly QuarterRow[];
}

export type QuarterRow = Pick<RollUp, 'start' | 'coverage' | 'consumption' | 'interpolated' | 'estimated' | 'peak'>;

/** A meter of a figure: −1 takes away what it counted. */
export interface SignedMeter extends SiteMeter {
  readonly sign: 1 | -1;
}

/** Where a site has meters of this kind, they are its mains, and what hangs behind them is not counted twice. */
const MAIN_KIND = 'electricity-meter';

const LOAD: readonly (readonly [Carrier, 1 | -1])[] = [
  ['electricity', 1],
  ['export', -1],
  ['solar', 1],
];

/** The meters that a figure is made of; none when the site does not have it. A load needs a meter of electricity. */
export function metersOf(meters: readonly SiteMeter[], carrier: FigureCarrier): SignedMeter[] {
  if (carrier !== 'load') return countersOf(meters, carrier).map((meter) => ({ ...meter, sign: 1 }));
  if (countersOf(meters, 'electricity').length === 0) return [];
  return LOAD.flatMap(([part, sign]) => countersOf(meters, part).map((meter) => ({ ...meter, sign })));
}

function countersOf(meters: readonly SiteMeter[], carrier: Carrier): readonly SiteMeter[] {
  const counting = meters.filter(({ metric }) => metric === METRICS_OF[carrier].counter);
  if (carrier !== 'electricity' && carrier !== 'export') return counting;
  const mains = counting.filter(({ kind }) => kind === MAIN_KIND);
  return mains.length > 0 ? mains : counting;
}
