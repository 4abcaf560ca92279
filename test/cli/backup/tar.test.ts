import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readTar, type TarFile, writeTar } from '../../../cli/backup/tar.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const LONG = `gateways/${'a'.repeat(63)}-gateway/outbox/${'b'.repeat(60)}/data.mdb`;

function aFile(name: string, content: Uint8Array): TarFile {
  return {
    name,
    bytes: content.length,
    content: (async function* () {
      yield Buffer.from(content);
    })(),
  };
}

async function archived(folder: string, files: readonly TarFile[]): Promise<string> {
  const path = join(folder, 'a.tar');
  const out = createWriteStream(path);
  await writeTar(out, files, Date.UTC(2026, 10, 1));
  out.end();
  await finished(out);
  return path;
}

async function contents(input: AsyncIterable<Uint8Array>): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { name, content } of readTar(input)) {
    let text = '';
    for await (const part of content) text += part.toString('latin1');
    found.push([name, text]);
  }
  return found;
}

test('what is written is read, and by any tar', async () => {
  const folder = temporaryFolder();
  const path = await archived(folder, [
    aFile('backup.json', Buffer.from('{}')),
    aFile('empty', Buffer.alloc(0)),
    aFile(LONG, Buffer.alloc(1_024, 'x')),
  ]);
  expect(await contents(createReadStream(path))).toEqual([
    ['backup.json', '{}'],
    ['empty', ''],
    [LONG, 'x'.repeat(1_024)],
  ]);
  execFileSync('tar', ['xf', path, '-C', folder]);
  expect(readFileSync(join(folder, LONG), 'utf8')).toBe('x'.repeat(1_024));
});

test('any sizes, in chunks of any size', async () => {
  const sizes = fc.array(fc.nat({ max: 2_000 }), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 700 }), async (lengths, chunk) => {
      const out = new PassThrough();
      const parts: Buffer[] = [];
      out.on('data', (part: Buffer) => parts.push(Buffer.from(part)));
      await writeTar(
        out,
        lengths.map((length, i) => aFile(`f${i}`, Buffer.alloc(length, 65 + i))),
        0,
      );
      const whole = Buffer.concat(parts);
      const inChunks = (async function* () {
        for (let at = 0; at < whole.length; at += chunk) yield whole.subarray(at, at + chunk);
      })();
      const found = await contents(inChunks);
      expect(found.map(([, text]) => text)).toEqual(
        lengths.map((length, i) => String.fromCharCode(65 + i).repeat(length)),
      );
    }),
    { numRuns: 50 },
  );
});

test('an archive that ends early names where, and another file is none', async () => {
  const folder = temporaryFolder();
  const bytes = readFileSync(
    await archived(folder, [aFile('a', Buffer.alloc(600)), aFile('register/data.mdb', Buffer.alloc(600))]),
  );
  const of = async (part: Uint8Array) => {
    const path = join(folder, 'part');
    writeFileSync(path, part);
    return await contents(createReadStream(path));
  };
  await expect(of(bytes.subarray(0, 512 + 1_024 + 512 + 100))).rejects.toThrow('cut short in register/data.mdb');
  await expect(of(bytes.subarray(0, bytes.length - 1_024))).rejects.toThrow('cut short after register/data.mdb');
  await expect(of(Buffer.alloc(2_000, 'no tar'))).rejects.toThrow(/no tar archive/);
});
