/** Writes points for boards, a bucket after the other, each request answered with the server's 2xx before the next. */
import type { Point, PointBucket } from '../point-sink.ts';
import { StoreFailure } from '../telemetry-store.ts';
import { pointLine } from './point-lines.ts';
import { type PointLine, writeAround } from './refused-points.ts';
import { TOO_OLD } from './roll-up-writer.ts';
import type { WriteChannel } from './write-channel.ts';
import type { AskVersion } from './write-lanes.ts';

/** Built within some 10 ms: nothing else runs meanwhile. */
const POINTS_A_REQUEST = 2_000;

export interface PointWriterDeps {
  /** For this writer alone: a channel takes one request after the other. */
  readonly channels: Readonly<Record<PointBucket, WriteChannel>>;
  readonly version: AskVersion;
}

export class PointWriter {
  readonly #deps: PointWriterDeps;
  #tail: Promise<void> = Promise.resolve();

  constructor(deps: PointWriterDeps) {
    this.#deps = deps;
  }

  /** Resolves when everything is stored; throws StoreFailure. */
  put(points: readonly Point[]): Promise<void> {
    const written = this.#tail.then(() => this.#put(points));
    this.#tail = written.catch(() => {});
    return written;
  }

  async #put(points: readonly Point[]): Promise<void> {
    for (const bucket of ['raw', 'quarters', 'long'] as const) {
      const ofBucket = points.filter((point) => point.bucket === bucket);
      for (let start = 0; start < ofBucket.length; start += POINTS_A_REQUEST) {
        await this.#write(bucket, ofBucket.slice(start, start + POINTS_A_REQUEST).map(pointLine));
      }
    }
  }

  async #write(bucket: PointBucket, lines: readonly PointLine[]): Promise<void> {
    const version = await this.#deps.version();
    const channel = this.#deps.channels[bucket];
    const send = (some: readonly PointLine[]) => channel.send(some.map(({ text }) => text).join('\n'), version);
    const refusal = await send(lines);
    if (refusal === undefined) return;
    const refused = await writeAround(lines, refusal, send);
    for (const [{ text }, words] of refused) {
      // What the bucket would delete at once is gone as it should be; nothing in `long` ever is.
      if (bucket !== 'long' && TOO_OLD.test(words)) continue;
      throw new StoreFailure(
        'misconfigured',
        `InfluxDB refuses ${refused.size} points for boards for good: ${words} (${text.slice(0, 200)})`,
      );
    }
  }
}
