/** What every Outbox guarantees, whatever it keeps its readings in. Run over each of them in test/edge/outbox/. */
import { describe, expect, it } from 'vitest';
import { type Batch, batchSchema, MAX_BATCH_BYTES } from '../../contract/batch.ts';
import type { Reading } from '../../contract/reading.ts';
import type { DropPolicy, Outbox, StoredBatch, UndatedReading } from '../../edge/outbox/outbox.ts';
import { aReading, NOON } from '../builders.ts';
import { acknowledgement, undated } from '../edge/outbox/outbox-words.ts';
import type { ManualClock } from '../manual-clock.ts';

export interface OutboxChange {
  readonly capacityBytes?: number;
  readonly dropPolicy?: DropPolicy;
  readonly maxBatchReadings?: number;
  readonly maxBatchBytes?: number;
}

/** How the suite gets at an outbox. Epochs are named epoch1, epoch2, … in order of starts. */
export interface OutboxKind {
  readonly name: string;
  /** One that is started and empty; it is stopped and removed when the test is finished. */
  create(change?: OutboxChange): Promise<Outbox>;
  /** Stops it and starts again over the same readings. */
  restart(outbox: Outbox): Promise<Outbox>;
  /** The clock of every outbox made. */
  readonly clock: ManualClock;
}

const ALL = { after: 0, upTo: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER };

export function describeOutbox(kind: OutboxKind): void {
  describe(`${kind.name} as an Outbox`, () => {
    describe('numbers readings', () => {
      it('in the wire form of the contract, from 1 without gaps, under one epoch', async () => {
        const outbox = await kind.create({ maxBatchReadings: 2 });
        await outbox.append(readings(3));
        await outbox.append(readings(1));
        const sent = outbox.batches(ALL).map(decoded);
        expect(sent.map(({ epoch, seq }) => [epoch, seq])).toEqual([
          ['epoch1', 1],
          ['epoch1', 2],
          ['epoch1', 3],
        ]);
        expect(sent.flatMap((batch) => batch.readings)).toEqual([...readings(3), ...readings(1)]);
        expect(text(outbox.batches(ALL)[2]!)).toBe(
          `{"v":1,"epoch":"epoch1","seq":3,"readings":[${JSON.stringify(aReading())}]}`,
        );
      });

      it('under a new epoch after a restart, and keeps what was numbered byte for byte', async () => {
        const outbox = await kind.create();
        await outbox.append(readings(2));
        const before = outbox.batches(ALL);
        const again = await kind.restart(outbox);
        expect(again.epoch).toBe('epoch2');
        expect(again.batches(ALL)).toEqual(before);
        await again.append(readings(1));
        expect(again.batches(ALL).map(({ id, epoch, seq }) => [id, epoch, seq])).toEqual([
          [1, 'epoch1', 1],
          [2, 'epoch2', 1],
        ]);
        expect(again.epochs()).toEqual(['epoch1', 'epoch2']);
        await settleAll(again, 'epoch1');
        expect(again.epochs()).toEqual(['epoch2']);
      });

      it('leaves out keys that the contract does not know', async () => {
        const outbox = await kind.create();
        await outbox.append([{ ...aReading(), colour: 'blue' } as Reading]);
        expect(decoded(outbox.batches(ALL)[0]!).readings).toEqual([aReading()]);
      });

      it('never above the bytes of a batch', async () => {
        const outbox = await kind.create({ maxBatchReadings: 1_000 });
        const wide = aReading({
          values: Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`metric_ü_${i}`, i])),
        });
        await outbox.append(Array.from({ length: 100 }, () => wide));
        const batches = outbox.batches(ALL);
        expect(batches.length).toBeGreaterThan(1);
        for (const batch of batches) {
          expect(batch.payload.length).toBeLessThanOrEqual(MAX_BATCH_BYTES);
          expect(decoded(batch).readings).toHaveLength(batch.count);
        }
        expect(batches.reduce((sum, batch) => sum + batch.count, 0)).toBe(100);
      });

      it('refuses limits above the contract', async () => {
        await expect(kind.create({ maxBatchReadings: 1_001 })).rejects.toThrow('maxBatchReadings');
        await expect(kind.create({ maxBatchBytes: MAX_BATCH_BYTES + 1 })).rejects.toThrow('maxBatchBytes');
        await expect(kind.create({ capacityBytes: 0 })).rejects.toThrow('capacityBytes');
      });
    });

    describe('accounts for each reading', () => {
      it('that no batch can carry, and lets the source go on', async () => {
        const outbox = await kind.create({ maxBatchBytes: 2_000 });
        const huge = aReading({ values: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`m${i}`, i])) });
        const unfit = [
          aReading({ values: { active_power_kw: Number.NaN } }),
          aReading({ values: { active_power_kw: Number.POSITIVE_INFINITY } }),
          aReading({ time: 1.5 }),
          aReading({ values: null as never }),
          huge,
        ];
        await outbox.append([aReading(), ...unfit], { source: 'meters', value: '6' });
        await outbox.hold([undated({ values: { active_power_kw: Number.NaN } }), undated({ values: huge.values })]);
        expectCounts(outbox, { produced: 8, buffered: 1, rejected: { 'invalid-reading': 5, 'too-large': 2 } });
        expect(outbox.cursor('meters')).toBe('6');
      });

      it('appended all at once by many', async () => {
        const outbox = await kind.create();
        const heard: number[] = [];
        outbox.onBatch((batch) => heard.push(batch.id));
        await Promise.all(Array.from({ length: 50 }, (_, i) => outbox.append(readings(i % 7))));
        const total = Array.from({ length: 50 }, (_, i) => i % 7).reduce((sum, count) => sum + count, 0);
        expectCounts(outbox, { produced: total, buffered: total });
        expect(outbox.batches(ALL).reduce((sum, batch) => sum + decoded(batch).readings.length, 0)).toBe(total);
        expect(heard).toEqual(outbox.batches(ALL).map(({ id }) => id));
      });

      it('the same after a restart', async () => {
        const outbox = await kind.create({ maxBatchReadings: 1 });
        await outbox.append([...readings(4), aReading({ time: Number.NaN })], { source: 'a', value: '5' });
        await outbox.hold([undated()], { source: 'b', value: 'x' });
        await outbox.setAside(2);
        await outbox.settle(acknowledgement({ stored: [[1, 1]], rejected: [[3, -1, 'malformed']] }));
        const before = outbox.counters();
        const again = await kind.restart(outbox);
        expect(again.counters()).toEqual(before);
        expect([again.cursor('a'), again.cursor('b'), again.cursor('c')]).toEqual(['5', 'x', undefined]);
        expectCounts(again, { produced: 6, stored: 1, buffered: 3, setAside: 1, undated: 1, batches: 2 });
        expect(again.lastId).toBe(4);
      });
    });

    describe('is settled by an acknowledgement', () => {
      it('once, however often it comes', async () => {
        const outbox = await filled(kind, 3);
        expect(await outbox.settle(acknowledgement({ stored: [[1, 2]] }))).toEqual([1, 2]);
        expect(await outbox.settle(acknowledgement({ stored: [[1, 2]] }))).toEqual([]);
        expectCounts(outbox, { produced: 3, stored: 2, buffered: 1, batches: 1 });
      });

      it('twice at the same moment', async () => {
        const outbox = await filled(kind, 3);
        const twice = [1, 2].map(() => outbox.settle(acknowledgement({ stored: [[2, 3]] })));
        expect(await Promise.all(twice)).toEqual([[2, 3], []]);
        expectCounts(outbox, { produced: 3, stored: 2, buffered: 1 });
      });

      it('with ranges as wide, wrong or overlapping as they like', async () => {
        const outbox = await filled(kind, 6);
        const hostile = acknowledgement({
          stored: [
            [5, 4],
            [2, 3],
            [3, 4],
            [6, Number.MAX_SAFE_INTEGER],
            [2, 2],
            [7, 9],
          ],
        });
        expect(await outbox.settle(hostile)).toEqual([2, 3, 4, 6]);
        expect(await outbox.settle(acknowledgement({ stored: [[1, Number.MAX_SAFE_INTEGER]] }))).toEqual([1, 5]);
        expectCounts(outbox, { produced: 6, stored: 6 });
      });

      it('for unknown epochs and without an epoch, not at all', async () => {
        const outbox = await filled(kind, 2);
        expect(await outbox.settle(acknowledgement({ epoch: 'elsewhere', stored: [[1, 9]] }))).toEqual([]);
        expect(await outbox.settle(acknowledgement({ epoch: undefined, stored: [[1, 9]] }))).toEqual([]);
        expect(await outbox.settle(acknowledgement({ later: [[1, 'clock-ahead']] }))).toEqual([]);
        expectCounts(outbox, { produced: 2, buffered: 2 });
      });

      it('with rejections by reading and by batch', async () => {
        const outbox = await kind.create({ maxBatchReadings: 4 });
        await outbox.append(readings(12));
        const removed = await outbox.settle(
          acknowledgement({
            stored: [[1, 1]],
            rejected: [
              [1, 0, 'unknown-metric'],
              [1, 0, 'unknown-metric'],
              [1, 0, 'too-old'],
              [1, 3, 'too-old'],
              [1, 4, 'too-old'],
              [1, 999, 'too-old'],
              [2, -1, 'malformed'],
              [2, -1, 'too-large'],
              [2, 1, 'too-old'],
              [3, 0, 'not settled, because 3 is not stored'],
              [99, -1, 'malformed'],
            ],
          }),
        );
        expect(removed).toEqual([1, 2]);
        const rejected = { 'unknown-metric': 1, 'too-old': 1, malformed: 4 };
        expectCounts(outbox, { produced: 12, stored: 2, buffered: 4, rejected });
      });

      it('with reasons it does not know, of which it keeps a bounded number', async () => {
        const outbox = await filled(kind, 50);
        const strange = Array.from({ length: 47 }, (_, i) => [i + 1, -1, `strange-${i}`] as const);
        await outbox.settle(
          acknowledgement({ rejected: [...strange, [48, -1, '__proto__'], [49, -1, 'too-old'], [50, -1, 'other']] }),
        );
        const { rejected } = outbox.counters();
        expect(Object.keys(rejected)).toHaveLength(32 + 2);
        expect(rejected).toMatchObject({ 'strange-0': 1, 'strange-31': 1, other: 17, 'too-old': 1 });
        expectCounts(outbox, { produced: 50 });
      });

      it('and counts a reason named like a property of every object', async () => {
        const outbox = await filled(kind, 1);
        await outbox.settle(acknowledgement({ rejected: [[1, -1, '__proto__']] }));
        expect(Object.entries((await kind.restart(outbox)).counters().rejected)).toEqual([['__proto__', 1]]);
      });
    });

    describe('when it is full', () => {
      it('drops the oldest never-sent batches, then undated readings, then what was sent', async () => {
        const { outbox, batchBytes } = await full(kind, 'oldest', 4);
        outbox.markSent(1);
        await outbox.append([aReading()]);
        expect(idsOf(outbox)).toEqual([1, 3, 4, 5]);
        for (const id of [3, 4, 5]) outbox.markSent(id);
        await outbox.hold([undated()]);
        expect(idsOf(outbox)).toEqual([3, 4, 5]);
        await outbox.append([aReading()]);
        expectCounts(outbox, { produced: 7, dropped: 3, buffered: 4, undated: 0, batches: 4 });
        expect(idsOf(outbox)).toEqual([3, 4, 5, 6]);
        expect(outbox.counters().bytes).toBe(4 * batchBytes);
      });

      it('lets what arrives give way under the policy newest, and leaves no gap in the seqs', async () => {
        const { outbox } = await full(kind, 'newest', 3);
        await outbox.append([aReading()]);
        await outbox.hold([undated()]);
        expectCounts(outbox, { produced: 5, dropped: 2, buffered: 3 });
        await outbox.settle(acknowledgement({ stored: [[2, 2]] }));
        await outbox.append([aReading()]);
        expect(outbox.batches(ALL).map(({ seq }) => seq)).toEqual([1, 3, 4]);
      });

      it('drops what could never fit, and nothing else for it', async () => {
        const { outbox } = await full(kind, 'oldest', 2);
        await outbox.append(readings(50));
        expectCounts(outbox, { produced: 52, dropped: 50, buffered: 2 });
        expect(idsOf(outbox)).toEqual([1, 2]);
      });

      it('knows across a restart what was sent', async () => {
        const { outbox } = await full(kind, 'oldest', 3);
        outbox.markSent(1);
        await outbox.append([], { source: 'any change', value: 'writes the marks' });
        const again = await kind.restart(outbox);
        await again.append([aReading()]);
        expect(idsOf(again)).toEqual([1, 3, 4]);
      });

      it('moves a dropped batch to stored when it is acknowledged after all', async () => {
        const { outbox } = await full(kind, 'oldest', 3);
        for (const id of [1, 2, 3]) outbox.markSent(id);
        for (let i = 0; i < 3; i++) {
          await outbox.append([aReading()]);
          outbox.markSent(outbox.lastId);
        }
        expectCounts(outbox, { produced: 6, dropped: 3, buffered: 3 });
        const again = await kind.restart(outbox);
        expect(again.epochs()).toEqual(['epoch1', 'epoch2']);
        const late = acknowledgement({
          stored: [[1, 2]],
          rejected: [
            [2, 0, 'too-old'],
            [3, -1, 'malformed'],
          ],
        });
        expect(await again.settle(late)).toEqual([]);
        const rejected = { 'too-old': 1, malformed: 1 };
        expectCounts(again, { produced: 6, stored: 1, dropped: 0, buffered: 3, rejected });
        await again.settle(late);
        expectCounts(again, { produced: 6, stored: 1, dropped: 0, buffered: 3, rejected });
      });
    });

    describe('sets batches aside', () => {
      it('out of line, kept and counted over a restart, until they are tried again', async () => {
        const outbox = await filled(kind, 3);
        await outbox.setAside(2);
        await outbox.setAside(2);
        await outbox.setAside(99);
        expect(idsOf(outbox)).toEqual([1, 3]);
        expectCounts(outbox, { produced: 3, buffered: 3, setAside: 1, batches: 3 });
        const again = await kind.restart(outbox);
        expect(idsOf(again)).toEqual([1, 3]);
        expect(await again.retrySetAside()).toBe(1);
        expect(await again.retrySetAside()).toBe(0);
        expect(idsOf(again)).toEqual([1, 2, 3]);
        expectCounts(again, { produced: 3, buffered: 3, setAside: 0 });
      });

      it('and settles them like any other', async () => {
        const outbox = await filled(kind, 2);
        await outbox.setAside(2);
        expect(await outbox.settle(acknowledgement({ stored: [[1, 2]] }))).toEqual([1, 2]);
        expectCounts(outbox, { produced: 2, stored: 2, setAside: 0 });
      });
    });

    describe('holds undated readings', () => {
      it('until they can be dated, over a restart', async () => {
        const outbox = await kind.create();
        await outbox.hold([
          undated({ takenMonotonicMs: 1 }),
          undated({ takenMonotonicMs: 2 }),
          undated({ boot: 'old' }),
        ]);
        expectCounts(outbox, { produced: 3, buffered: 3, undated: 3 });
        expect(idsOf(outbox)).toEqual([]);
        const again = await kind.restart(outbox);
        await again.dateHeld((reading) => (reading.boot === 'old' ? undefined : NOON + reading.takenMonotonicMs));
        const [batch] = again.batches(ALL).map(decoded);
        expect(batch).toMatchObject({ epoch: 'epoch2', seq: 1 });
        expect(batch?.readings).toEqual([aReading({ time: NOON + 1 }), aReading({ time: NOON + 2 })]);
        expectCounts(again, { produced: 3, buffered: 2, undated: 0, rejected: { undated: 1 } });
      });

      it('and hands each to the dating as it was held', async () => {
        const outbox = await kind.create();
        await outbox.hold([undated({ takenMonotonicMs: 12.5, takenWallMs: 34 })]);
        const seen: UndatedReading[] = [];
        await outbox.dateHeld((reading) => {
          seen.push(reading);
          return NOON;
        });
        expect(seen).toEqual([undated({ takenMonotonicMs: 12.5, takenWallMs: 34 })]);
      });

      it('unharmed when the dating throws', async () => {
        const outbox = await kind.create();
        await outbox.hold([undated(), undated()]);
        const appended = outbox.append([aReading()]);
        const dated = outbox.dateHeld(() => {
          throw new Error('no clock');
        });
        await expect(dated).rejects.toThrow('no clock');
        await appended;
        expectCounts(outbox, { produced: 3, buffered: 3, undated: 2 });
      });

      it('and rejects what was dated with something that is no time', async () => {
        const outbox = await kind.create();
        await outbox.hold([undated()]);
        await outbox.dateHeld(() => Number.NaN);
        expectCounts(outbox, { produced: 1, rejected: { 'invalid-reading': 1 } });
      });

      it('in any number', async () => {
        const outbox = await kind.create();
        await outbox.hold(Array.from({ length: 12_000 }, () => undated()));
        await outbox.dateHeld(() => NOON);
        expectCounts(outbox, { produced: 12_000, buffered: 12_000, undated: 0, batches: 60 });
      });
    });

    describe('shows its batches', () => {
      it('in the range asked for', async () => {
        const outbox = await filled(kind, 5);
        expect(outbox.batches({ after: 1, upTo: 4, limit: 10 }).map(({ id }) => id)).toEqual([2, 3, 4]);
        expect(outbox.batches({ after: 1, upTo: 4, limit: 2 }).map(({ id }) => id)).toEqual([2, 3]);
        expect(outbox.batches({ after: 4, upTo: 4, limit: 2 })).toEqual([]);
        expect(outbox.batches({ after: 0, upTo: 5, limit: 0 })).toEqual([]);
        expect(outbox.batches({ after: 5, upTo: 99, limit: 9 })).toEqual([]);
      });

      it('to listeners when they are durable, in order, whatever a listener does', async () => {
        const outbox = await kind.create({ maxBatchReadings: 1 });
        const heard: StoredBatch[] = [];
        outbox.onBatch(() => {
          throw new Error('a listener of no use');
        });
        outbox.onBatch((batch) => {
          expect(outbox.batches({ after: batch.id - 1, upTo: batch.id, limit: 1 })).toEqual([batch]);
          heard.push(batch);
        });
        await outbox.append(readings(3));
        expect(heard).toEqual(outbox.batches(ALL));
      });

      it('with the age of the oldest', async () => {
        const outbox = await kind.create();
        expect(outbox.oldestAt()).toBeUndefined();
        const madeAt = kind.clock.now();
        await outbox.append(readings(1));
        await kind.clock.advance(5_000);
        await outbox.append(readings(1));
        expect(outbox.oldestAt()).toBe(madeAt);
        await outbox.settle(acknowledgement({ stored: [[1, 1]] }));
        expect(outbox.oldestAt()).toBe(madeAt + 5_000);
      });
    });

    it('takes nothing before it is started and after it is stopped, and says so', async () => {
      const outbox = await kind.create();
      await outbox.append(readings(1));
      const late = outbox.append(readings(1));
      await outbox.stop();
      await late;
      await outbox.stop();
      await expect(outbox.append(readings(1))).rejects.toThrow('not open');
      await expect(outbox.append([])).rejects.toThrow('not open');
      await expect(outbox.settle(acknowledgement({ stored: [[1, 1]] }))).rejects.toThrow('not open');
    });
  });
}

/** produced = stored + rejected + dropped + buffered, and the counters agree with the batches that are there. */
export function expectIdentity(outbox: Outbox): void {
  const {
    produced,
    stored,
    rejected,
    dropped,
    buffered,
    setAside,
    undated: held,
    bytes,
    capacityBytes,
  } = outbox.counters();
  const rejectedInAll = Object.values(rejected).reduce((sum, count) => sum + count, 0);
  expect(stored + rejectedInAll + dropped + buffered).toBe(produced);
  const inLine = outbox.batches(ALL).reduce((sum, batch) => sum + batch.count, 0);
  expect(inLine + setAside + held).toBe(buffered);
  expect(bytes).toBeLessThanOrEqual(capacityBytes);
}

export function decoded(batch: StoredBatch): Batch {
  const content = batchSchema.parse(JSON.parse(text(batch)));
  expect(content).toMatchObject({ epoch: batch.epoch, seq: batch.seq });
  expect(content.readings).toHaveLength(batch.count);
  return content;
}

function text(batch: StoredBatch): string {
  return new TextDecoder().decode(batch.payload);
}

function readings(count: number): Reading[] {
  return Array.from({ length: count }, (_, i) => aReading({ time: NOON + i }));
}

function idsOf(outbox: Outbox): number[] {
  return outbox.batches(ALL).map(({ id }) => id);
}

function expectCounts(outbox: Outbox, counts: Partial<ReturnType<Outbox['counters']>>): void {
  expect(outbox.counters()).toMatchObject(counts);
  expectIdentity(outbox);
}

/** One reading a batch. */
async function filled(kind: OutboxKind, batches: number): Promise<Outbox> {
  const outbox = await kind.create({ maxBatchReadings: 1 });
  await outbox.append(readings(batches));
  return outbox;
}

/** Filled so that not one more batch of one reading fits. */
async function full(kind: OutboxKind, dropPolicy: DropPolicy, batches: number) {
  const probe = await filled(kind, 1);
  const batchBytes = probe.counters().bytes;
  await probe.stop();
  const again = await kind.create({ dropPolicy, maxBatchReadings: 50, capacityBytes: batches * batchBytes });
  for (let i = 0; i < batches; i++) await again.append([aReading()]);
  expect(idsOf(again)).toHaveLength(batches);
  return { outbox: again, batchBytes };
}

async function settleAll(outbox: Outbox, epoch: string): Promise<void> {
  await outbox.settle(acknowledgement({ epoch, stored: [[1, Number.MAX_SAFE_INTEGER]] }));
}
