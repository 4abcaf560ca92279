/** The outbox as plain arrays, written from the invariants in outbox.ts and not from the code: what the others must equal. */
import type { Acknowledgement } from '../../../contract/acknowledgement.ts';
import type { Reading } from '../../../contract/reading.ts';
import type { DropPolicy, UndatedReading } from '../../../edge/outbox/outbox.ts';

export interface ModelLimits {
  readonly capacityBytes: number;
  readonly dropPolicy: DropPolicy;
  readonly maxBatchReadings: number;
  readonly maxBatchBytes: number;
}

interface ModelBatch {
  readonly id: number;
  readonly epoch: string;
  readonly seq: number;
  readonly count: number;
  readonly text: string;
  isSent: boolean;
  isAside: boolean;
}

const OVERHEAD = 64;
const ENVELOPE = 128;

export class ModelOutbox {
  readonly #limits: ModelLimits;
  held: ModelBatch[] = [];
  waiting: UndatedReading[] = [];
  gone: { epoch: string; seq: number; count: number }[] = [];
  cursors: Record<string, string> = {};
  produced = 0;
  stored = 0;
  dropped = 0;
  rejected: Record<string, number> = {};
  epoch = '';
  lastId = 0;
  #starts = 0;
  #seq = 0;

  constructor(limits: ModelLimits) {
    this.#limits = limits;
    this.restart();
  }

  restart(): void {
    this.epoch = `epoch${++this.#starts}`;
    this.#seq = 0;
  }

  append(readings: readonly Reading[]): void {
    this.produced += readings.length;
    this.#number(readings);
  }

  hold(readings: readonly UndatedReading[]): void {
    for (const reading of readings) {
      this.produced += 1;
      if (!Object.values(reading.values).every(Number.isFinite)) this.#reject('invalid-reading', 1);
      else if (this.#hasRoomFor(sizeOf(reading))) this.waiting.push(reading);
      else this.dropped += 1;
    }
  }

  dateHeld(dating: (reading: UndatedReading) => number | undefined): void {
    const dated: Reading[] = [];
    for (const reading of this.waiting) {
      const time = dating(reading);
      if (time === undefined) this.#reject('undated', 1);
      else dated.push({ device: reading.device, time, values: reading.values });
    }
    this.waiting = [];
    this.#number(dated);
  }

  settle({ epoch, stored, rejected }: Acknowledgement): number[] {
    const outcomeOf = ({ seq, count }: { seq: number; count: number }): boolean => {
      const mine = rejected.filter((entry) => entry[0] === seq);
      const whole = mine.find((entry) => entry[1] === -1);
      if (whole !== undefined) {
        this.#reject(whole[2], count);
        return true;
      }
      if (!stored.some(([first, last]) => first <= seq && seq <= last)) return false;
      for (let index = 0; index < count; index++) {
        const entry = mine.find((candidate) => candidate[1] === index);
        if (entry === undefined) this.stored += 1;
        else this.#reject(entry[2], 1);
      }
      return true;
    };
    const removed: number[] = [];
    this.held = this.held.filter((batch) => {
      if (batch.epoch !== epoch || !outcomeOf(batch)) return true;
      removed.push(batch.id);
      return false;
    });
    this.gone = this.gone.filter((batch) => {
      if (batch.epoch !== epoch || !outcomeOf(batch)) return true;
      this.dropped -= batch.count;
      return false;
    });
    return removed;
  }

  setAside(id: number): void {
    const batch = this.held.find((candidate) => candidate.id === id);
    if (batch !== undefined) Object.assign(batch, { isAside: true, isSent: true });
  }

  retrySetAside(): number {
    const aside = this.held.filter((batch) => batch.isAside);
    for (const batch of aside) batch.isAside = false;
    return aside.length;
  }

  markSent(id: number): void {
    for (const batch of this.held) if (batch.id === id) batch.isSent = true;
  }

  counters() {
    const readingsOf = (batches: ModelBatch[]) => batches.reduce((sum, batch) => sum + batch.count, 0);
    return {
      produced: this.produced,
      stored: this.stored,
      rejected: this.rejected,
      dropped: this.dropped,
      buffered: readingsOf(this.held) + this.waiting.length,
      setAside: readingsOf(this.held.filter((batch) => batch.isAside)),
      undated: this.waiting.length,
      batches: this.held.length,
      bytes: this.#bytes(),
      capacityBytes: this.#limits.capacityBytes,
    };
  }

  epochs(): string[] {
    return [...new Set([...this.held.map((batch) => batch.epoch), this.epoch])];
  }

  #number(readings: readonly Reading[]): void {
    let group: string[] = [];
    const flush = () => {
      const text = `{"v":1,"epoch":"${this.epoch}","seq":${this.#seq + 1},"readings":[${group.join(',')}]}`;
      const count = group.length;
      group = [];
      if (count === 0) return;
      if (!this.#hasRoomFor(text.length + OVERHEAD)) {
        this.dropped += count;
        return;
      }
      this.held.push({
        id: ++this.lastId,
        epoch: this.epoch,
        seq: ++this.#seq,
        count,
        text,
        isSent: false,
        isAside: false,
      });
    };
    for (const reading of readings) {
      if (!Object.values(reading.values).every(Number.isFinite)) {
        this.#reject('invalid-reading', 1);
        continue;
      }
      const json = JSON.stringify(reading);
      const bytes = ENVELOPE + group.reduce((sum, text) => sum + text.length + 1, 0) + json.length + 1;
      if (group.length >= this.#limits.maxBatchReadings || bytes > this.#limits.maxBatchBytes) flush();
      group.push(json);
    }
    flush();
  }

  #hasRoomFor(bytes: number): boolean {
    const { capacityBytes, dropPolicy } = this.#limits;
    if (this.#bytes() + bytes <= capacityBytes) return true;
    if (bytes > capacityBytes || dropPolicy === 'newest') return false;
    while (this.#bytes() + bytes > capacityBytes) this.#dropOne();
    return true;
  }

  #dropOne(): void {
    const unsent = this.held.find((batch) => !batch.isSent);
    if (unsent === undefined && this.waiting.length > 0) {
      this.waiting.shift();
      this.dropped += 1;
      return;
    }
    const victim = unsent ?? this.held[0]!;
    this.held = this.held.filter((batch) => batch !== victim);
    this.gone.push(victim);
    this.dropped += victim.count;
  }

  #bytes(): number {
    const batches = this.held.reduce((sum, batch) => sum + batch.text.length + OVERHEAD, 0);
    return batches + this.waiting.reduce((sum, reading) => sum + sizeOf(reading), 0);
  }

  #reject(reason: string, count: number): void {
    this.rejected[reason] = (this.rejected[reason] ?? 0) + count;
  }
}

function sizeOf({ device, values, takenMonotonicMs, boot, takenWallMs }: UndatedReading): number {
  return JSON.stringify({ device, values, takenMonotonicMs, boot, takenWallMs }).length + OVERHEAD;
}
