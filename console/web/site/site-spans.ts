/** How far back the figures of a site look: whole local days up to now, or twelve months. */
import { daysEarlier, midnightBefore } from '../zoned-time.ts';

export interface SiteSpan {
  readonly id: string;
  readonly label: string;
  readonly words: string;
  readonly days: number;
  /** Length of a bar. */
  readonly every: 'day' | 'month';
}

export const SITE_SPANS: readonly SiteSpan[] = [
  { id: '7', label: '7 d', words: 'last 7 days', days: 7, every: 'day' },
  { id: '30', label: '30 d', words: 'last 30 days', days: 30, every: 'day' },
  { id: '365', label: '12 months', words: 'last 12 months', days: 365, every: 'month' },
];

/** A week, unless another is asked for: a new city has no month to judge by. */
export function spanOf(id: string | null): SiteSpan {
  return (SITE_SPANS.find((span) => span.id === id) ?? SITE_SPANS[0]) as SiteSpan;
}

/** Local midnight at which the span begins, epoch milliseconds; today is its last day. */
export function spanFrom({ days }: SiteSpan, now: number, zone: string): number {
  return daysEarlier(midnightBefore(now, zone), days - 1, zone);
}
