/** Colours with a meaning, the same on every board: green is as it should be, yellow to be watched, red to be acted on. */
import { ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard';
import { AIR_BANDS } from '../contract/air-bands.ts';

export interface Step {
  /** From this value on; null from the beginning. */
  readonly from: number | null;
  readonly colour: string;
}

export const NEUTRAL: readonly Step[] = [{ from: null, colour: 'blue' }];

export function stepsUp(yellow: number, red: number): readonly Step[] {
  return [
    { from: null, colour: 'green' },
    { from: yellow, colour: 'yellow' },
    { from: red, colour: 'red' },
  ];
}

/** The lower, the worse: completeness, availability. */
export function stepsDown(red: number, yellow: number): readonly Step[] {
  return [
    { from: null, colour: 'red' },
    { from: red, colour: 'yellow' },
    { from: yellow, colour: 'green' },
  ];
}

const BAND_COLOURS = ['green', 'yellow', 'orange', 'red', 'purple', 'dark-red'];

/** The bands of an air metric as steps: each begins where the one before ends. */
export function bandSteps(metric: string): readonly Step[] {
  const bands = AIR_BANDS[metric] ?? [];
  return bands.map((_, rank) => ({
    from: rank === 0 ? null : (bands[rank - 1]?.most ?? null),
    colour: BAND_COLOURS[rank] ?? 'dark-red',
  }));
}

export function thresholdsOf(steps: readonly Step[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(({ from, colour }) => ({ value: from, color: colour })));
}

/** Percent of what should have been measured: below 95 a sum is not to be trusted, below 80 it says little. */
export const MEASURED: readonly Step[] = stepsDown(80, 95);

/** A share of 1 that ought to be whole: lamps that burn when told, gateways that are there. */
export const WHOLE: readonly Step[] = stepsDown(0.95, 0.99);

/** None of it is as it should be; one is to be looked at. */
export const NONE_IS_GOOD: readonly Step[] = [
  { from: null, colour: 'green' },
  { from: 1, colour: 'red' },
];
