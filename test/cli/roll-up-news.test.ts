/** What a console without the analysis says of roll-ups: what the analysis said last, or why nobody can say. */
import { expect, test } from 'vitest';
import type { InternalRequest } from '../../cli/roles/internal-server.ts';
import { hearRollUps, RollUpNews } from '../../cli/roles/roll-up-news.ts';
import { rollUpHealth, rollUpState } from '../../console/api/roll-up-state.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';

const NOW = Date.parse('2026-11-03T12:00:00Z');

async function twoProcesses() {
  const clock = new ManualClock(NOW);
  let take: ((request: InternalRequest) => unknown) | undefined;
  const on = (_: string, __: string, answer: (request: InternalRequest) => unknown): void => {
    take = answer;
  };
  const rollUps = hearRollUps({ on }, clock);
  let pending = 0;
  let isHung = false;
  const news = new RollUpNews({
    status: async () => {
      if (pending < 0) throw new Error('ingest at http://ingest:8090 does not answer');
      return { pendingQuarters: pending, oldestMs: 30_000, caughtUpAt: NOW, fault: '', failedDevices: [] };
    },
    console: {
      post: async <T>(_: string, body: unknown) => {
        if (isHung) return await new Promise<T>(() => {});
        const json = () => JSON.parse(JSON.stringify(body)) as unknown;
        return take?.({ json } as InternalRequest) as T;
      },
    },
    clock,
    log: silentLog,
  });
  return {
    clock,
    news,
    look: async () => rollUpHealth(await rollUpState({ rollUps, clock })),
    wait: (count: number) => {
      pending = count;
    },
    hang: () => {
      isHung = true;
    },
  };
}

test('is what the analysis said last, and no longer believed when it falls silent', async () => {
  const { clock, news, look, wait, hang } = await twoProcesses();
  expect(await look()).toMatchObject({ ok: false, words: expect.stringContaining('has not said yet') });
  await news.start();
  await clock.advance(0);
  expect(await look()).toEqual({ ok: true, words: 'nothing waits; last caught up at 2026-11-03T12:00:00.000Z' });
  wait(7);
  await clock.advance(10_000);
  expect((await look()).words).toMatch(/^7 quarter hours of devices wait, the oldest for 10 s/);
  wait(-1);
  await clock.advance(10_000);
  expect(await look()).toEqual({ ok: false, words: 'ingest at http://ingest:8090 does not answer' });
  wait(0);
  await clock.advance(10_000);
  expect((await look()).ok).toBe(true);
  hang();
  await clock.advance(70_000);
  expect(await look()).toMatchObject({ ok: false, words: expect.stringMatching(/has said nothing for 70 s/) });
  await news.stop();
});
