/**
 * Bringing a city in: lists of sites, gateways and devices as CSV, a manifest as YAML. Each is looked at first
 * (`dry_run=true`), then done whole or not at all; with one fault nothing is written, and every fault is named.
 */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { applyImport, getsToken, planId } from '../../../register/import/apply-import.ts';
import { IMPORT_KINDS, type ImportKind } from '../../../register/import/columns.ts';
import { type ImportFault, importFaultText } from '../../../register/import/import-fault.ts';
import { readImportTable } from '../../../register/import/import-table.ts';
import { type ImportPlan, planImport } from '../../../register/import/plan-import.ts';
import { parseManifest } from '../../../register/manifest.ts';
import { exportManifest } from '../../../register/manifest-export.ts';
import { applyManifest, planManifest } from '../../../register/manifest-plan.ts';
import { CSV_DELIMITERS } from '../../../runtime/csv-rows.ts';
import { faultText } from '../../../runtime/yaml-file.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { errorReply } from '../error-reply.ts';
import { type ImportReply, importReply, type ManifestReply, manifestReply } from '../import-replies.ts';
import { RequestError } from '../request-error.ts';

/** Some 100,000 rows. */
const MOST_BYTES = 32 * 1024 * 1024;
const MOST_SHOWN = 20;
/** A fault more or less in a file that has so many helps nobody, and the answer must stay readable. */
const MOST_FAULTS = 1_000;

const refused = errorReply.extend({
  faults: z.array(z.object({ line: z.number(), column: z.string(), value: z.string(), words: z.string() })),
});

const common = {
  dry_run: z.stringbool().default(false).describe('Only say what would change'),
  file: z.string().max(200).default('the file').describe('Its name, for the words of faults'),
};

export function importRoutes(outer: ConsoleApp, deps: ConsoleDeps): void {
  const { register } = deps;
  // Bodies other than JSON are known here only.
  outer.register(async (inner) => {
    const app = inner.withTypeProvider<ZodTypeProvider>();
    app.addContentTypeParser(
      ['text/csv', 'application/yaml'],
      { parseAs: 'buffer', bodyLimit: MOST_BYTES },
      (_request, body, done) => done(null, body),
    );

    app.post(
      '/api/import/:kind',
      {
        bodyLimit: MOST_BYTES,
        schema: {
          summary: 'Add and change sites, gateways or devices by a CSV file (text/csv)',
          description: 'New gateways get a token each, which is in the answer and never shown again.',
          tags: ['import'],
          consumes: ['text/csv'],
          params: z.strictObject({ kind: z.enum(IMPORT_KINDS) }),
          querystring: z.strictObject({
            ...common,
            delimiter: z.enum(CSV_DELIMITERS).optional(),
            ignore: z
              .union([z.string(), z.array(z.string())])
              .optional()
              .describe('Columns to pass over'),
            renew_tokens: z.stringbool().default(false).describe('New tokens for gateways that are there, too'),
            gateway_files: z.stringbool().default(false).describe('A ready gateway.yaml with each token'),
            plan: z.string().max(64).optional().describe('`plan` of the preview: refuse when it would differ now'),
          }),
          response: { 200: importReply, 400: refused },
        },
      },
      async (request, reply) => {
        const { kind } = request.params;
        const {
          dry_run,
          file,
          delimiter,
          ignore,
          renew_tokens: renewTokens,
          gateway_files,
          plan: shown,
        } = request.query;
        const ignored = ignore === undefined ? [] : [ignore].flat();
        const table = await readImportTable(kind, Readable.from([bytesOf(request.body)]), {
          delimiter,
          ignore: ignored,
        });
        if (dry_run) {
          const plan = planImport(kind, table, register);
          if (plan.faults.length > 0) return refuse(reply, file, plan.faults);
          return reply.send(replyOf(kind, plan, renewTokens));
        }
        const { plan, tokens } = await applyImport(register, deps.clock, { kind, table, renewTokens, planId: shown });
        if (plan.faults.length > 0) return refuse(reply, file, plan.faults);
        return reply.send({
          ...replyOf(kind, plan, renewTokens),
          written: true,
          tokens: [...tokens].map(([id, token]) => {
            const site = register.gateway(id)?.site ?? '';
            const text = gateway_files ? deps.gatewayFile({ id, site, url: deps.gatewayUrl, token }) : undefined;
            return { id, site, token, ...(text === undefined ? {} : { gateway_yaml: text }) };
          }),
        });
      },
    );

    app.post(
      '/api/import/manifest',
      {
        bodyLimit: MOST_BYTES,
        schema: {
          summary: 'Make the register follow a manifest (application/yaml)',
          tags: ['import'],
          consumes: ['application/yaml'],
          querystring: z.strictObject(common),
          response: { 200: manifestReply, 400: refused },
        },
      },
      async (request, reply) => {
        const { dry_run, file } = request.query;
        const result = parseManifest(bytesOf(request.body).toString('utf8'), file);
        if (!result.ok) {
          const faults = result.faults.map(({ line, field, words }) => ({ line, column: field, value: '', words }));
          return refuse(reply, file, faults, result.faults.map(faultText));
        }
        const plan = dry_run ? planManifest(register, result.value) : await applyManifest(register, result.value);
        const answer: ManifestReply = {
          written: !dry_run,
          changes: plan.changes.map(({ action, kind, id, words }) => ({ action, kind, id, words })),
          conflicts: plan.conflicts.map(({ kind, id, words }) => ({ kind, id, words })),
        };
        return reply.send(answer);
      },
    );
  });

  outer.get(
    '/api/export/manifest',
    { schema: { summary: 'The register as a manifest (YAML, without secrets)', tags: ['import'] } },
    async (_request, reply) => reply.type('application/yaml; charset=utf-8').send(exportManifest(register)),
  );
}

function replyOf(kind: ImportKind, { entries }: ImportPlan, renewTokens: boolean): ImportReply {
  const changed = entries.filter(({ action }) => action === 'change');
  const added = entries.filter(({ action }) => action === 'add');
  return {
    kind,
    written: false,
    plan: planId({ entries }),
    new: added.length,
    changed: changed.length,
    unchanged: entries.length - added.length - changed.length,
    tokens_to_make: entries.filter((entry) => getsToken(entry, renewTokens)).length,
    first_new: added.slice(0, MOST_SHOWN).map(({ line, id }) => ({ line, id })),
    first_changed: changed
      .slice(0, MOST_SHOWN)
      .map(({ line, id, fields }) => ({ line, id, fields: fields.map((field) => ({ ...field })) })),
    tokens: [],
  };
}

async function refuse(
  reply: FastifyReply,
  file: string,
  faults: readonly ImportFault[],
  lines = faults.map((fault) => importFaultText(file, fault)),
): Promise<FastifyReply> {
  const shown = lines.slice(0, MOST_FAULTS);
  if (lines.length > MOST_FAULTS) shown.push(`… and ${lines.length - MOST_FAULTS} faults more.`);
  const count = `${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}`;
  const message = `Nothing was written: ${count}.\n${shown.join('\n')}`;
  return reply
    .code(400)
    .send({ error: { code: 'bad-request', message, retry: false }, faults: faults.slice(0, MOST_FAULTS) });
}

function bytesOf(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  throw new RequestError('content-type', 'send the file as it is, as text/csv or application/yaml');
}
