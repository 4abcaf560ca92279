/** A figure of analytics as the API tells it: a value with its unit, or in words why there is none; and how complete it is. */
import { z } from 'zod';
import type { Completeness, Figure } from '../../../energy/analytics/figure.ts';
import { notTold, type Told } from '../../../reports/told.ts';

export const figureReply = z.object({
  value: z.number().nullable().describe('Null where it cannot be said; never 0 in its place'),
  unit: z.string(),
  refusal: z
    .object({ code: z.string(), words: z.string() })
    .nullable()
    .describe('Why there is no value, and what would help'),
  known_percent: z.number().nullable().describe('Share of the time asked for of which the amount is known'),
  measured_percent: z.number().nullable().describe('The same without what was spread over gaps or estimated'),
});
export type FigureReply = z.infer<typeof figureReply>;

export function replyOf<T>(figure: Figure<T>, unit: string, pick: (value: T) => number): FigureReply {
  const refusal = figure.reason === null ? null : notTold(figure.reason).refusal;
  const value = figure.value === null ? null : tidy(pick(figure.value));
  return { value, unit, refusal, ...completenessOf(figure.completeness) };
}

/** Of a value that a report would tell, too. */
export function toldReply<T>(
  told: Told<T>,
  unit: string,
  pick: (value: T) => number,
  completeness: Completeness | undefined,
): FigureReply {
  const value = told.value === null ? null : tidy(pick(told.value));
  return { value, unit, refusal: told.refusal, ...completenessOf(completeness) };
}

export function refusedReply(code: string, words: string, unit: string): FigureReply {
  return { value: null, unit, refusal: { code, words }, known_percent: null, measured_percent: null };
}

export function completenessOf(completeness: Completeness | undefined) {
  if (completeness === undefined) return { known_percent: null, measured_percent: null };
  return { known_percent: percent(completeness.known), measured_percent: percent(completeness.measured) };
}

/** Rounded down: what is not whole does not look whole. */
function percent(share: number): number {
  return Math.floor(share * 1_000 + 1e-9) / 10;
}

/** Twelve digits are more than any meter has. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12));
}
