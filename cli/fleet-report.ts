/** How a load run is told: one line a second while it goes, and a summary with a verdict at its end. */
import { isLaterReason } from '../contract/acknowledgement.ts';
import { LATER_REASONS } from '../contract/verdicts.ts';
import type { Fleet, StormReport } from '../simulators/fleet/fleet.ts';

interface Moment {
  readonly atMs: number;
  readonly sent: number;
  readonly stored: number;
}

/** The line of this moment; the rates are since the line before. */
export class FleetProgress {
  readonly #fleet: Fleet;
  #before: Moment;

  constructor(fleet: Fleet, nowMs: number) {
    this.#fleet = fleet;
    this.#before = this.#moment(nowMs);
  }

  line(nowMs: number): string {
    const { books, size } = this.#fleet;
    const now = this.#moment(nowMs);
    const seconds = Math.max(0.001, (now.atMs - this.#before.atMs) / 1_000);
    const rate = (key: 'sent' | 'stored'): string => whole((now[key] - this.#before[key]) / seconds);
    this.#before = now;
    const { produced, stored } = books;
    const parts = [
      `${whole(books.connected)} of ${whole(size)} connected`,
      `${rate('sent')} readings/s sent, ${rate('stored')} stored`,
      `p50 ${ms(books.recent.percentile(0.5))} p99 ${ms(books.recent.percentile(0.99))}`,
      `${whole(produced - stored - sum(books.rejected))} buffered`,
    ];
    if (books.resent > 0) parts.push(`${whole(books.resent)} batches re-sent`);
    if (books.heldBack > 0) parts.push(`${whole(books.heldBack)} readings held back`);
    const errors = Object.entries(books.errors).map(([reason, count]) => `${whole(count)} ${reason.split(':')[0]}`);
    books.recent.reset();
    return [...parts, ...errors].join(' · ');
  }

  #moment(atMs: number): Moment {
    const { sent, stored } = this.#fleet.books;
    return { atMs, sent, stored };
  }
}

export function stormLines(storm: StormReport): string[] {
  const after = (seconds: number | undefined): string =>
    seconds === undefined ? 'not in time' : `${seconds.toFixed(1)} s`;
  return [
    `Storm: ${whole(storm.gateways)} connections cut at once, ${whole(storm.outstanding)} readings not acknowledged then`,
    `  all connected again        ${after(storm.backAfterS)}`,
    `  all of those acknowledged  ${after(storm.settledAfterS)}`,
  ];
}

export interface Verdict {
  readonly isGood: boolean;
  readonly words: string;
}

/** To be asked before the fleet leaves. */
export function verdictOf(fleet: Fleet, storm?: StormReport): Verdict {
  const { produced, stored, rejected, buffered, isBalanced } = fleet.counts();
  const { connects, connected, later } = fleet.books;
  if (!isBalanced) return bad('the books do not balance: this is a defect, please report it');
  if (storm !== undefined && (storm.backAfterS === undefined || storm.settledAfterS === undefined))
    return bad('the fleet did not recover from the storm in time');
  if (connects === 0) return bad('no gateway could connect');
  if (buffered > 0)
    return bad(
      `${whole(buffered)} readings were never acknowledged${laterWords(later)}; they were in the memory of this process only`,
    );
  const refused = sum(rejected);
  if (refused > 0) return bad(`${whole(refused)} readings were rejected; see: lamplighter dead-letters list`);
  if (connected < fleet.size) return bad(`${whole(fleet.size - connected)} gateways are not connected`);
  if (produced === 0) return bad('nothing was produced; let it run longer');
  return { isGood: true, words: `exact: all ${whole(stored)} readings produced are stored` };
}

export function summaryLines(fleet: Fleet, seconds: number): string[] {
  const { produced, stored, rejected, buffered } = fleet.counts();
  const { latency, resent, connects, errors, later, heldBack } = fleet.books;
  const lines = [
    `${whole(fleet.size)} gateways, ${seconds.toFixed(0)} s, ${whole(stored / Math.max(1, seconds))} readings/s stored`,
    `  produced ${whole(produced)} = stored ${whole(stored)} + rejected ${whole(sum(rejected))} + buffered ${whole(buffered)}`,
    `  produced to acknowledged  p50 ${ms(latency.percentile(0.5))}, p99 ${ms(latency.percentile(0.99))}, longest ${ms(latency.mostMs)}`,
    `  ${whole(connects)} connections made, ${whole(resent)} batches sent again`,
  ];
  if (heldBack > 0) lines.push(`  ${whole(heldBack)} readings not produced: too much was buffered`);
  for (const [reason, count] of Object.entries(rejected)) lines.push(`  rejected: ${whole(count)} ${reason}`);
  for (const [reason, count] of Object.entries(later))
    lines.push(`  asked to come later: ${whole(count)} batches, ${reason}`);
  for (const [reason, count] of Object.entries(errors)) lines.push(`  connections: ${whole(count)} × ${reason}`);
  return lines;
}

/** The mend for each reason is in contract/verdicts.ts. */
function laterWords(later: Readonly<Record<string, number>>): string {
  const reasons = Object.keys(later).map((reason) => {
    const mend = isLaterReason(reason) ? LATER_REASONS[reason] : '';
    return `${reason}. ${mend}`.trim();
  });
  return reasons.length === 0 ? '' : ` (ingest asked for them later: ${reasons.join(' ')})`;
}

function bad(words: string): Verdict {
  return { isGood: false, words };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function ms(value: number | undefined): string {
  if (value === undefined) return '–';
  return value < 10 ? `${value.toFixed(1)} ms` : `${whole(value)} ms`;
}
