/** Readings that were refused for good: why, what was in them, sending them again, dropping them. */
import { z } from 'zod';
import { isRejectionReason } from '../../../contract/acknowledgement.ts';
import { idSchema } from '../../../contract/ids.ts';
import { REJECTION_REASONS } from '../../../contract/verdicts.ts';
import type { DeadLetter } from '../../../ingest/ingest-view.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { isoTime } from '../iso-time.ts';
import { type DeadLetterReply, deadLetterReply, deadLettersReply, dropReply, replayReply } from '../replies.ts';
import { RequestError } from '../request-error.ts';

const letterId = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9-]+\/[a-z0-9]+\/\d+\/-?\d+$/,
    'must be the id of a dead letter: gateway/epoch/seq/index, such as library/k3f9/4711/0',
  );
const reason = z.string().min(1).max(64);

/** Names what is meant: acting on everything by an empty body would be too easy. */
const filterBody = z
  .strictObject({
    ids: z.array(letterId).min(1).max(1_000).optional(),
    gateway: idSchema.optional(),
    reason: reason.optional(),
  })
  .refine((body) => body.ids !== undefined || body.gateway !== undefined || body.reason !== undefined, {
    error: 'name the dead letters by ids, gateway or reason',
    path: ['ids'],
  });

export function deadLetterRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  const { deadLetters } = deps.ingest;

  app.get(
    '/api/dead-letters',
    {
      schema: {
        summary: 'Refused readings, newest first',
        tags: ['dead letters'],
        querystring: z.strictObject({
          gateway: idSchema.optional(),
          reason: reason.optional(),
          after: letterId.optional().describe('The id that the page before ended with'),
          limit: z.coerce.number().int().min(1).max(1_000).default(100),
        }),
        response: { 200: deadLettersReply },
      },
    },
    async (request) => {
      const { gateway, reason: why, after, limit } = request.query;
      const found = await deadLetters.list({ gateway, reason: why, after, limit: limit + 1 });
      const page = found.slice(0, limit);
      return {
        counts: { ...deadLetters.counts() },
        letters: page.map(letterRow),
        next: found.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  app.get(
    '/api/dead-letters/*',
    {
      schema: {
        summary: 'One refused reading: gateway/epoch/seq/index',
        tags: ['dead letters'],
        params: z.strictObject({ '*': letterId }),
        response: { 200: deadLetterReply },
      },
    },
    async (request) => {
      const id = request.params['*'];
      const letter = await deadLetters.get(id);
      if (letter === undefined) throw new RequestError('id', `there is no dead letter "${id}"`, 'not-found');
      return letterRow(letter);
    },
  );

  app.post(
    '/api/dead-letters/replay',
    {
      bodyLimit: 256 * 1_024,
      schema: {
        summary: 'Send refused readings through ingest again',
        tags: ['dead letters'],
        body: filterBody,
        response: { 200: replayReply },
      },
    },
    async (request) => {
      const { stored, rejected } = await deadLetters.replay(request.body);
      return { stored, rejected: { ...rejected } };
    },
  );

  app.post(
    '/api/dead-letters/drop',
    {
      bodyLimit: 256 * 1_024,
      schema: {
        summary: 'Remove refused readings for good',
        tags: ['dead letters'],
        body: filterBody,
        response: { 200: dropReply },
      },
    },
    async (request) => ({ dropped: await deadLetters.drop(request.body) }),
  );
}

function letterRow(letter: DeadLetter): DeadLetterReply {
  return {
    ...letter,
    mend: isRejectionReason(letter.reason) ? REJECTION_REASONS[letter.reason] : '',
    at: isoTime(letter.at),
    at_ms: letter.at,
  };
}
