/**
 * Tar as far as a backup needs it: files only, in the POSIX "ustar" layout that every tar reads, sizes from 8 GiB on in
 * the base-256 form of GNU tar. Reading is a stream, so that an archive can come from a pipe.
 */
import type { Writable } from 'node:stream';

const BLOCK = 512;
const MOST_NAME = 100;
const MOST_OCTAL = 8 ** 11;

export interface TarFile {
  readonly name: string;
  readonly bytes: number;
  readonly content: AsyncIterable<Buffer>;
}

/** The archive ends before it says so. */
export class TarCutShort extends Error {}

/** Writes and does not end the stream. Throws when the content of a file has not the length that was said. */
export async function writeTar(out: Writable, files: Iterable<TarFile>, modifiedMs: number): Promise<void> {
  let failure: Error | undefined;
  const failed = (error: Error): void => {
    failure ??= error;
  };
  out.on('error', failed);
  const write = async (bytes: Buffer): Promise<void> => {
    if (failure !== undefined) throw failure;
    await new Promise<void>((resolve, reject) => out.write(bytes, (error) => (error ? reject(error) : resolve())));
  };
  try {
    for (const { name, bytes, content } of files) {
      await write(header(name, bytes, modifiedMs));
      let written = 0;
      for await (const chunk of content) {
        written += chunk.length;
        await write(chunk);
      }
      if (written !== bytes) throw new Error(`${name} has ${written} bytes instead of ${bytes}`);
      await write(Buffer.alloc(padding(bytes)));
    }
    await write(Buffer.alloc(2 * BLOCK));
  } finally {
    out.off('error', failed);
  }
}

/**
 * The files of an archive, one after another; each content must be read before the next file is asked for.
 * @throws TarCutShort, naming the file in which it ends, and Error when it is no such archive.
 */
export async function* readTar(input: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const reader = new ChunkReader(input);
  let last = 'the beginning';
  for (;;) {
    const block = await reader.exactly(BLOCK, `after ${last}`);
    if (block.every((byte) => byte === 0)) return;
    const { name, bytes } = parsedHeader(block);
    last = name;
    yield { name, bytes, content: reader.upTo(bytes, `in ${name}`) };
    await reader.exactly(padding(bytes), `in ${name}`);
  }
}

function padding(bytes: number): number {
  return (BLOCK - (bytes % BLOCK)) % BLOCK;
}

function header(path: string, bytes: number, modifiedMs: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const [prefix, name] = splitName(path);
  block.write(name, 0);
  block.write('0000600\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  if (bytes < MOST_OCTAL) block.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(bytes), 128);
  }
  const seconds = Math.floor(modifiedMs / 1_000);
  block.write(`${seconds.toString(8).padStart(11, '0')}\0`, 136);
  block.write('0', 156);
  block.write('ustar\x0000', 257);
  block.write(prefix, 345);
  block.write(`${checksum(block).toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** A long path is parted at a slash: ustar keeps 155 characters of folders apart. */
function splitName(path: string): [prefix: string, name: string] {
  if (Buffer.byteLength(path) <= MOST_NAME) return ['', path];
  const slash = path.indexOf('/', path.length - MOST_NAME - 1);
  if (slash < 0 || slash > 155) throw new Error(`the path ${path} is too long for an archive: back up to a folder`);
  return [path.slice(0, slash), path.slice(slash + 1)];
}

/** Of the header, with blanks in the place of the sum. */
function checksum(block: Buffer): number {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : (block[i] ?? 0);
  return sum;
}

function parsedHeader(block: Buffer): { name: string; bytes: number } {
  const text = (from: number, length: number): string => {
    const end = block.subarray(from, from + length).indexOf(0);
    return block.toString('utf8', from, end < 0 ? from + length : from + end);
  };
  if (Number.parseInt(text(148, 8), 8) !== checksum(block)) throw new Error('it is no tar archive, or altered');
  const [prefix, name] = [text(345, 155), text(0, MOST_NAME)];
  const bytes = block[124] === 0x80 ? Number(block.readBigUInt64BE(128)) : Number.parseInt(text(124, 12), 8);
  if (!Number.isSafeInteger(bytes)) throw new Error(`the size of ${name} in the archive is altered`);
  return { name: prefix === '' ? name : `${prefix}/${name}`, bytes };
}

class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  async exactly(bytes: number, where: string): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.upTo(bytes, where)) parts.push(part);
    return Buffer.concat(parts);
  }

  async *upTo(bytes: number, where: string): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; ) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#chunks.next();
        if (done === true) throw new TarCutShort(`the archive is cut short ${where}`);
        this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      }
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }
}
