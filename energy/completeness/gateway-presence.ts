/**
 * When a gateway was silent, when nobody listened, and for which time it is known that whatever it produced has arrived:
 * from what ingest has noticed (contract/gateway-evidence.ts).
 *
 * A gateway that is away and comes back with the same epoch ran on all the while, and its outbox kept what it produced:
 * once that has drained, nothing of the time is missing because of the silence. One that comes back with a new epoch was
 * started anew: until then it may not have run at all.
 */
import type { CompletenessEvidence, GatewayEvidence } from '../../contract/gateway-evidence.ts';
import type { Period } from '../calendar.ts';
import { joined, without } from './stretches.ts';

/** After a start of ours gateways need a moment to come back. */
const RETURN_MS = 120_000;
/** Health comes with each connect, and every half minute. */
const HEALTH_MS = 90_000;

export interface Silence extends Period {
  /** `restarted`: it came back with a new start; `away`: it has not come back; `unknown`: it says nothing of its starts. */
  readonly end: 'restarted' | 'away' | 'unknown';
}

export interface GatewayPresence {
  readonly silent: readonly Silence[];
  /** Ingest was not there, and the gateway was started anew meanwhile or says nothing of its starts. */
  readonly unwatched: readonly Period[];
  /** It was there, or ran on with what it produced since arrived: what is missing of this time it did not produce. */
  readonly settled: readonly Period[];
  /** The same, back to when its outbox was made: its books show nothing that did not arrive. */
  readonly isAllSettled: boolean;
}

/** `now`: until when the evidence reaches, epoch milliseconds. */
export function gatewayPresence(
  evidence: GatewayEvidence,
  listening: CompletenessEvidence['listening'],
  now: number,
): GatewayPresence {
  const { knownSince, presence, held } = evidence;
  if (knownSince === null || presence.length === 0) {
    return { silent: [], unwatched: [], settled: [], isAllSettled: false };
  }
  const begin = presence[0]?.at ?? now;
  const { away, unheard } = absences(evidence, listening, now);
  const silent: Silence[] = [];
  const settled: Period[] = [];
  for (const stretch of away) {
    const start = startIn(evidence, stretch);
    if (stretch.to >= now) silent.push({ ...stretch, end: 'away' });
    else if (start !== undefined)
      silent.push({ from: stretch.from, to: Math.max(stretch.to, start), end: 'restarted' });
    else if (held === null) silent.push({ ...stretch, end: 'unknown' });
    else settled.push(stretch);
  }
  const unwatched: Period[] = [];
  for (const stretch of unheard) {
    if (held === null || startIn(evidence, stretch) !== undefined) unwatched.push(stretch);
    else settled.push(stretch);
  }
  const there = without([{ from: begin, to: now }], [...away, ...unheard]);
  const isDrained = held !== null && held.buffered === 0;
  const before = held === null ? [] : [{ from: -Infinity, to: isDrained ? held.at : held.oldestAt }];
  const known = without(joined([...there, ...settled]), [...silent, ...unwatched, ...undatedGaps(evidence)]);
  return {
    silent,
    unwatched,
    // While it holds readings of a time, what is missing of that time may still come.
    settled: known.flatMap(({ from, to }) => withinAny({ from, to }, before, held === null)),
    isAllSettled: held !== null && held.dropped === 0 && evidence.gaps.length === 0,
  };
}

/** Batches that never came and whose time is not known may have been made at any time of their epoch. */
function undatedGaps({ gaps, starts }: GatewayEvidence): Period[] {
  return gaps
    .filter(({ from, to }) => from === null || to === null)
    .map(({ epoch, from, to }) => {
      const place = starts.findIndex((start) => start.epoch === epoch);
      return {
        from: from ?? starts[place]?.at ?? -Infinity,
        to: to ?? (place < 0 ? undefined : starts[place + 1]?.at) ?? Infinity,
      };
    });
}

/** Without health nobody knows what it holds: what it has not sent while it was there, it did not produce. */
function withinAny(stretch: Period, allowed: readonly Period[], isAny: boolean): Period[] {
  if (isAny) return [stretch];
  // Live readings are in the outbox for moments; the last health cannot speak of what came after it.
  return allowed.flatMap(({ from, to }) => {
    const end = Math.min(stretch.to, Math.max(to, stretch.from));
    return Math.max(stretch.from, from) < end ? [{ from: Math.max(stretch.from, from), to: end }] : [];
  });
}

/** When it was offline while ingest listened, and when ingest did not listen (or nobody was back yet after our start). */
function absences(
  { presence }: GatewayEvidence,
  listening: CompletenessEvidence['listening'],
  now: number,
): { away: Period[]; unheard: Period[] } {
  const away: Period[] = [];
  const unheard: Period[] = [];
  let offlineSince: number | undefined;
  let since: number | undefined;
  let reached = presence[0]?.at ?? now;
  const end = (at: number): void => {
    if (offlineSince !== undefined) away.push({ from: offlineSince, to: at });
    offlineSince = undefined;
  };
  for (const { from, to } of [...listening, { from: now, to: now }]) {
    if (to < reached) continue;
    const changes = presence.filter(({ at }) => at >= from && at <= to);
    const [first] = changes;
    if (from > reached) {
      const isSame = first?.online === true && first.since === since && offlineSince === undefined;
      // The one that was there before and after on one connection was there all the while.
      if (!isSame && offlineSince === undefined && from < now) {
        const isSoon = first?.online === true && first.at - from <= RETURN_MS;
        unheard.push({ from: reached, to: isSoon ? first.at : from });
        if (!isSoon && now - from > RETURN_MS) offlineSince = from;
      }
    }
    for (const { at, online, heard, since: connection } of changes) {
      if (online) end(at);
      else offlineSince ??= Math.min(heard, at);
      since = online ? connection : undefined;
    }
    reached = Math.max(reached, to);
  }
  end(now);
  return { away: joined(away), unheard: joined(unheard) };
}

/** When it was started anew during an absence; undefined when it ran on, as far as it says. */
function startIn({ starts }: GatewayEvidence, { from, to }: Period): number | undefined {
  return starts.findLast(({ at }) => at > from && at <= to + HEALTH_MS)?.at;
}
