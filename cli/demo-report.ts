/** What `lamplighter demo verify` says: the books of each gateway, what differs, and the verdict. */
import type { DemoReply } from '../console/api/demo-reply.ts';
import type { RollUpStatusReply } from '../console/api/replies-roll-ups.ts';
import { metricById } from '../contract/metrics.ts';
import { ROLL_UP_SHARE, type RollUpVerification } from '../simulators/roll-up-verification.ts';
import type { Deviation, VerificationResult } from '../simulators/verification.ts';

export type BookLine = DemoReply['gateways'][number] & {
  /** Readings that the truth says it has produced by then. */
  readonly expected: number;
};

const MOST_SERIES_NAMED = 20;

const HEADER = ['gateway', 'produced', 'stored', 'rejected', 'dropped', 'buffered', 'pending', ''] as const;

/** Produced as often as the truth says, each reading in one counted outcome, all of them stored. */
export function faultOf(line: BookLine): string {
  const { produced, stored, rejected, dropped, buffered, pending, expected } = line;
  if (produced !== stored + rejected + dropped + buffered) return 'NOT balanced: a reading ended nowhere';
  if (produced + pending !== expected) return `NOT as produced: ${expected - pending} readings were due`;
  if (rejected > 0 || dropped > 0) return 'NOT all stored: see rejected and dropped';
  if (buffered > 0 || pending > 0) return 'NOT settled yet';
  return '';
}

export function linesOfBooks(books: readonly BookLine[]) {
  const rows = books.map((line) => {
    const { gateway, produced, stored, rejected, dropped, buffered, pending } = line;
    return [gateway, produced, stored, rejected, dropped, buffered, pending, faultOf(line) || 'ok'];
  });
  const sum = (of: (line: BookLine) => number) => books.reduce((total, line) => total + of(line), 0);
  const all = [
    'all',
    sum((line) => line.produced),
    sum((line) => line.stored),
    sum((line) => line.rejected),
    sum((line) => line.dropped),
    sum((line) => line.buffered),
    sum((line) => line.pending),
    '',
  ];
  return { header: HEADER, rows: [...rows, all] };
}

export function linesOfDeviations(deviations: readonly Deviation[]): string[] {
  const lines = deviations.slice(0, MOST_SERIES_NAMED).flatMap(({ gateway, device, metric, day, ...found }) => {
    const counts = (['missing', 'different', 'unexpected'] as const)
      .filter((kind) => found[kind] > 0)
      .map((kind) => `${found[kind]} ${kind}`);
    const title = `${gateway} ${device} ${metric}, ${new Date(day).toISOString().slice(0, 10)}: ${counts.join(', ') || 'sums differ, values do not: asked while it was written'}`;
    return [title, ...found.examples.map((example) => `  ${example}`)];
  });
  if (deviations.length > MOST_SERIES_NAMED) lines.push(`… and ${deviations.length - MOST_SERIES_NAMED} more`);
  return lines;
}

export function verdict(
  books: readonly BookLine[],
  { values, series, deviations }: VerificationResult,
  { from, to, seconds }: { from: number; to: number; seconds: number },
): { isExact: boolean; words: string } {
  const whole = (amount: number) => amount.toLocaleString('en-US');
  const range = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
  const what = `${whole(values)} values of ${whole(series)} series, ${range}, compared in ${seconds.toFixed(1)} s`;
  const faults = books.filter((line) => faultOf(line) !== '').length;
  if (deviations.length === 0 && faults === 0) return { isExact: true, words: `EXACT: ${what}` };
  const sum = (kind: 'missing' | 'different' | 'unexpected') =>
    deviations.reduce((total, found) => total + found[kind], 0);
  const parts = [
    ...(['missing', 'different', 'unexpected'] as const)
      .filter((kind) => sum(kind) > 0)
      .map((kind) => `${whole(sum(kind))} ${kind}`),
    ...(faults > 0 ? [`the books of ${faults} gateways`] : []),
  ];
  return { isExact: false, words: `NOT EXACT: ${parts.join(', ')} — of ${what}` };
}

/** What roll-ups say that is not so, and what nobody can know. */
export function linesOfRollUps({ deviations, lost }: RollUpVerification): string[] {
  const lines = deviations.slice(0, MOST_SERIES_NAMED).map(({ gateway, device, metric, width, start, ...row }) => {
    const found = row.found === undefined ? 'no row' : amount(row.found, metric);
    const which = width === '1d' ? 'day' : 'hour';
    return `${gateway} ${device} ${metric}, ${which} from ${iso(start)}: ${found} instead of ${amount(row.expected, metric)}`;
  });
  if (deviations.length > MOST_SERIES_NAMED) lines.push(`… and ${deviations.length - MOST_SERIES_NAMED} more`);
  for (const one of lost) {
    const why =
      one.kind === 'reset' ? 'its register began again' : 'it was exchanged and its last reading not written down';
    lines.push(
      `${one.gateway} ${one.device}: ${amount(one.amount, one.metric)} are known to nobody, since ${why} between ${iso(one.from)} and ${iso(one.to)}`,
    );
  }
  return lines;
}

/**
 * Whether something may wait that was stored at the instant, epoch milliseconds. Something nearly always waits that came
 * a moment ago: the first reading of a quarter hour opens the one before.
 */
export function isBehind({ state, caught_up_at: caughtUpAt }: RollUpStatusReply, at: number): boolean {
  return state === 'behind' && (caughtUpAt == null || Date.parse(caughtUpAt) < at);
}

/** Of rows that should hold what was stored at `at`, epoch milliseconds. */
export function verdictOfRollUps(
  { days, hours, deviations }: RollUpVerification,
  status: RollUpStatusReply,
  at: number,
): { isRight: boolean; words: string } {
  const whole = (count: number) => count.toLocaleString('en-US');
  const within = `within ${ROLL_UP_SHARE * 100} % or two digits of the meter`;
  const what = `${whole(days)} days and ${whole(hours)} hours of counters compared with what truly passed through them`;
  const { pending_quarters = 0, oldest_s = 0, fault = '', failed_devices = [] } = status;
  if (fault !== '') return { isRight: false, words: `ROLL-UPS STOPPED: ${fault}` };
  if (failed_devices.length > 0) {
    return { isRight: false, words: `ROLL-UPS FAILED for ${failed_devices.join(', ')}; the log says why` };
  }
  if (isBehind(status, at)) {
    const waits = `${whole(pending_quarters)} quarter hours of devices wait, the oldest for ${Math.round(oldest_s)} s`;
    return {
      isRight: false,
      words: `ROLL-UPS BEHIND: ${waits}. Of ${what}, ${whole(deviations.length)} differ so far`,
    };
  }
  if (deviations.length > 0)
    return { isRight: false, words: `ROLL-UPS WRONG: ${whole(deviations.length)} of ${what} differ` };
  return { isRight: true, words: `ROLL-UPS RIGHT: ${what}, each ${within}` };
}

function amount(value: number, metric: string): string {
  const { decimals = 0, symbol = '' } = metricById.get(metric) ?? {};
  return `${value.toFixed(decimals + 1)} ${symbol}`;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
