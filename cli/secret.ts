import { readFileSync } from 'node:fs';
import { LamplighterError } from '../contract/error-codes.ts';

/** A secret given as itself or as a file that holds it. */
export function secret(value: string | undefined, file: string | undefined): string | undefined {
  if (value !== undefined || file === undefined) return value;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new LamplighterError('bad-request', `cannot read the secret in ${file}: ${(error as Error).message}`);
  }
}
