/**
 * Where a source hands its readings over. The promise of `append` resolves when they are on disk.
 *
 * Readings without a time are stamped with the monotonic clock at once, and dated by the gateway's clock when they are
 * written: a confirmed clock numbers them, otherwise they are held. Small appends without a cursor wait a moment for
 * others, so that a site that sends one message a reading does not cost one flush a reading.
 */
import type { Reading } from '../contract/reading.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { GatewayClock } from './gateway-clock.ts';
import type { Cursor, Outbox, UndatedReading } from './outbox/outbox.ts';
import type { ReadingSink, SourceReading } from './sources/source.ts';

const LINGER_MS = 100;
const ENOUGH_READINGS = 500;

interface Waiting {
  readonly dated: Reading[];
  readonly undated: UndatedReading[];
  readonly done: { resolve: () => void; reject: (error: unknown) => void }[];
}

export interface SourceSinkDeps {
  /** Name of the source, the key of its cursor. */
  readonly source: string;
  readonly outbox: Outbox;
  readonly gatewayClock: Pick<GatewayClock, 'isConfirmed' | 'instantOf'>;
  readonly clock: Clock;
  readonly boot: string;
  /** Readings were held although the clock is confirmed by now. */
  readonly onHeldLate: () => void;
}

export class SourceSink implements ReadingSink {
  readonly #deps: SourceSinkDeps;
  #waiting: Waiting = nothing();
  #timer: Timer | undefined;
  #isHurried = false;

  constructor(deps: SourceSinkDeps) {
    this.#deps = deps;
  }

  cursor(): string | undefined {
    return this.#deps.outbox.cursor(this.#deps.source);
  }

  async append(readings: readonly SourceReading[], cursor?: string): Promise<void> {
    if (readings.length === 0 && cursor === undefined) return;
    const waiting = this.#waiting;
    for (const reading of readings) this.#stamp(reading, waiting);
    const written = new Promise<void>((resolve, reject) => waiting.done.push({ resolve, reject }));
    if (cursor !== undefined || this.#isHurried || waiting.dated.length + waiting.undated.length >= ENOUGH_READINGS)
      this.flush(cursor);
    else this.#timer ??= this.#deps.clock.after(LINGER_MS, () => this.flush());
    await written;
  }

  /** The gateway stops: nothing waits for company any more. */
  hurry(): void {
    this.#isHurried = true;
    this.flush();
  }

  /** Writes what waits for company. */
  flush(cursor?: string): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const { dated, undated, done } = this.#waiting;
    if (done.length === 0) return;
    this.#waiting = nothing();
    this.#write(dated, undated, cursor).then(
      () => {
        for (const { resolve } of done) resolve();
      },
      (error: unknown) => {
        for (const { reject } of done) reject(error);
      },
    );
  }

  #stamp({ device, time, values, takenMonotonicMs }: SourceReading, waiting: Waiting): void {
    if (time !== undefined) {
      waiting.dated.push({ device, time, values });
      return;
    }
    const { clock, boot } = this.#deps;
    const taken = takenMonotonicMs ?? clock.monotonicMs();
    const takenWallMs = clock.now() - (clock.monotonicMs() - taken);
    waiting.undated.push({ device, values, takenMonotonicMs: taken, boot, takenWallMs });
  }

  async #write(dated: Reading[], undated: UndatedReading[], place: string | undefined): Promise<void> {
    const { outbox, gatewayClock, source, onHeldLate } = this.#deps;
    const cursor: Cursor | undefined = place === undefined ? undefined : { source, value: place };
    if (gatewayClock.isConfirmed) {
      for (const { device, values, takenMonotonicMs } of undated) {
        dated.push({ device, time: gatewayClock.instantOf(takenMonotonicMs), values });
      }
      await outbox.append(dated, cursor);
      return;
    }
    if (undated.length > 0) {
      // The cursor goes with what is written last: a power cut in between delivers twice rather than never.
      const isLast = dated.length === 0;
      await outbox.hold(undated, isLast ? cursor : undefined);
      if (gatewayClock.isConfirmed) onHeldLate();
      if (isLast) return;
    }
    await outbox.append(dated, cursor);
  }
}

function nothing(): Waiting {
  return { dated: [], undated: [], done: [] };
}
