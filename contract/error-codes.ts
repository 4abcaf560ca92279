/** One table of errors that cross a border: HTTP status, and whether trying again helps. */

export const ERRORS = {
  'bad-request': { status: 400, retry: false },
  'not-signed-in': { status: 401, retry: false },
  'not-allowed': { status: 403, retry: false },
  'not-found': { status: 404, retry: false },
  conflict: { status: 409, retry: false },
  'store-unavailable': { status: 503, retry: true },
  'store-misconfigured': { status: 503, retry: true },
  'not-ready': { status: 503, retry: true },
  internal: { status: 500, retry: true },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error for the person or program at the other end: what is wrong and what to do about it. */
export class LamplighterError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'LamplighterError';
    this.code = code;
  }
}
