/** Signing in on the page: the operator token is exchanged for a cookie that scripts cannot read. */
import { z } from 'zod';
import { LamplighterError } from '../../../contract/error-codes.ts';
import { type AccessControl, WRITE_HEADER } from '../access-control.ts';
import type { ConsoleApp } from '../console-app.ts';
import { sessionReply } from '../replies.ts';
import { RequestError } from '../request-error.ts';
import { readSessionCookie, type Sessions, sessionCookie } from '../sessions.ts';

export function sessionRoutes(app: ConsoleApp, access: AccessControl, sessions: Sessions): void {
  app.get(
    '/api/session',
    {
      config: { access: 'open' },
      schema: { summary: 'What this browser may do', tags: ['session'], response: { 200: sessionReply } },
    },
    async (request) => {
      const id = readSessionCookie(request.headers.cookie);
      const signedIn = id !== undefined && sessions.has(id);
      return { signed_in: signedIn, may_read: access.allows(request, 'read'), may_write: signedIn };
    },
  );

  app.post(
    '/api/session',
    {
      config: { access: 'open' },
      schema: {
        summary: 'Sign in with the operator token',
        tags: ['session'],
        body: z.strictObject({ token: z.string().min(1).max(512) }),
        response: { 200: sessionReply },
      },
    },
    async (request, reply) => {
      if (!access.hasOperatorToken) {
        throw new LamplighterError('not-allowed', 'This console has no operator token; start it with one to sign in.');
      }
      if (!access.isOperatorToken(request.body.token)) {
        throw new RequestError('token', 'is not the operator token of this console', 'not-signed-in');
      }
      reply.header('set-cookie', sessionCookie(sessions.open()));
      return { signed_in: true, may_read: true, may_write: true };
    },
  );

  app.delete(
    '/api/session',
    {
      config: { access: 'open' },
      schema: { summary: 'Sign out', tags: ['session'], response: { 200: sessionReply } },
    },
    async (request, reply) => {
      if (request.headers[WRITE_HEADER] !== '1') {
        throw new RequestError(WRITE_HEADER, `send "${WRITE_HEADER}: 1" to sign out`, 'not-allowed');
      }
      const id = readSessionCookie(request.headers.cookie);
      if (id !== undefined) sessions.close(id);
      reply.header('set-cookie', sessionCookie(''));
      return { signed_in: false, may_read: access.loopback, may_write: false };
    },
  );
}
