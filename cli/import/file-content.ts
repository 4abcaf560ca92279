/** Files that people name: read whole, or refused in words. */
import { readFileSync } from 'node:fs';
import { LamplighterError } from '../../contract/error-codes.ts';

/** @throws LamplighterError `bad-request` when it cannot be read. */
export function fileContent(path: string): Buffer<ArrayBuffer> {
  try {
    return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

export function unreadable(path: string, error: unknown): LamplighterError {
  return new LamplighterError('bad-request', `cannot read ${path}: ${(error as Error).message}. Check the path.`);
}
