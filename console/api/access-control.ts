/**
 * Who may call what.
 * On loopback reading is open and the Host header is checked (DNS rebinding: a page elsewhere must not be able to read
 * through a name that it points at 127.0.0.1). On any other address reading needs a session or the operator token too.
 * Writing always needs the operator token, or a session together with a header that a foreign page cannot send.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { LamplighterError } from '../../contract/error-codes.ts';
import type { Access } from './console-app.ts';
import { RequestError } from './request-error.ts';
import { readSessionCookie, type Sessions } from './sessions.ts';

/** A header outside the CORS safelist: a foreign page can only send it after a preflight, which is never granted. */
export const WRITE_HEADER = 'x-lamplighter-write';

export interface AccessOptions {
  /** Address the console is bound to. */
  readonly host: string;
  readonly operatorTokenSha256: string | undefined;
  readonly sessions: Sessions;
}

export class AccessControl {
  readonly loopback: boolean;
  readonly #host: string;
  readonly #digest: Buffer | undefined;
  readonly #sessions: Sessions;

  constructor(options: AccessOptions) {
    this.loopback = isLoopback(options.host);
    this.#host = options.host.toLowerCase();
    this.#digest =
      options.operatorTokenSha256 === undefined ? undefined : Buffer.from(options.operatorTokenSha256, 'hex');
    this.#sessions = options.sessions;
    if (this.#digest !== undefined && this.#digest.length !== 32) {
      throw new LamplighterError('bad-request', 'operatorTokenSha256 must be the 64 hex digits of a SHA-256.');
    }
  }

  /** Throws `not-allowed` when the request came under a name that is not this machine's loopback. */
  checkHost(request: FastifyRequest): void {
    if (!this.loopback) return;
    const name = hostName(request.headers.host ?? '');
    if (name === 'localhost' || name === this.#host || (name !== '' && isLoopback(name))) return;
    throw new RequestError(
      'host',
      'this console answers on localhost, 127.0.0.1 and [::1] only; open it under one of these names, or bind it to another address',
      'not-allowed',
    );
  }

  /** Throws `not-signed-in` or `not-allowed` with what to do. */
  check(request: FastifyRequest, access: Access): void {
    if (access === 'open' || this.allows(request, access)) return;
    if (this.#digest === undefined) {
      throw new LamplighterError(
        'not-allowed',
        'This console has no operator token, so nothing can be changed through it. Start it with one.',
      );
    }
    if (access === 'write' && this.#hasSession(request)) {
      throw new RequestError(
        WRITE_HEADER,
        `send "${WRITE_HEADER}: 1" with every change made in a session`,
        'not-allowed',
      );
    }
    throw new LamplighterError(
      'not-signed-in',
      'Send the operator token as "Authorization: Bearer …", or sign in on the page.',
    );
  }

  allows(request: FastifyRequest, access: Access): boolean {
    if (access === 'read') return this.loopback || this.#hasToken(request) || this.#hasSession(request);
    return this.#hasToken(request) || (this.#hasSession(request) && request.headers[WRITE_HEADER] === '1');
  }

  /** Compares in constant time; false when the console has no token at all. */
  isOperatorToken(token: string): boolean {
    if (this.#digest === undefined) return false;
    return timingSafeEqual(createHash('sha256').update(token).digest(), this.#digest);
  }

  get hasOperatorToken(): boolean {
    return this.#digest !== undefined;
  }

  #hasToken(request: FastifyRequest): boolean {
    const match = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '');
    return match?.[1] !== undefined && this.isOperatorToken(match[1]);
  }

  #hasSession(request: FastifyRequest): boolean {
    const id = readSessionCookie(request.headers.cookie);
    return id !== undefined && this.#sessions.has(id);
  }
}

/** The name or address of a Host header, without its port; empty when it is not a plain one. */
export function hostName(header: string): string {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? '').toLowerCase().replace(/^\[|\]$/g, '');
}

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$/g, '');
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}
