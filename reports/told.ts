/** A figure as a report tells it: a value, or in words why there is none. Never 0 in place of what is not known. */
import { type Figure, REFUSALS, type Refusal } from '../energy/analytics/figure.ts';

/** Refusals of reports, beside those of the figures themselves. */
export const REPORT_REFUSALS = {
  'no-tariff-named': 'Neither the site nor the city names a tariff for it. Name one in the register.',
  'unknown-tariff': 'The tariff that the register names is not there.',
  'tariff-fault': 'The tariff cannot be used.',
  'no-factor': 'There is no emission factor for it.',
  'only-days-kept': 'Quarter hours are no longer kept of a part of the month, so that its shape is not known.',
} as const;
export type RefusalCode = Refusal | keyof typeof REPORT_REFUSALS;

export type Told<T> =
  | { readonly value: T; readonly refusal: null }
  | { readonly value: null; readonly refusal: { readonly code: RefusalCode; readonly words: string } };

export function told<T>(value: T): Told<T> {
  return { value, refusal: null };
}

/** `detail` says it in the case at hand. */
export function notTold(code: RefusalCode, detail?: string): Told<never> {
  const words = Object.hasOwn(REFUSALS, code)
    ? REFUSALS[code as Refusal]
    : REPORT_REFUSALS[code as keyof typeof REPORT_REFUSALS];
  return { value: null, refusal: { code, words: detail === undefined ? words : `${words} ${detail}` } };
}

export function toldOf<T, U>(figure: Figure<T>, pick: (value: T) => U): Told<U> {
  return figure.reason === null ? told(pick(figure.value)) : notTold(figure.reason);
}
