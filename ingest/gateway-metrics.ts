/**
 * The books of every gateway as Prometheus reads them (text exposition format 0.0.4), a part at a time.
 * They do not go through the registry: it hashes the labels of every line and writes all lines in one go, which at
 * 10,000 gateways holds the process, and with it intake, for more than a second.
 */
import type { GatewayCounts } from './ingest-view.ts';

interface Books {
  /** An id: letters, digits and "-", so that nothing needs escaping. */
  readonly gateway: string;
  readonly counts: GatewayCounts;
}

const READINGS = 'lamplighter_ingest_readings_total';
const QUEUED = 'lamplighter_ingest_readings_queued';
/** Gateways in a part: some 5 ms of work. */
const GATEWAYS_PER_PART = 500;

/**
 * Parts of whole lines. The work of a part is done when it is asked for; of each gateway all numbers are of one moment,
 * so that its books balance in every scrape.
 */
export function* gatewayMetrics(books: readonly Books[]): Generator<string> {
  const queued: number[] = [];
  yield `# HELP ${READINGS} Readings by gateway and outcome; received is the sum of all others and ${QUEUED}\n# TYPE ${READINGS} counter\n`;
  yield* inParts(books, (one) => {
    queued.push(one.counts.queued);
    return linesOf(one);
  });
  yield `# HELP ${QUEUED} Readings taken in and not yet committed\n# TYPE ${QUEUED} gauge\n`;
  yield* inParts(books, ({ gateway }, index) => `${QUEUED}{gateway="${gateway}"} ${queued[index]}\n`);
}

function* inParts(books: readonly Books[], text: (one: Books, index: number) => string): Generator<string> {
  let part = '';
  for (const [index, one] of books.entries()) {
    part += text(one, index);
    if (index % GATEWAYS_PER_PART < GATEWAYS_PER_PART - 1) continue;
    yield part;
    part = '';
  }
  yield part;
}

function linesOf({ gateway, counts }: Books): string {
  const line = (outcome: string, reason: string, readings: number): string =>
    `${READINGS}{gateway="${gateway}",outcome="${outcome}",reason="${reason}"} ${readings}\n`;
  let lines =
    line('received', '', counts.received) +
    line('stored', '', counts.stored) +
    line('duplicate', '', counts.duplicate) +
    line('shed', '', counts.shed);
  for (const [reason, readings] of Object.entries(counts.rejected)) lines += line('rejected', reason, readings);
  for (const [reason, readings] of Object.entries(counts.later)) lines += line('later', reason, readings);
  return lines;
}
