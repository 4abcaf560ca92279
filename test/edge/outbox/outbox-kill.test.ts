/** kill -9 at any moment: what was appended is there, and everything still adds up. */
import { expect, it } from 'vitest';
import { createLmdbOutbox } from '../../../edge/outbox/lmdb-outbox.ts';
import type { Outbox } from '../../../edge/outbox/outbox.ts';
import { silentLog } from '../../../runtime/log.ts';
import { randomWord } from '../../../runtime/random.ts';
import { bundleTypeScript, startBundle } from '../../child-process.ts';
import { ManualClock } from '../../manual-clock.ts';
import { decoded, expectIdentity } from '../../suites/outbox.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const KILLS = 10;
const SOURCES = ['source-0', 'source-1', 'source-2'];

it('keeps every appended reading through ten kills', { timeout: 120_000 }, async () => {
  const path = temporaryFolder();
  const bundle = await bundleTypeScript(new URL('appending-gateway.ts', import.meta.url));
  const seen = new Seen();
  for (let kill = 0; kill < KILLS; kill++) {
    const gateway = startBundle(bundle, [path, String(SOURCES.length)]);
    const lines = 1 + Math.floor(Math.random() * 400);
    for (let i = 0; i < lines; i++) seen.read(await gateway.line());
    setTimeout(() => gateway.process.kill('SIGKILL'), Math.random() * 20);
    expect(await gateway.exited).toMatchObject({ signal: 'SIGKILL' });
    for (let line = await gateway.line(); line !== undefined; line = await gateway.line()) seen.read(line);
    expect(gateway.errors()).toBe('');

    const outbox = createLmdbOutbox({ path, clock: new ManualClock(), randomWord, log: silentLog });
    await outbox.start();
    expectIdentity(outbox);
    expect(seen.epochs).not.toContain(outbox.epoch);
    seen.expectKept(outbox);
    await outbox.stop();
  }
  expect(new Set(seen.epochs).size).toBe(KILLS);
  expect(seen.epochs.some((epoch) => seen.settledIn(epoch).size > 0)).toBe(true);
});

/** What the gateways said before they died. */
class Seen {
  readonly epochs: string[] = [];
  readonly #appended = new Map<string, number>();
  readonly #settled = new Map<string, Set<number>>();

  read(line: string | undefined): void {
    const [what = '', first = '', second] = (line ?? '').split(' ');
    if (what === 'epoch') this.epochs.push(first);
    else if (what === 'appended') this.#appended.set(first, Number(second));
    else if (what === 'settled') this.settledIn(this.epochs.at(-1)!).add(Number(first));
    else throw new Error(`the gateway said "${line}"`);
  }

  settledIn(epoch: string): Set<number> {
    const seqs = this.#settled.get(epoch) ?? new Set();
    this.#settled.set(epoch, seqs);
    return seqs;
  }

  expectKept(outbox: Outbox): void {
    const cursors = SOURCES.map((source) => Number(outbox.cursor(source) ?? 0));
    SOURCES.forEach((source, i) => {
      expect(cursors[i]).toBeGreaterThanOrEqual(this.#appended.get(source) ?? 0);
    });
    expect(outbox.counters().produced).toBe(cursors.reduce((sum, cursor) => sum + cursor, 0));

    const held = new Map<string, number[]>();
    const times = new Map<string, number[]>();
    for (const batch of outbox.batches({ after: 0, upTo: outbox.lastId, limit: Number.MAX_SAFE_INTEGER })) {
      held.set(batch.epoch, [...(held.get(batch.epoch) ?? []), batch.seq]);
      for (const { device, time } of decoded(batch).readings) times.set(device, [...(times.get(device) ?? []), time]);
    }
    for (const [epoch, seqs] of held) {
      for (const seq of seqs) expect(this.settledIn(epoch)).not.toContain(seq);
      const present = new Set(seqs);
      for (let seq = 1; seq <= seqs.at(-1)!; seq++) if (seq % 3 !== 0) expect(present).toContain(seq);
    }
    // Each source's readings are numbered by their time: none is there twice, and those not settled are all there.
    const missing = SOURCES.map((source, i) => cursors[i]! - new Set(times.get(source)).size);
    expect([...times.values()].reduce((sum, list) => sum + list.length, 0)).toBe(outbox.counters().buffered);
    expect(missing.reduce((sum, count) => sum + count, 0)).toBe(outbox.counters().stored);
  }
}
