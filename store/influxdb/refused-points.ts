/**
 * Which points of a refused request are bad, found by writing parts of it again.
 *
 * A 400 has stored the good points of the request, but does not say which those are: parse errors report dropped=0,
 * and of several shards only the first one's error is told. So parts are written until the bad ones stand alone, and
 * at the end all good lines are written once more in their order: only that answer counts, and the later of two
 * values for one point wins again whatever the search did.
 */
import { StoreFailure } from '../telemetry-store.ts';
import type { Refusal } from './server-answer.ts';

/** One line of a request, and the time in it, epoch milliseconds. */
export interface PointLine {
  readonly text: string;
  readonly time: number;
}

/** Writes lines; undefined means stored. Throws StoreFailure when nothing is known. */
export type WriteLines<L extends PointLine> = (lines: readonly L[]) => Promise<Refusal | undefined>;

/** Extra requests for one refused request. A part that is still mixed then is refused whole: its dead letters may be sent again. */
export const MOST_EXTRA_REQUESTS = 500;

/** Words of the server that speak of single points. */
const ABOUT_POINTS =
  /partial write|unable to parse|type conflict|beyond retention|outside range|max[- ]|limit exceeded|points? (was|were)|dropped/i;

/** A server that finds this too large has a limit nobody can work with. */
const SMALLEST_BODY_CHARS = 16_384;

/** Times that the search is repeated when the remaining lines are refused once more. */
const MOST_ROUNDS = 4;

/**
 * Stores the good lines and returns the bad ones with the server's words.
 * Throws StoreFailure `misconfigured` when everything is refused for a reason that names no point, and `unavailable`
 * when the server's answers do not fit together.
 */
export async function writeAround<L extends PointLine>(
  lines: readonly L[],
  first: Refusal,
  write: WriteLines<L>,
): Promise<ReadonlyMap<L, string>> {
  const search = new Search(write);
  await search.run(lines, first);
  const { refused } = search;
  if (refused.size === lines.length && lines.length > 1 && !ABOUT_POINTS.test(first.words)) {
    throw new StoreFailure(
      'misconfigured',
      `InfluxDB refused all ${lines.length} points of a request for one reason, which must be mended there: ${first.words}`,
    );
  }
  return refused;
}

class Search<L extends PointLine> {
  readonly refused = new Map<L, string>();
  readonly #write: WriteLines<L>;
  #left = MOST_EXTRA_REQUESTS;

  constructor(write: WriteLines<L>) {
    this.#write = write;
  }

  /** Ends when all lines but the refused were stored by requests in their order. */
  async run(lines: readonly L[], first: Refusal): Promise<void> {
    let outcome: Refusal | undefined = first;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const good = lines.filter((line) => !this.refused.has(line));
      if (good.length === 0) return;
      if (round > 0) outcome = await this.#write(good);
      if (outcome === undefined) return;
      if (outcome.kind === 'too-large') return this.#halve(good, outcome);
      await this.#find(good, outcome);
    }
    throw new StoreFailure('unavailable', `InfluxDB refuses points in turns: ${outcome?.words ?? first.words}`);
  }

  async #halve(lines: readonly L[], outcome: Refusal): Promise<void> {
    const chars = lines.reduce((sum, { text }) => sum + text.length + 1, 0);
    if (lines.length === 1 || chars <= SMALLEST_BODY_CHARS) {
      throw new StoreFailure(
        'misconfigured',
        `InfluxDB, or a proxy before it, refuses a body of ${chars} characters as too large; raise its limit to 25 MB: ${outcome.words}`,
      );
    }
    const middle = lines.length >> 1;
    for (const half of [lines.slice(0, middle), lines.slice(middle)]) {
      const answer = await this.#write(half);
      if (answer !== undefined) await this.run(half, answer);
    }
  }

  /** Puts the bad lines of a refused part into `refused`. */
  async #find(lines: readonly L[], outcome: Refusal): Promise<void> {
    if (lines.length === 1 || outcome.dropped === lines.length || this.#left <= 0) {
      return this.#refuse(lines, outcome);
    }
    for (const part of parted(lines, outcome.words)) {
      this.#left--;
      const answer = await this.#write(part);
      if (answer !== undefined) await this.#find(part, answer);
    }
  }

  #refuse(lines: readonly L[], outcome: Refusal): void {
    const words =
      lines.length === 1 || outcome.dropped === lines.length ? '' : ` (one of ${lines.length} refused together)`;
    for (const line of lines) this.refused.set(line, outcome.words + words);
  }
}

/** Two parts, cut where the server's words say that the bad ones are, so that a whole field or age is found at once. */
function parted<L extends PointLine>(lines: readonly L[], words: string): readonly (readonly L[])[] {
  const conflict = /input field "(.+?)" on measurement "(.+?)"/.exec(words);
  if (conflict !== null) {
    const isSuspect = ({ text }: L) =>
      text.startsWith(`${conflict[2]},`) && (text.includes(` ${conflict[1]}=`) || text.includes(`,${conflict[1]}=`));
    const suspects = lines.filter(isSuspect);
    if (suspects.length > 0 && suspects.length < lines.length) {
      return [lines.filter((line) => !isSuspect(line)), suspects];
    }
  }
  const sorted = /retention|outside range/.test(words) ? [...lines].sort((a, b) => a.time - b.time) : lines;
  const middle = sorted.length >> 1;
  return [sorted.slice(0, middle), sorted.slice(middle)];
}
