/** What people decide about counters instead of the rules, and the record of it. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import type { DecisionKey } from '../../../register/decisions.ts';
import { METER_DECISIONS, meterDecisionSchema } from '../../../register/model.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { toCsv } from '../csv.ts';
import { formatParameter, sendCsv, wantsCsv } from '../csv-reply.ts';
import { mustBeStored, targetOf } from '../decision-target.ts';
import { devicesOf, isAtSite, type MeterFilter, meterParameters, pageOf } from '../meter-query.ts';
import { decisionRow, recordRow } from '../meter-rows.ts';
import {
  type DecisionRecordReply,
  type DecisionReply,
  decisionHistoryReply,
  decisionRecordReply,
  decisionsReply,
} from '../replies-meters.ts';

const { last, first, estimate, who, why } = meterDecisionSchema.shape;

const targetFields = {
  gateway: idSchema,
  device: idSchema,
  metric: z.string().min(1).max(64).describe('A counter of the catalogue'),
  at: z
    .union([z.int(), z.string().min(1).max(60)], 'must be epoch milliseconds or a time such as 2026-05-04T12:00')
    .describe('Of the later value: epoch milliseconds, ISO 8601 with an offset, or the local time at the site'),
};

export function meterDecisionRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  const { register } = deps;

  app.get(
    '/api/meters/decisions',
    {
      schema: {
        summary: 'What people decided about counters, and still holds',
        tags: ['meters'],
        querystring: z.strictObject({ ...meterParameters, format: formatParameter }),
        response: { 200: decisionsReply },
      },
    },
    async (request, reply) => {
      const { after, limit, format, ...filter } = request.query;
      const found = register.decisions().filter(wanted(deps, filter));
      const { rows, next } = pageOf(found, after, limit);
      const decisions = rows.map((row) => decisionRow(register, row));
      if (wantsCsv(format, request.headers.accept)) return sendCsv(reply, 'meter-decisions', csvOf(decisions));
      return { total: found.length, decisions, next };
    },
  );

  app.get(
    '/api/meters/decisions/history',
    {
      schema: {
        summary: 'Everything that was ever decided about counters or withdrawn, newest first: by whom, when and why',
        tags: ['meters'],
        querystring: z.strictObject({
          ...meterParameters,
          after: z.coerce.number().int().min(1).optional().describe('`next` of the page before'),
          format: formatParameter,
        }),
        response: { 200: decisionHistoryReply },
      },
    },
    async (request, reply) => {
      const { after, limit, format, ...filter } = request.query;
      const found = register.decisionHistory().filter(wanted(deps, filter)).toReversed();
      const left = found.filter(({ number }) => after === undefined || number < after);
      const page = left.slice(0, limit);
      const decisions = page.map((record) => recordRow(register, record));
      if (wantsCsv(format, request.headers.accept)) return sendCsv(reply, 'meter-decisions', csvOf(decisions));
      return { total: found.length, decisions, next: left.length > limit ? (page.at(-1)?.number ?? null) : null };
    },
  );

  app.post(
    '/api/meters/decisions',
    {
      schema: {
        summary: 'Decide what happened between two values of a counter',
        description:
          'It takes the place of an earlier decision about the same value. What depends on it is counted again within a minute.',
        tags: ['meters'],
        body: z.strictObject({ ...targetFields, decision: z.enum(METER_DECISIONS), last, first, estimate, who, why }),
        response: { 201: decisionRecordReply },
      },
    },
    async (request, reply) => {
      const target = targetOf(deps, request.body);
      await mustBeStored(deps, target);
      const record = await register.putDecision({ ...request.body, ...target });
      return reply.code(201).send(recordRow(register, record));
    },
  );

  app.post(
    '/api/meters/decisions/withdraw',
    {
      schema: {
        summary: 'Withdraw a decision: the rules say again what happened',
        description: 'The decision stays on record, with who withdrew it and why.',
        tags: ['meters'],
        body: z.strictObject({ ...targetFields, who, why }),
        response: { 200: decisionRecordReply },
      },
    },
    async (request) => {
      const { who: by, why: reason } = request.body;
      const record = await register.withdrawDecision(targetOf(deps, request.body), { who: by, why: reason });
      return recordRow(register, record);
    },
  );
}

function wanted(deps: ConsoleDeps, filter: MeterFilter): (key: DecisionKey) => boolean {
  const named = devicesOf(deps, filter);
  const devices = named && new Set(named.map(({ gateway, device }) => `${gateway}/${device}`));
  return (key) =>
    (devices?.has(`${key.gateway}/${key.device}`) ?? true) &&
    (filter.metric ?? key.metric) === key.metric &&
    isAtSite(deps, filter.site, key);
}

function csvOf(decisions: readonly (DecisionReply | DecisionRecordReply)[]): string {
  const header = [
    'site',
    'gateway',
    'device',
    'metric',
    'at (UTC)',
    'at (site)',
    'decision',
    'last',
    'first',
    'estimate',
    'unit',
    'who',
    'why',
    'decided (UTC)',
  ];
  const rows = decisions.map((row) => [
    row.site,
    row.gateway,
    row.device,
    row.metric,
    row.at,
    row.at_local,
    row.decision,
    row.last,
    row.first,
    row.estimate,
    row.unit,
    row.who,
    row.why,
    row.decided,
  ]);
  return toCsv(header, rows);
}
