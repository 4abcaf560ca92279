/** Random interleavings of everything that can happen to an outbox, against an array. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Acknowledgement } from '../../../contract/acknowledgement.ts';
import type { Reading } from '../../../contract/reading.ts';
import type { Outbox, UndatedReading } from '../../../edge/outbox/outbox.ts';
import { NOON } from '../../builders.ts';
import { expectIdentity, type OutboxKind } from '../../suites/outbox.ts';
import { type ModelLimits, ModelOutbox } from './model-outbox.ts';
import { lmdbKind, memoryKind } from './outbox-kinds.ts';
import { acknowledgement } from './outbox-words.ts';

const ALL = { after: 0, upTo: Number.MAX_SAFE_INTEGER, limit: Number.MAX_SAFE_INTEGER };

type Step =
  | { do: 'append'; readings: Reading[]; cursor: string | undefined }
  | { do: 'hold'; readings: UndatedReading[] }
  | { do: 'date'; odd: boolean }
  | { do: 'settle'; acknowledgement: Acknowledgement }
  | { do: 'send' | 'aside'; id: number }
  | { do: 'retry' | 'restart' };

const values = fc.record({
  active_power_kw: fc.oneof({ weight: 12, arbitrary: fc.integer({ min: 0, max: 9_999 }) }, fc.constant(Number.NaN)),
});
const device = fc.constantFrom('a', 'main-meter', 'a-device-with-a-long-name-in-the-cellar');
const reading: fc.Arbitrary<Reading> = fc.record({ device, time: fc.nat(1e12), values });
const undated: fc.Arbitrary<UndatedReading> = fc.record({
  device,
  values,
  takenMonotonicMs: fc.nat(1e6),
  boot: fc.constantFrom('boot1', 'boot2'),
  takenWallMs: fc.constant(NOON),
});
const seq = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(Number.MAX_SAFE_INTEGER));
const reason = fc.constantFrom('too-old', 'malformed', 'a-new-reason');
const settling = fc
  .record({
    epoch: fc.constantFrom('epoch1', 'epoch2', 'epoch3', 'elsewhere'),
    stored: fc.array(fc.tuple(seq, seq), { maxLength: 3 }),
    rejected: fc.array(fc.tuple(seq, fc.integer({ min: -1, max: 5 }), reason), { maxLength: 5 }),
  })
  .map(acknowledgement);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      readings: fc.array(reading, { maxLength: 9 }),
      cursor: fc.option(fc.string(), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('hold' as const), readings: fc.array(undated, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('date' as const), odd: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('settle' as const), acknowledgement: settling }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('send' as const, 'aside' as const),
      id: fc.integer({ min: 1, max: 20 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('retry' as const, 'restart' as const) }) },
);
const limits: fc.Arbitrary<ModelLimits> = fc.record({
  capacityBytes: fc.integer({ min: 300, max: 3_000 }),
  dropPolicy: fc.constantFrom('oldest' as const, 'newest' as const),
  maxBatchReadings: fc.integer({ min: 1, max: 5 }),
  maxBatchBytes: fc.integer({ min: 300, max: 600 }),
});

const datingOf = (odd: boolean) => (undatedReading: UndatedReading) =>
  odd && undatedReading.boot === 'boot2' ? undefined : NOON + undatedReading.takenMonotonicMs;

/** Takes one step with both and returns the outbox, which a restart may replace. */
async function take(step: Step, outbox: Outbox, model: ModelOutbox, kind: OutboxKind): Promise<Outbox> {
  switch (step.do) {
    case 'append':
      await outbox.append(step.readings, step.cursor === undefined ? undefined : { source: 's', value: step.cursor });
      model.append(step.readings);
      if (step.cursor !== undefined) model.cursors.s = step.cursor;
      break;
    case 'hold':
      await outbox.hold(step.readings);
      model.hold(step.readings);
      break;
    case 'date':
      await outbox.dateHeld(datingOf(step.odd));
      model.dateHeld(datingOf(step.odd));
      break;
    case 'settle':
      expect(await outbox.settle(step.acknowledgement)).toEqual(model.settle(step.acknowledgement));
      break;
    case 'send':
      outbox.markSent(step.id);
      model.markSent(step.id);
      break;
    case 'aside':
      await outbox.setAside(step.id);
      model.setAside(step.id);
      break;
    case 'retry':
      expect(await outbox.retrySetAside()).toBe(model.retrySetAside());
      break;
    case 'restart': {
      // Sent marks are written along with the next change, whatever it is.
      await outbox.append([], { source: 'marks', value: '' });
      model.restart();
      return kind.restart(outbox);
    }
  }
  return outbox;
}

function expectEqual(outbox: Outbox, model: ModelOutbox): void {
  expect(outbox.counters()).toEqual(model.counters());
  expectIdentity(outbox);
  const inLine = model.held.filter((batch) => !batch.isAside);
  expect(
    outbox
      .batches(ALL)
      .map((batch) => [batch.id, batch.epoch, batch.seq, batch.count, Buffer.from(batch.payload).toString()]),
  ).toEqual(inLine.map((batch) => [batch.id, batch.epoch, batch.seq, batch.count, batch.text]));
  expect(outbox.epochs()).toEqual(model.epochs());
  expect(outbox.lastId).toBe(model.lastId);
  expect(outbox.cursor('s')).toBe(model.cursors.s);
}

describe('any history of an outbox', () => {
  for (const [kind, numRuns] of [
    [memoryKind(), 300],
    [lmdbKind(), 50],
  ] as const)
    it(`leaves ${kind.name} equal to an array`, { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(limits, fc.array(step, { minLength: 5, maxLength: 40 }), async (limits, steps) => {
          let outbox = await kind.create(limits);
          const model = new ModelOutbox(limits);
          const heard: number[] = [];
          const listen = () => outbox.onBatch((batch) => heard.push(batch.id));
          listen();
          for (const step of steps) {
            const before = outbox;
            outbox = await take(step, outbox, model, kind);
            if (outbox !== before) listen();
            expectEqual(outbox, model);
          }
          expect(heard).toEqual([...new Set(heard)].sort((a, b) => a - b));
          await outbox.stop();
        }),
        { numRuns },
      );
    });
});
