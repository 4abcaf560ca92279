/** Tokens of gateways, observers and services: 256 random bits, shown once, kept only as their SHA-256. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { randomWord } from '../runtime/random.ts';
import type { Credential } from './model.ts';

/** Ids of observers and services begin so; a gateway's id may not, since one name is one credential. */
export const OBSERVER_PREFIX = 'observer-';
export const SERVICE_PREFIX = 'service-';

/** What its holder gets to see, once. */
export interface IssuedCredential {
  readonly credential: Credential;
  readonly token: string;
}

/** 256 bits in 43 characters of base64url. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

export function newObserverId(): string {
  return `${OBSERVER_PREFIX}${randomWord(8)}`;
}

/** SHA-256 in hex. No salt and no stretching: a random 256-bit token cannot be guessed, unlike a person's password. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/** Takes the same time whichever byte differs. */
export function verifyToken(token: string, credential: Pick<Credential, 'token_sha256'>): boolean {
  const given = createHash('sha256').update(token, 'utf8').digest();
  const known = Buffer.from(credential.token_sha256, 'hex');
  return known.length === given.length && timingSafeEqual(given, known);
}
