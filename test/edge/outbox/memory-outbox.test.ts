import { expect, it } from 'vitest';
import { aReading } from '../../builders.ts';
import { describeOutbox, expectIdentity } from '../../suites/outbox.ts';
import { memoryKind } from './outbox-kinds.ts';
import { acknowledgement } from './outbox-words.ts';

describeOutbox(memoryKind());

it('remembers the latest 100,000 dropped batches, and no more', async () => {
  const outbox = await memoryKind().create({ maxBatchReadings: 1, capacityBytes: 400 });
  const readings = Array.from({ length: 10_001 }, () => aReading());
  for (let i = 0; i < 10; i++) await outbox.append(readings);
  const { dropped, buffered } = outbox.counters();
  expect(dropped + buffered).toBe(100_010);
  await outbox.settle(acknowledgement({ stored: [[1, Number.MAX_SAFE_INTEGER]] }));
  expect(outbox.counters()).toMatchObject({ stored: 100_000 + buffered, dropped: dropped - 100_000, buffered: 0 });
  expectIdentity(outbox);
});
