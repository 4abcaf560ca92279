import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MARK_MS, MARKED_DAY_MS, type MarkedDay } from '../../contract/roll-up-marks.ts';
import { FileRollUpMarks, MOST_QUIET_MS, QUIET_MS } from '../../ingest/roll-up-marks.ts';
import { WriteRefused } from '../../runtime/lmdb-file.ts';
import { anAdmittedBatch, aReading } from '../builders.ts';
import { isLong } from '../is-long.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const DAY = Date.parse('2026-11-01T00:00:00Z');
const NOON = DAY + 12 * 3_600_000;
const FOREVER = DAY + 100 * MARKED_DAY_MS;

async function someMarks(change: { freeBytes?: () => number; clock?: ManualClock } = {}) {
  const folder = temporaryFolder();
  const clock = change.clock ?? new ManualClock(NOON);
  const create = () =>
    new FileRollUpMarks({ folder, clock, ...(change.freeBytes === undefined ? {} : { freeBytes: change.freeBytes }) });
  let marks = create();
  await marks.start();
  onTestFinished(() => marks.stop());
  return {
    clock,
    marks: () => marks,
    /** As a kill does: nothing is settled, what is in the file stays. */
    kill: async () => {
      await marks.stop();
      marks = create();
      await marks.start();
    },
  };
}

function groupAt(...times: number[]) {
  return [anAdmittedBatch({ readings: times.map((time) => aReading({ time })) })];
}

const claimAll = { session: 's1', before: FOREVER, most: 1_000 };

function instants(days: readonly MarkedDay[]): number[] {
  return days.flatMap(({ day, quarters }) => quarters.map((quarter) => day + quarter * MARK_MS));
}

function finished(days: readonly MarkedDay[]) {
  return days.map(({ gateway, device, day }) => ({ gateway, device, day, owedHours: [] }));
}

describe('marks of roll-ups', () => {
  test('what a group touches is claimable when it is settled, not before', async () => {
    const { marks } = await someMarks();
    await marks().beforeCommit(groupAt(NOON + 1, NOON + 2));
    expect(await marks().claim(claimAll)).toEqual([]);
    marks().settled();
    expect(await marks().claim(claimAll)).toEqual([
      // The quarter hour before it, whose last minutes the reading tells, and its own.
      { gateway: 'library', device: 'main-meter', day: DAY, quarters: [47, 48], hours: [] },
    ]);
    expect(await marks().claim(claimAll)).toEqual([]);
  });

  test('nothing is written for what is in the file already, and a kill forgets none of it', async () => {
    const { marks, kill } = await someMarks();
    expect(marks().beforeCommit(groupAt(NOON))).toBeInstanceOf(Promise);
    await kill();
    expect(instants(await marks().claim(claimAll))).toContain(NOON);
    await marks().beforeCommit(groupAt(NOON));
    marks().settled();
    expect(marks().beforeCommit(groupAt(NOON + 1, NOON + 16 * 60_000))).toBeUndefined();
  });

  test('what changes while it is rolled up stays marked', async () => {
    const { marks, kill } = await someMarks();
    await marks().beforeCommit(groupAt(NOON));
    marks().settled();
    const claimed = await marks().claim(claimAll);
    await marks().beforeCommit(groupAt(NOON + 1));
    marks().settled();
    await marks().done('s1', finished(claimed));
    expect(instants(await marks().claim(claimAll))).toContain(NOON);
    await kill();
    const again = await marks().claim(claimAll);
    expect(instants(again)).toContain(NOON);
    await marks().done('s1', finished(again));
    await kill();
    expect(await marks().claim(claimAll)).toEqual([]);
  });

  test('what is being committed while it is rolled up stays in the file', async () => {
    const { marks, kill } = await someMarks();
    await marks().beforeCommit(groupAt(NOON));
    marks().settled();
    const claimed = await marks().claim(claimAll);
    await marks().beforeCommit(groupAt(NOON + 1));
    await marks().done('s1', finished(claimed));
    await kill();
    expect(instants(await marks().claim(claimAll))).toContain(NOON);
  });

  test('a group whose end nobody knows is rolled up', async () => {
    const { marks } = await someMarks();
    await marks().beforeCommit(groupAt(NOON));
    marks().abandoned();
    expect(instants(await marks().claim(claimAll))).toContain(NOON);
  });

  test('a new session may claim what another had', async () => {
    const { marks } = await someMarks();
    await marks().beforeCommit(groupAt(NOON));
    marks().settled();
    const claimed = await marks().claim(claimAll);
    expect(await marks().claim({ ...claimAll, session: 's2' })).toEqual(claimed);
    await marks().done('s1', finished(claimed));
    expect((await marks().status(FOREVER)).quarters).toBe(2);
    await marks().release('s2');
    expect(await marks().claim({ ...claimAll, session: 's2' })).toEqual(claimed);
    await marks().done('s2', finished(claimed));
    expect((await marks().status(FOREVER)).quarters).toBe(0);
  });

  test('only quarter hours that are over are claimed, and hours that are owed come when they are', async () => {
    const { marks, kill } = await someMarks();
    await marks().beforeCommit(groupAt(NOON, NOON + MARK_MS, NOON + 2 * MARK_MS));
    marks().settled();
    const claimed = await marks().claim({ ...claimAll, before: NOON + 2 * MARK_MS + 1 });
    expect(claimed).toMatchObject([{ quarters: [47, 48, 49], hours: [] }]);
    await marks().done('s1', [{ gateway: 'library', device: 'main-meter', day: DAY, owedHours: [12] }]);
    expect(await marks().claim({ ...claimAll, before: NOON + 2 * MARK_MS })).toEqual([]);
    const later = await marks().claim({ ...claimAll, before: NOON + 4 * MARK_MS });
    expect(later).toMatchObject([{ quarters: [50], hours: [12] }]);
    await kill();
    expect(await marks().claim(claimAll)).toMatchObject([{ quarters: [44, 45, 46, 47, 48, 49, 50, 51].slice(4) }]);
  });

  test('the newest day comes first, and a past that is being told waits until it is told', async () => {
    const { marks, clock } = await someMarks();
    await marks().beforeCommit(groupAt(DAY - 3 * MARKED_DAY_MS + 3_600_000, DAY - MARKED_DAY_MS + 3_600_000, NOON));
    marks().settled();
    expect(new Set((await marks().claim(claimAll)).map(({ day }) => day))).toEqual(new Set([DAY]));
    await clock.advance(QUIET_MS);
    const days = (await marks().claim(claimAll)).map(({ day }) => day);
    expect(days).toEqual([DAY - MARKED_DAY_MS, DAY - 3 * MARKED_DAY_MS]);
    // Something comes every second: it is not put off for ever.
    let waited = 0;
    for (; (await marks().claim(claimAll)).length === 0; waited += 1_000) {
      await marks().beforeCommit(groupAt(DAY - 9 * MARKED_DAY_MS + 3_600_000));
      marks().settled();
      await clock.advance(1_000);
    }
    expect(waited).toBe(MOST_QUIET_MS);
  });

  test('stretches are marked for other reasons, over days', async () => {
    const { marks, kill, clock } = await someMarks();
    await marks().mark([
      { gateway: 'library', device: 'gas', from: DAY - MARK_MS - 1, to: DAY + MARK_MS + 1 },
      { gateway: 'library', device: 'gas', from: DAY - 1_100 * MARKED_DAY_MS, to: DAY - 2 * MARKED_DAY_MS },
    ]);
    await kill();
    await clock.advance(QUIET_MS);
    const claimed = await marks().claim({ ...claimAll, most: 2_000 });
    expect(claimed).toHaveLength(1_100);
    // In the file there are hours.
    expect(claimed.slice(0, 2)).toMatchObject([
      { day: DAY, quarters: [0, 1, 2, 3] },
      { day: DAY - MARKED_DAY_MS, quarters: [92, 93, 94, 95] },
    ]);
  });

  test('counts what waits and how long', async () => {
    const { marks, clock } = await someMarks();
    await marks().beforeCommit(groupAt(NOON - 5 * MARK_MS, NOON));
    marks().settled();
    await clock.advance(7_000);
    expect(await marks().status(NOON + MARK_MS)).toEqual({ quarters: 4, days: 1, oldestMs: 7_000, earliestDay: DAY });
    expect(await marks().status(NOON - MARK_MS)).toMatchObject({ quarters: 2 });
    const claimed = await marks().claim({ ...claimAll, before: NOON });
    expect(await marks().status(NOON)).toMatchObject({ quarters: 3, oldestMs: 7_000 });
    // What comes while others are rolled up waits since then, not since those are done.
    await marks().beforeCommit(groupAt(NOON - 9 * MARK_MS));
    marks().settled();
    await clock.advance(2_000);
    expect(await marks().status(NOON)).toMatchObject({ quarters: 5, oldestMs: 9_000 });
    await marks().done('s1', finished(claimed));
    expect(await marks().status(NOON)).toMatchObject({ quarters: 2, oldestMs: 2_000 });
    await marks().claim(claimAll);
    await clock.advance(1_000);
    await marks().release('s1');
    expect(await marks().status(NOON)).toMatchObject({ quarters: 2, oldestMs: 3_000 });
  });

  test('a disk that refuses fails the commit, and the next try writes', async () => {
    let free = 0;
    const { marks, kill } = await someMarks({ freeBytes: () => free });
    await expect(marks().beforeCommit(groupAt(NOON))).rejects.toThrow(WriteRefused);
    free = 1e9;
    await marks().beforeCommit(groupAt(NOON));
    await kill();
    expect(instants(await marks().claim(claimAll))).toContain(NOON);
  });

  test('while they are held, nothing is cleared, and afterwards what is done is', async () => {
    const { marks, kill } = await someMarks();
    await marks().beforeCommit(groupAt(NOON + 1));
    marks().settled();
    const claimed = await marks().claim(claimAll);
    const release = marks().hold();
    let isDone = false;
    const done = marks()
      .done('s1', finished(claimed))
      .then(() => {
        isDone = true;
      });
    // A later group is marked and settled meanwhile.
    await marks().beforeCommit(groupAt(NOON + 5 * 3_600_000));
    marks().settled();
    expect(isDone).toBe(false);
    release();
    await done;
    await kill();
    const hours = new Set(instants(await marks().claim(claimAll)).map((at) => Math.floor(at / 3_600_000)));
    expect(hours).toContain(NOON / 3_600_000 + 5);
    expect(hours).not.toContain(NOON / 3_600_000);
  });

  test('a rejected reading marks nothing', async () => {
    const { marks } = await someMarks();
    const rejected = [{ index: 1, reason: 'too-old' as const, detail: '' }];
    const readings = [aReading({ time: NOON }), aReading({ time: 0 })];
    await marks().beforeCommit([
      anAdmittedBatch({ readings, rejected }),
      anAdmittedBatch({ readings, rejected: [{ index: -1, reason: 'malformed' as never, detail: '' }] }),
    ]);
    marks().settled();
    expect((await marks().claim(claimAll)).map(({ day }) => day)).toEqual([DAY]);
  });
});

function hoursNotOver({ day, quarters }: MarkedDay, before: number): number[] {
  const hours = new Set(quarters.map((quarter) => Math.floor(quarter / 4)));
  return [...hours].filter((hour) => day + (hour + 1) * 4 * MARK_MS > before);
}

describe('whatever is interleaved', () => {
  /** Quarter hours around midnight, of two devices: claims and commits meet often. */
  const slot = fc.record({ device: fc.constantFrom('a', 'b'), quarter: fc.integer({ min: -3, max: 3 }) });
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('note' as const), slots: fc.array(slot, { maxLength: 2 }) }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('commit' as const) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('abandon' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('claim' as const), quarter: fc.integer({ min: -3, max: 9 }) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('done' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('mark' as const), slot }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('full' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass' as const) }) },
  );

  test('no quarter hour that changed after its last completed roll-up is unmarked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 80 }), async (steps) => {
        let free = 1e9;
        const { marks, kill, clock } = await someMarks({ freeBytes: () => free });
        /** Changed, and not rolled up completely since; the hours that are owed. */
        const changed = new Set<string>();
        const owed = new Set<string>();
        let noted: string[] | undefined;
        let claimed: MarkedDay[] = [];
        let before = 0;
        /** Changed after they were claimed. */
        let changedSince = new Set<string>();
        const nameOf = (device: string, time: number) => `${device} ${new Date(time).toISOString()}`;
        const namesOf = (days: readonly MarkedDay[]) =>
          days.flatMap(({ device, day, quarters }) =>
            quarters.map((quarter) => nameOf(device, day + quarter * MARK_MS)),
          );
        const hoursOf = (days: readonly MarkedDay[]) =>
          days.flatMap(({ device, day, hours }) => hours.map((hour) => nameOf(device, day + hour * 4 * MARK_MS)));
        /** Rolled up with their quarter hours, or owed with them. */
        const hoursAround = (days: readonly MarkedDay[]) =>
          days.flatMap(({ device, day, quarters }) =>
            quarters.map((quarter) => nameOf(device, day + Math.floor(quarter / 4) * 4 * MARK_MS)),
          );
        const change = (names: readonly string[]) => {
          for (const name of names) changed.add(name);
          for (const name of names) changedSince.add(name);
        };
        for (const one of steps) {
          switch (one.kind) {
            case 'note': {
              if (noted !== undefined) break;
              const readings = one.slots.map(({ device, quarter }) => ({
                ...aReading({ time: DAY + quarter * MARK_MS + 60_000 }),
                device,
              }));
              const written = await Promise.resolve(marks().beforeCommit([anAdmittedBatch({ readings })])).then(
                () => true,
                () => false,
              );
              // Refused: the committer tries again.
              if (!written) {
                free = 1e9;
                await marks().beforeCommit([anAdmittedBatch({ readings })]);
              }
              noted = one.slots.map(({ device, quarter }) => nameOf(device, DAY + quarter * MARK_MS));
              break;
            }
            case 'commit':
              change(noted ?? []);
              break;
            case 'settle':
              change(noted ?? []);
              marks().settled();
              noted = undefined;
              break;
            case 'abandon':
              marks().abandoned();
              noted = undefined;
              break;
            case 'claim':
              if (claimed.length > 0) break;
              changedSince = new Set();
              before = Math.max(before, DAY + one.quarter * MARK_MS);
              claimed = [...(await marks().claim({ session: 's', before, most: 9 }))];
              break;
            case 'done': {
              // As the worker does: of an hour that is not over, only quarter hours are rolled up.
              const owing = claimed.map((day) => ({ ...day, owedHours: hoursNotOver(day, before) }));
              const isDone = await marks()
                .done('s', owing)
                .then(
                  () => true,
                  () => false,
                );
              if (isDone) {
                for (const name of namesOf(claimed)) if (!changedSince.has(name)) changed.delete(name);
                for (const name of [...hoursOf(claimed), ...hoursAround(claimed)]) owed.delete(name);
                for (const { device, day, owedHours } of owing)
                  for (const hour of owedHours) owed.add(nameOf(device, day + hour * 4 * MARK_MS));
              }
              claimed = [];
              break;
            }
            case 'release':
              await marks().release('s');
              claimed = [];
              break;
            case 'mark': {
              const from = DAY + one.slot.quarter * MARK_MS;
              free = 1e9;
              await marks().mark([{ gateway: 'library', device: one.slot.device, from, to: from + 1 }]);
              change([nameOf(one.slot.device, from)]);
              break;
            }
            case 'full':
              free = free === 0 ? 1e9 : 0;
              break;
            case 'kill':
              await kill();
              noted = undefined;
              claimed = [];
              break;
            case 'pass':
              await clock.advance(QUIET_MS);
          }
        }
        await kill();
        await clock.advance(MOST_QUIET_MS);
        const left = await marks().claim({ session: 'last', before: FOREVER, most: 1_000 });
        expect(namesOf(left)).toEqual(expect.arrayContaining([...changed]));
        // An hour that is owed is in the file as its quarter hours.
        expect(hoursAround(left)).toEqual(expect.arrayContaining([...owed]));
      }),
      { numRuns: isLong ? 150 : 50 },
    );
  });
});
