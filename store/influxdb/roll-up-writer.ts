/**
 * Writes roll-ups: erased events and events, then quarter hours, hours and days, each part answered with the server's
 * 2xx before the next begins. Killed or failed in between, the same update made again writes the same points over
 * themselves. One update at a time, so that the later one wins.
 */
import { ROLL_UP_WIDTHS } from '../../contract/roll-up.ts';
import type { Log } from '../../runtime/log.ts';
import type { RollUpUpdate } from '../roll-up-store.ts';
import { StoreFailure } from '../telemetry-store.ts';
import { type PointLine, writeAround } from './refused-points.ts';
import { RollUpLines } from './roll-up-lines.ts';
import type { WriteChannel } from './write-channel.ts';
import type { AskVersion } from './write-lanes.ts';

/** 0.6 MB, built within 20 ms: nothing else runs meanwhile. */
const ROWS_A_REQUEST = 2_000;

/** 1.x; and the words of 1.8.10 and 2.7 on. */
export const TOO_OLD = /(beyond|outside) retention policy/i;

export interface RollUpWriterDeps {
  readonly quarters: WriteChannel;
  readonly long: WriteChannel;
  readonly version: AskVersion;
  readonly log: Log;
}

export class RollUpWriter {
  readonly #deps: RollUpWriterDeps;
  readonly #lines = new RollUpLines();
  #tail: Promise<void> = Promise.resolve();

  constructor(deps: RollUpWriterDeps) {
    this.#deps = deps;
  }

  /** Resolves when the server has answered everything with its 2xx; throws StoreFailure. */
  put(update: RollUpUpdate): Promise<void> {
    const written = this.#tail.then(() => this.#put(update));
    this.#tail = written.catch(() => {});
    return written;
  }

  async #put({ rows, events, erasedEvents }: RollUpUpdate): Promise<void> {
    const { quarters, long } = this.#deps;
    await this.#write(long, erasedEvents, (key) => this.#lines.ofErased(key));
    await this.#write(long, events, (event) => this.#lines.ofEvent(event));
    for (const width of ROLL_UP_WIDTHS) {
      await this.#write(width === '15m' ? quarters : long, rows[width], (row) => this.#lines.ofRow(row, width));
    }
  }

  async #write<T>(channel: WriteChannel, all: readonly T[], lineOf: (one: T) => PointLine): Promise<void> {
    for (let start = 0; start < all.length; start += ROWS_A_REQUEST) {
      const lines = all.slice(start, start + ROWS_A_REQUEST).map(lineOf);
      const version = await this.#deps.version();
      const send = (some: readonly PointLine[]) => channel.send(some.map(({ text }) => text).join('\n'), version);
      const refusal = await send(lines);
      if (refusal !== undefined) this.#judge(channel, await writeAround(lines, refusal, send));
    }
  }

  /**
   * A quarter hour that is older than the server keeps it would be deleted at once: it is gone as it should be.
   * Anything else that the server refuses is a fault that somebody must mend, and hours and days are for ever.
   */
  #judge(channel: WriteChannel, refused: ReadonlyMap<PointLine, string>): void {
    for (const [{ text }, words] of refused) {
      if (channel === this.#deps.quarters && TOO_OLD.test(words)) continue;
      const mend = TOO_OLD.test(words) ? ' Hours, days and meter events must be kept for ever: DURATION INF.' : '';
      throw new StoreFailure(
        'misconfigured',
        `InfluxDB refuses ${refused.size} roll-ups or meter events for good: ${words} (${text.slice(0, 200)}).${mend}`,
      );
    }
    if (refused.size > 0) this.#deps.log.info({ rows: refused.size }, 'quarter hours older than the store keeps them');
  }
}
