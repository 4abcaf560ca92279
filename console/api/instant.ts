/** Instants and durations as people write them in a query: ISO 8601 with offset, epoch milliseconds, or relative. */
import { z } from 'zod';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const DURATION = /^(\d{1,9})(ms|s|m|h|d|w)$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2}))$/;

/** Latest instant a JavaScript Date can hold (ECMA-262 §21.4.1.1). */
const MOST_MS = 8.64e15;

/** Milliseconds of a duration such as 15m, 1h or 7d; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  const ms = Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? Number.NaN);
  return ms > 0 ? ms : undefined;
}

/** An instant, or a distance from now that is resolved when the request is answered. */
export type Instant = { readonly at: number } | { readonly fromNow: number };

export function parseInstant(text: string): Instant | undefined {
  if (text === 'now') return { fromNow: 0 };
  if (/^[+-]?\d{9,16}$/.test(text)) {
    const at = Number(text);
    return Math.abs(at) <= MOST_MS ? { at } : undefined;
  }
  if (text.startsWith('-')) {
    const distance = parseDuration(text.slice(1));
    return distance === undefined ? undefined : { fromNow: -distance };
  }
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day] = match;
  // Date.parse accepts the 30th of February and moves it on; a person who wrote it meant something else.
  const calendar = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (calendar.getUTCMonth() !== Number(month) - 1 || calendar.getUTCDate() !== Number(day)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : { at };
}

/** Epoch milliseconds. */
export function resolveInstant(instant: Instant, now: number): number {
  return 'at' in instant ? instant.at : now + instant.fromNow;
}

/** In a URL a bare `+` reads as a space: `…T08:00:00+01:00` arrives as `…T08:00:00 01:00`. */
function mendPlus(text: string): string {
  return text.replace(/^(\d{4}-\d{2}-\d{2}T[\d:.]+) (\d{2}:?\d{2})$/, '$1+$2');
}

export const instantParameter = z
  .string()
  .transform((text, context) => {
    const instant = parseInstant(mendPlus(text));
    if (instant !== undefined) return instant;
    context.addIssue({
      code: 'custom',
      message: `"${text.slice(0, 60)}" is no instant; write ISO 8601 with an offset (2026-11-01T08:00:00Z), epoch milliseconds, or a distance from now (-15m, -1h, -7d)`,
    });
    return z.NEVER;
  })
  .describe('ISO 8601 with an offset, epoch milliseconds, `now`, or a distance from now such as `-1h` or `-7d`');

export const durationParameter = z
  .string()
  .transform((text, context) => {
    const duration = parseDuration(text);
    if (duration !== undefined) return duration;
    context.addIssue({
      code: 'custom',
      message: `"${text.slice(0, 60)}" is no duration; write a whole number and ms, s, m, h, d or w, such as 15m`,
    });
    return z.NEVER;
  })
  .describe('A whole number and a unit: `10s`, `15m`, `1h`, `1d`');
