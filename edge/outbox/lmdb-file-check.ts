/**
 * Looks at an LMDB file before it is mapped: a file that is cut short kills the process with SIGBUS at the first page
 * that is missing, and a foreign file deserves a clearer word than MDB_INVALID.
 * Layout of a meta page (lmdb.h, data version 2, 64 bit): page header 24 bytes, magic, version, address, map size,
 * two database records of 48 bytes of which the first begins with the page size, last page number, transaction id.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;

/** Why the file cannot be an intact LMDB file; undefined when nothing speaks against it. A file of no bytes is a new one. */
export function faultOfLmdbFile(file: string): string | undefined {
  const descriptor = openSync(file, 'r');
  try {
    const size = fstatSync(descriptor).size;
    if (size === 0) return undefined;
    const first = readMeta(descriptor, 0);
    if (first === undefined) return 'it is not an LMDB file';
    const second = readMeta(descriptor, first.pageSize);
    const newest = second !== undefined && second.transaction > first.transaction ? second : first;
    const expected = (newest.lastPage + 1n) * BigInt(newest.pageSize);
    return BigInt(size) < expected ? `it is cut short: ${size} of ${expected} bytes are there` : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function readMeta(
  descriptor: number,
  at: number,
): { pageSize: number; lastPage: bigint; transaction: bigint } | undefined {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(descriptor, bytes, 0, META_BYTES, at) < META_BYTES) return undefined;
  if (bytes.readUInt32LE(MAGIC_AT) !== MAGIC) return undefined;
  return {
    pageSize: bytes.readUInt32LE(PAGE_SIZE_AT),
    lastPage: bytes.readBigUInt64LE(LAST_PAGE_AT),
    transaction: bytes.readBigUInt64LE(TRANSACTION_AT),
  };
}
