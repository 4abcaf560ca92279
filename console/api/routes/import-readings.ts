/** Imported readings: batches of the wire contract, handed to ingest as if the gateway had published them. */
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { MAX_BATCH_BYTES } from '../../../contract/batch.ts';
import { IMPORT_EPOCH_PREFIX, idSchema } from '../../../contract/ids.ts';
import { LATER_REASONS } from '../../../contract/verdicts.ts';
import type { BatchOutcome } from '../../../ingest/batch-outcome.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { type ImportedBatchReply, importedBatchReply, importLimitsReply } from '../import-replies.ts';
import { RequestError } from '../request-error.ts';

/** A batch that is not settled by then is answered as pending: whoever sent it asks again, and learns why. */
const ANSWER_WITHIN_MS = 10_000;
const BATCH_TYPE = 'application/vnd.lamplighter.batch+json';
const DAY_MS = 86_400_000;

const query = z.strictObject({ gateway: idSchema });

export function importReadingsRoutes(outer: ConsoleApp, deps: ConsoleDeps): void {
  const { register, ingest, clock } = deps;

  function knownGateway(id: string) {
    const gateway = register.gateway(id);
    if (gateway !== undefined) return gateway;
    throw new RequestError('gateway', `"${id}" is not in the register; add it first`, 'not-found');
  }

  outer.get(
    '/api/import/limits',
    {
      schema: {
        summary: 'Which readings can be imported for a gateway now',
        tags: ['import'],
        querystring: query,
        response: { 200: importLimitsReply },
      },
    },
    async (request) => {
      const { id, retired } = knownGateway(request.query.gateway);
      const { retentionMs, aheadToleranceMs } = ingest.admission;
      const now = clock.now();
      return {
        gateway: id,
        retired,
        oldest_ms: now - retentionMs,
        newest_ms: now + aheadToleranceMs,
        retention_days: retentionMs / DAY_MS,
      };
    },
  );

  // The bytes go to ingest as they are: it decodes them as it decodes any other batch.
  outer.register(async (inner) => {
    const app = inner.withTypeProvider<ZodTypeProvider>();
    app.addContentTypeParser(BATCH_TYPE, { parseAs: 'buffer', bodyLimit: MAX_BATCH_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    app.post(
      '/api/import/readings',
      {
        bodyLimit: MAX_BATCH_BYTES,
        schema: {
          summary: `One batch of readings (${BATCH_TYPE}); answers when it is stored`,
          description: `As on the wire, with an epoch that begins with "${IMPORT_EPOCH_PREFIX}".`,
          tags: ['import'],
          consumes: [BATCH_TYPE],
          querystring: query,
          response: { 200: importedBatchReply },
        },
      },
      async (request) => {
        const { id } = knownGateway(request.query.gateway);
        if (!Buffer.isBuffer(request.body)) throw new RequestError('content-type', `send a batch as ${BATCH_TYPE}`);
        if (!isImport(request.body)) {
          throw new RequestError('epoch', `the epoch of an import must begin with "${IMPORT_EPOCH_PREFIX}"`);
        }
        const outcome = await within(clock, ANSWER_WITHIN_MS, ingest.takeImported(id, request.body));
        return replyOf(outcome, ingest.status().storeFault);
      },
    );
  });
}

/** Without decoding all of it: the epoch stands at its beginning, as `lamplighter import` writes it. */
function isImport(body: Buffer): boolean {
  return body.subarray(0, 100).toString('latin1').startsWith(`{"v":1,"epoch":"${IMPORT_EPOCH_PREFIX}`);
}

async function within(clock: Clock, ms: number, outcome: Promise<BatchOutcome>): Promise<BatchOutcome> {
  let cancel = (): void => {};
  const late = new Promise<BatchOutcome>((resolve) => {
    const timer = clock.after(ms, () => resolve({ kind: 'pending' }));
    cancel = () => timer.cancel();
  });
  try {
    return await Promise.race([outcome, late]);
  } finally {
    cancel();
  }
}

function replyOf(outcome: BatchOutcome, storeFault: string): ImportedBatchReply {
  const waits = storeFault === '' ? 'Too much waits for the store.' : `The store cannot be written to: ${storeFault}`;
  switch (outcome.kind) {
    case 'settled':
      return {
        outcome: 'settled',
        rejected: outcome.rejected.map(({ index, reason, detail = '' }) => ({ index, reason, detail })),
        words: '',
      };
    case 'duplicate':
      return {
        outcome: 'duplicate',
        rejected: outcome.rejected.map(([index, reason]) => ({ index, reason, detail: '' })),
        words: '',
      };
    case 'later':
      return { outcome: 'later', rejected: [], words: `${outcome.reason}: ${LATER_REASONS[outcome.reason]}` };
    case 'pending':
    case 'shed':
      return { outcome: outcome.kind, rejected: [], words: `${waits} It is asked again.` };
    case 'malformed':
      throw new RequestError('body', outcome.detail);
  }
}
