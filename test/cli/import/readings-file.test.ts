import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnMappings } from '../../../cli/import/column-mapping.ts';
import { type ImportBatch, ReadingsFile } from '../../../cli/import/readings-file.ts';
import { sendBatches } from '../../../cli/import/readings-sender.ts';
import { timeFormat } from '../../../cli/import/time-format.ts';
import type { ImportedBatchReply } from '../../../console/api/import-replies.ts';
import { decodeBatch } from '../../../ingest/decode-batch.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const T0 = Date.UTC(2026, 0, 1);

function aFile(
  text: string,
  change: { device?: string; deviceColumn?: string; map?: string[]; oldestMs?: number } = {},
) {
  const path = join(temporaryFolder(), 'f.csv');
  writeFileSync(path, text);
  const { device, deviceColumn, map = ['kWh=active_energy_kwh'], oldestMs = T0 - 1 } = change;
  const file = new ReadingsFile({
    path,
    delimiter: undefined,
    gateway: 'roof',
    rows: {
      mappings: columnMappings(map),
      timeColumn: 'time',
      device: deviceColumn === undefined ? (device ?? 'meter') : undefined,
      deviceColumn,
      stamps: { format: timeFormat('iso'), formatName: 'iso', zone: 'UTC', ambiguous: 'file-order' },
    },
    limits: { oldestMs, newestMs: T0 + 86_400_000 },
  });
  return { path, file };
}

async function batchesOf(file: ReadingsFile): Promise<{ epoch: string; batches: ImportBatch[] }> {
  const { epoch } = await file.survey();
  const batches: ImportBatch[] = [];
  for await (const batch of file.batches(epoch)) batches.push(batch);
  return { epoch, batches };
}

const iso = (ms: number) => new Date(ms).toISOString();
const rows = (count: number) => Array.from({ length: count }, (_, n) => `${iso(T0 + n * 1_000)},${n}\n`).join('');

describe('a file of readings', () => {
  test('becomes batches of the contract, with the line of each reading', async () => {
    const { epoch, batches } = await batchesOf(aFile(`time,kWh\n${rows(2_500)}`).file);
    expect(batches.map(({ seq, readings }) => [seq, readings])).toEqual([
      [1, 1_000],
      [2, 1_000],
      [3, 500],
    ]);
    expect(batches[2]?.lines[0]).toBe(2_002);
    for (const { body, seq } of batches) {
      expect(decodeBatch(Buffer.from(body))).toMatchObject({ kind: 'batch', epoch, seq, rejected: [] });
    }
  });

  test('has the same epoch each time, and another when file, mapping or refused rows differ', async () => {
    const text = `time,kWh\n${rows(10)}`;
    const epochOf = async (...given: Parameters<typeof aFile>) => (await aFile(...given).file.survey()).epoch;
    const epochs = [
      await epochOf(text),
      await epochOf(`${text}\n`),
      await epochOf(text, { map: ['kWh=active_energy_kwh:Wh'] }),
      await epochOf(text, { device: 'other' }),
      await epochOf(text, { oldestMs: T0 + 500 }),
    ];
    expect(await epochOf(text)).toBe(epochs[0]);
    expect(new Set(epochs).size).toBe(5);
    for (const epoch of epochs) expect(epoch).toMatch(/^import[a-z0-9]{26}$/);
  });

  test('a refused row does not move others to other batches', async () => {
    const { batches } = await batchesOf(aFile(`time,kWh\n${rows(1_500)}`, { oldestMs: T0 + 10_000 }).file);
    expect(batches.map(({ readings, lines }) => [readings, lines[0]])).toEqual([
      [990, 12],
      [500, 1_002],
    ]);
  });

  test('every fault is told with line, column and value', async () => {
    const text =
      'time;device;kWh;T\n' +
      '2026-01-01 01:00;a;1;70\n2026-01-01 02:00;a;"2,5";70\n2026-02-30 03:30;a;3;7000\n2019-02-20 03:30;a;4;\n' +
      '2099-01-01 00:00;A B;5;71\n2026-01-01 04:00;a;;\n2026-01-01 05:00;a\n';
    const { file } = aFile(text, { deviceColumn: 'device', map: ['kWh=active_energy_kwh', 'T=temperature_c:F'] });
    const { survey } = await file.survey();
    expect(survey).toMatchObject({ rows: 7, readings: 1, empty: 1, refused: 5 });
    expect(survey.faults.map(({ line, column, value }) => [line, column, value])).toEqual([
      [3, 'kWh', '2,5'],
      [4, 'T', '7000'],
      [4, 'time', '2026-02-30 03:30'],
      [5, 'time', '2019-02-20 03:30'],
      [6, 'device', 'A B'],
      [6, 'time', '2099-01-01 00:00'],
      [8, '', ''],
    ]);
    expect(survey.faults[3]?.words).toContain('retention_days (--retention-days, LAMPLIGHTER_RETENTION_DAYS)');
  });

  test('columns that it has not are named with those that it has', async () => {
    const { file } = aFile('Time,kwh\n');
    await expect(file.survey()).rejects.toThrow(
      '--time-column: line 1 of the file has no column "time".\n--map: line 1 of the file has no column "kWh".\nIts columns are: "Time", "kwh".',
    );
  });

  test('consumption per interval is not taken for a register without a word', async () => {
    const saw = Array.from({ length: 40 }, (_, n) => `${iso(T0 + n * 1_000)},${n % 4}\n`).join('');
    expect((await aFile(`time,kWh\n${saw}`).file.survey()).survey.suspects()).toHaveLength(1);
    expect((await aFile(`time,kWh\n${rows(40)}`).file.survey()).survey.suspects()).toEqual([]);
  });

  test('that changes while it is imported is refused', async () => {
    const { path, file } = aFile(`time,kWh\n${rows(10)}`);
    const { epoch } = await file.survey();
    appendFileSync(path, '2026-01-01T01:00:00Z,9\n');
    await expect(file.batches(epoch).next()).rejects.toThrow('has changed');
  });

  test('any readings come out as they were written', async () => {
    const row = fc.record({
      device: fc.constantFrom('a', 'b', 'meter-7'),
      time: fc.integer({ min: T0, max: T0 + 86_400_000 }),
      kWh: fc.double({ min: 0, max: 1e12, noNaN: true }).map((value) => value + 0),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (list) => {
        const text = list.map(({ device, time, kWh }) => `"${kWh}",${device},${iso(time)}\r\n`).join('');
        const { batches } = await batchesOf(aFile(`kWh,device,time\r\n${text}`, { deviceColumn: 'device' }).file);
        const read = batches.flatMap(({ body }) => JSON.parse(body).readings);
        expect(read).toEqual(
          list.map(({ device, time, kWh }) => ({ device, time, values: { active_energy_kwh: kWh } })),
        );
      }),
      { numRuns: 40 },
    );
  });
});

describe('sending', () => {
  const settled: ImportedBatchReply = { outcome: 'settled', rejected: [], words: '' };

  async function send(answer: (seq: number, attempt: number) => ImportedBatchReply, isInOrder = true) {
    const { epoch } = await aFile('time,kWh\n').file.survey();
    const { file } = aFile(`time,kWh\n${rows(5_500)}`);
    await file.survey();
    const attempts = new Map<number, number>();
    const refused: number[] = [];
    const waits: string[] = [];
    let inFlight = 0;
    let most = 0;
    const sending = sendBatches(file.batches(epoch), {
      clock: { ...systemClock, after: (_ms, run) => systemClock.after(0, run) },
      isInOrder,
      post: async (body) => {
        most = Math.max(most, ++inFlight);
        await new Promise((resolve) => setImmediate(resolve));
        inFlight--;
        const { seq } = JSON.parse(body);
        const attempt = (attempts.get(seq) ?? 0) + 1;
        attempts.set(seq, attempt);
        return answer(seq, attempt);
      },
      onProgress: () => {},
      onRejected: ({ line }) => refused.push(line),
      onWaiting: (words) => waits.push(words),
    });
    return { totals: await sending, refused, waits, most };
  }

  test('waits for each answer, a few at a time, and asks again while the store is busy', async () => {
    const busy: ImportedBatchReply = { outcome: 'shed', rejected: [], words: 'busy' };
    const { totals, waits, most } = await send((seq, attempt) => (seq === 2 && attempt < 4 ? busy : settled));
    expect(totals).toEqual({ stored: 5_500, duplicate: 0, rejected: 0 });
    expect(waits).toEqual(['busy', 'busy', 'busy']);
    expect(most).toBe(4);
    expect((await send(() => settled, false)).most).toBe(1);
  });

  test('counts each reading once: stored, there before, or rejected with its line', async () => {
    const { totals, refused } = await send((seq) => {
      if (seq === 1) return { ...settled, rejected: [{ index: 3, reason: 'too-old', detail: '' }] };
      if (seq === 2) return { ...settled, outcome: 'duplicate' };
      return seq === 6 ? { ...settled, rejected: [{ index: -1, reason: 'store-refused', detail: '' }] } : settled;
    });
    expect(totals).toEqual({ stored: 3_999, duplicate: 1_000, rejected: 501 });
    expect(refused.length).toBe(501);
    expect(refused).toContain(5);
  });

  test('stops when the gateway is not the register’s', async () => {
    await expect(send(() => ({ outcome: 'later', rejected: [], words: 'owner-unknown' }))).rejects.toThrow(
      'owner-unknown',
    );
  });
});
