/** Chance comes in through the door: a number in [0, 1). */
import { randomBytes } from 'node:crypto';

export type Random = () => number;

/** Random lower-case letters and digits, from the operating system's source: for epochs and sessions. */
export function randomWord(length: number): string {
  const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
  let word = '';
  for (const byte of randomBytes(length)) word += alphabet[byte & 31];
  return word;
}
