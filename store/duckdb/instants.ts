/** Instants that questions name, as DuckDB takes them. */
import { LamplighterError } from '../../contract/error-codes.ts';

/** Throws `bad-request` for one that is no number. */
export function checkInstants(instants: Readonly<Record<string, number>>): void {
  if (Object.values(instants).some(Number.isNaN)) {
    throw badRequest(`${Object.keys(instants).join(' and ')} must be epoch milliseconds.`);
  }
}

/** Stored times are whole: the first that is not before `time`. */
export function instant(time: number): bigint {
  return BigInt(Math.ceil(Math.min(Math.max(time, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)));
}

export function badRequest(message: string): LamplighterError {
  return new LamplighterError('bad-request', message);
}
