/** Both outboxes, as the suite and the property test make them. */
import { onTestFinished } from 'vitest';
import { createLmdbOutbox } from '../../../edge/outbox/lmdb-outbox.ts';
import { createMemoryOutbox } from '../../../edge/outbox/memory-outbox.ts';
import type { Outbox } from '../../../edge/outbox/outbox.ts';
import { silentLog } from '../../../runtime/log.ts';
import { ManualClock } from '../../manual-clock.ts';
import type { OutboxKind } from '../../suites/outbox.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

/** Names epochs epoch1, epoch2, … */
export function epochNames(): () => string {
  let starts = 0;
  return () => `epoch${++starts}`;
}

export function lmdbKind(): OutboxKind {
  const clock = new ManualClock();
  const remade = new WeakMap<Outbox, () => Outbox>();
  const started = async (make: () => Outbox) => {
    const outbox = make();
    remade.set(outbox, make);
    onTestFinished(() => outbox.stop());
    await outbox.start();
    return outbox;
  };
  return {
    name: 'the outbox on LMDB',
    clock,
    create: (change = {}) => {
      const path = temporaryFolder();
      const randomWord = epochNames();
      return started(() => createLmdbOutbox({ path, clock, randomWord, log: silentLog, ...change }));
    },
    restart: async (outbox) => {
      await outbox.stop();
      return started(remade.get(outbox)!);
    },
  };
}

export function memoryKind(): OutboxKind {
  const clock = new ManualClock();
  return {
    name: 'the outbox in memory',
    clock,
    create: async (change = {}) => {
      const outbox = createMemoryOutbox({ clock, randomWord: epochNames(), log: silentLog, ...change });
      await outbox.start();
      return outbox;
    },
    restart: async (outbox) => {
      await outbox.stop();
      await outbox.start();
      return outbox;
    },
  };
}
