import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MOST_EXTRA_REQUESTS, writeAround } from '../../../store/influxdb/refused-points.ts';
import type { Refusal } from '../../../store/influxdb/server-answer.ts';
import type { Line } from '../../../store/influxdb/write-request.ts';
import { anAdmittedBatch } from '../../builders.ts';

const batch = anAdmittedBatch();

/** A line whose value is its index, so that the map of stored values shows which write came last. */
function line(index: number, time: number, field = 'voltage_v'): Line {
  return { text: `energy,device=d,gateway=g ${field}=${index} ${time}`, time, batch, index };
}

/** A server that stores good lines and refuses a request for its bad ones, with these words. */
function serverOf(isBad: (line: Line) => boolean, words: (bad: readonly Line[]) => string, mostLines = Infinity) {
  const stored = new Map<string, number>();
  let requests = 0;
  const write = async (lines: readonly Line[]): Promise<Refusal | undefined> => {
    requests++;
    if (lines.length > mostLines) return { kind: 'too-large', words: 'too large', dropped: 0 };
    const bad = lines.filter(isBad);
    for (const one of lines) {
      if (!isBad(one)) stored.set(`${one.text.split(' ')[1]?.split('=')[0]} ${one.time}`, one.index);
    }
    if (bad.length === 0) return undefined;
    const said = words(bad);
    return { kind: 'refused', words: said, dropped: Number(/dropped=(\d+)/.exec(said)?.[1] ?? 0) };
  };
  return { write, stored, requests: () => requests };
}

async function around(lines: readonly Line[], server: ReturnType<typeof serverOf>) {
  const first = await server.write(lines);
  return first === undefined ? new Map<Line, string>() : writeAround(lines, first, server.write);
}

const WORDS: Record<string, (bad: readonly Line[]) => string> = {
  'a parse error that counts nothing': () => "partial write: unable to parse 'x': bad dropped=0",
  'a count of the dropped': (bad) => `partial write: max-values-per-tag limit exceeded dropped=${bad.length}`,
  'a conflict that names the field': (bad) =>
    `partial write: field type conflict: input field "bad" on measurement "energy" is type float, already exists as type integer dropped=${bad.length}`,
  'an age': (bad) => `partial write: points beyond retention policy dropped=${bad.length}`,
};

describe('refused points', () => {
  it.each(Object.entries(WORDS))('are found exactly, and the later value wins: %s', async (_, words) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ time: fc.integer({ min: 0, max: 20 }), isBad: fc.boolean() }), {
          minLength: 1,
          maxLength: 60,
        }),
        async (points) => {
          const lines = points.map(({ time, isBad }, i) => line(i, time, isBad ? 'bad' : 'voltage_v'));
          const isBad = ({ index }: Line) => points[index]!.isBad;
          const server = serverOf(isBad, words);
          const refused = await around(lines, server);
          expect([...refused.keys()].map(({ index }) => index).sort((a, b) => a - b)).toEqual(
            lines.filter(isBad).map(({ index }) => index),
          );
          const expected = new Map(
            lines.filter((one) => !isBad(one)).map((one) => [`voltage_v ${one.time}`, one.index]),
          );
          expect(server.stored).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are found in parts when the whole is too large as well', async () => {
    const lines = Array.from({ length: 1_000 }, (_, i) =>
      line(i, i % 100, `${'long'.repeat(50)}${i === 700 ? 'bad' : ''}`),
    );
    const server = serverOf(({ index }) => index === 700, WORDS['an age']!, 300);
    expect([...(await around(lines, server)).keys()].map(({ index }) => index)).toEqual([700]);
    expect([...server.stored.values()].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => 900 + i));
  });

  it('of one field or age cost a handful of requests', async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => line(i, i, i % 2 === 0 ? 'bad' : 'voltage_v'));
    const server = serverOf(({ index }) => index % 2 === 0, WORDS['a conflict that names the field']!);
    expect((await around(lines, server)).size).toBe(5_000);
    expect(server.requests()).toBeLessThan(6);
  });

  it('are not sought for ever: what is still mixed is refused together, and no line is forgotten', async () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => line(i, i));
    const isBad = ({ index }: Line) => index % 13 === 0;
    const server = serverOf(isBad, WORDS['a parse error that counts nothing']!);
    const refused = await around(lines, server);
    expect(server.requests()).toBeLessThan(MOST_EXTRA_REQUESTS + 20);
    for (const one of lines) {
      if (isBad(one)) expect(refused.has(one)).toBe(true);
      else expect(refused.has(one) || server.stored.has(`voltage_v ${one.time}`)).toBe(true);
    }
  });

  it('a server that contradicts itself is unavailable', async () => {
    const lines = [line(0, 0), line(1, 1)];
    const write = async (some: readonly Line[]): Promise<Refusal | undefined> =>
      some.length === 2 ? { kind: 'refused', words: 'partial write', dropped: 0 } : undefined;
    const refusal = await write(lines);
    await expect(writeAround(lines, refusal!, write)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
