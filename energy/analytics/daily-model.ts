/**
 * A daily model of use by weather after CalTRACK 2 (openeemeter/caltrack, docs/methods.rst; section numbers below):
 *
 *   use of a day = base + heating × max(bH − T, 0) + cooling × max(T − bC, 0)
 *
 * Balance points bH ≤ bC are sought on a grid of 30 to 90 °F in steps of 1 °F (3.2); each must have at least 10 days
 * and 20 °F·d. Every pair is fitted by least squares (3.4); candidates are both, heating only, cooling only, and base
 * only; base and slopes must be above 0; the highest adjusted R² wins, that of base only being 0 by definition.
 */
import { type FitMetrics, fitMetrics } from './fit-metrics.ts';
import { leastSquares } from './least-squares.ts';

export interface ModelDay {
  /** Use of the day, in the unit of the carrier. */
  readonly use: number;
  /** Mean outdoor temperature of the day, °C. */
  readonly celsius: number;
}

export interface WeatherTerm {
  /** °C. */
  readonly balancePointC: number;
  /** Use per kelvin day. */
  readonly slope: number;
}

export interface DailyModel {
  /** Use of a day that needs neither heating nor cooling. */
  readonly base: number;
  readonly heating: WeatherTerm | undefined;
  readonly cooling: WeatherTerm | undefined;
  readonly adjustedRSquared: number;
  readonly metrics: FitMetrics;
}

const GRID_F = { from: 30, to: 90 };
const LEAST_DAYS = 10;
/** 20 °F·d in K·d. */
const LEAST_DEGREE_DAYS = 20 / 1.8;

/** Gas does not cool: 3.4 allows it no cooling term. */
export interface DailyModelOptions {
  readonly cooling?: boolean | undefined;
}

/** Of the days on which use and temperature are known, in order. Throws a RangeError for no days at all. */
export function fitDailyModel(days: readonly ModelDay[], { cooling = true }: DailyModelOptions = {}): DailyModel {
  const y = Float64Array.from(days, ({ use }) => use);
  const heatingGrid = termsOf(days, -1);
  const coolingGrid = cooling ? termsOf(days, 1) : [];
  const none: Candidate = { base: y.reduce((sum, use) => sum + use, 0) / y.length, adjustedRSquared: 0 };
  let best = none;
  const consider = (heat: Term | undefined, cool: Term | undefined): void => {
    const candidate = fitted(y, heat, cool);
    if (candidate !== undefined && candidate.adjustedRSquared > best.adjustedRSquared) best = candidate;
  };
  for (const heat of heatingGrid) consider(heat, undefined);
  for (const cool of coolingGrid) consider(undefined, cool);
  for (const heat of heatingGrid) {
    for (const cool of coolingGrid) if (cool.balancePointC >= heat.balancePointC) consider(heat, cool);
  }
  const { base, heating, cooling: coolingTerm, adjustedRSquared } = best;
  const model = { base, heating, cooling: coolingTerm };
  const predicted = days.map(({ celsius }) => predictDay(model, celsius));
  const parameters = (heating === undefined ? 0 : 1) + (coolingTerm === undefined ? 0 : 1);
  return { ...model, adjustedRSquared, metrics: fitMetrics([...y], predicted, parameters) };
}

/** Use of a day with that mean temperature, °C. */
export function predictDay(
  { base, heating, cooling }: Pick<DailyModel, 'base' | 'heating' | 'cooling'>,
  celsius: number,
): number {
  const heat = heating === undefined ? 0 : heating.slope * Math.max(heating.balancePointC - celsius, 0);
  const cool = cooling === undefined ? 0 : cooling.slope * Math.max(celsius - cooling.balancePointC, 0);
  return base + heat + cool;
}

interface Term {
  readonly balancePointC: number;
  readonly degreeDays: Float64Array;
}

interface Candidate {
  readonly base: number;
  readonly heating?: WeatherTerm | undefined;
  readonly cooling?: WeatherTerm | undefined;
  readonly adjustedRSquared: number;
}

/** The balance points that enough of the days lie beyond; `side` −1 is heating, 1 is cooling. */
function termsOf(days: readonly ModelDay[], side: -1 | 1): Term[] {
  const terms: Term[] = [];
  for (let fahrenheit = GRID_F.from; fahrenheit <= GRID_F.to; fahrenheit++) {
    const balancePointC = (fahrenheit - 32) / 1.8;
    const degreeDays = Float64Array.from(days, ({ celsius }) => Math.max(side * (celsius - balancePointC), 0));
    let [sum, count] = [0, 0];
    for (const value of degreeDays) {
      sum += value;
      if (value > 0) count++;
    }
    if (count >= LEAST_DAYS && sum >= LEAST_DEGREE_DAYS) terms.push({ balancePointC, degreeDays });
  }
  return terms;
}

function fitted(y: Float64Array, heat: Term | undefined, cool: Term | undefined): Candidate | undefined {
  const terms = [heat, cool].filter((term) => term !== undefined);
  const degrees = y.length - terms.length - 1;
  const fit = leastSquares(y, ...terms.map(({ degreeDays }) => degreeDays));
  if (fit === undefined || degrees <= 0 || !(fit.total > 0)) return undefined;
  if (!(fit.intercept > 0) || fit.slopes.some((slope) => !(slope > 0))) return undefined;
  const adjustedRSquared = 1 - fit.residual / degrees / (fit.total / (y.length - 1));
  const slopes = [...fit.slopes];
  const heating = heat && { balancePointC: heat.balancePointC, slope: slopes.shift() as number };
  const cooling = cool && { balancePointC: cool.balancePointC, slope: slopes.shift() as number };
  return { base: fit.intercept, heating, cooling, adjustedRSquared };
}
