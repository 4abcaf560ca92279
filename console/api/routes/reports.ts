/** Reports as documents: the monthly energy of a site. */
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import { localIso } from '../../../energy/calendar.ts';
import { type EnergyReport, energyReport } from '../../../reports/energy-report.ts';
import { energyReportCsv } from '../../../reports/energy-report-csv.ts';
import { REPORT_PARTS } from '../../../reports/energy-report-tables.ts';
import { energyReportXlsx } from '../../../reports/energy-report-xlsx.ts';
import { readEnergyReport } from '../../../reports/read-energy-report.ts';
import { OWN_TABLES } from '../../../reports/reference-tables.ts';
import { lastFullMonth, reportedPart, wholeMonth } from '../../../reports/report-month.ts';
import { Breather } from '../city/breather.ts';
import { Semaphore } from '../city/semaphore.ts';
import { findSite } from '../city/sites-route.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { wantsCsv } from '../csv-reply.ts';
import { energyReportReplyOf } from '../energy-report-reply.ts';
import { energyReportReply } from '../replies-reports.ts';
import { RequestError } from '../request-error.ts';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
/** As eGRID uses them. */
const DEFAULT_GWP = 'AR5';

const query = z.strictObject({
  site: idSchema,
  month: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-10')
    .optional()
    .describe('Civil month of the site, such as `2026-10`; the last one that is over when left out'),
  format: z.enum(['json', 'csv', 'xlsx']).optional().describe('JSON when left out; CSV also by `Accept: text/csv`'),
  part: z.enum(REPORT_PARTS).default('days').describe('Of CSV: which of the tables'),
  gwp: z.string().max(100).default(DEFAULT_GWP).describe('Global warming potentials: AR4, AR5, AR6'),
});

export function reportRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  // One at a time: many months asked for at once must not crowd out what is live.
  const turns = new Semaphore(1);

  app.get(
    '/api/reports/energy',
    {
      schema: {
        summary: 'The energy of a site in a month: consumption, cost, peak, emissions, completeness',
        description:
          'A figure that is not known is null, with the reason beside it, never 0. As XLSX a workbook; as CSV one of its tables.',
        tags: ['reports'],
        querystring: query,
        response: { 200: energyReportReply },
      },
    },
    async (request, reply) => {
      const { part } = request.query;
      const isCsv =
        request.query.format === 'csv' ||
        (request.query.format === undefined && wantsCsv(undefined, request.headers.accept));
      return await turns.run(async () => {
        const report = await reportOf(deps, request.query);
        const name = `${report.site.id}-${report.month}`;
        // What there is in it, for who asks for many and keeps those with something inside.
        reply.header('x-lamplighter-carriers', report.carriers.map(({ carrier }) => carrier).join(' '));
        if (request.query.format === 'xlsx')
          return send(reply, `${name}.xlsx`, XLSX, await energyReportXlsx(report)) as never;
        if (!isCsv) {
          reply.header('content-disposition', `inline; filename="${name}.json"`);
          return energyReportReplyOf(report);
        }
        const file = part === 'days' ? `${name}.csv` : `${name}-${part}.csv`;
        return send(reply, file, 'text/csv; charset=utf-8; header=present', energyReportCsv(report, part)) as never;
      });
    },
  );
}

async function reportOf(deps: ConsoleDeps, asked: z.output<typeof query>): Promise<EnergyReport> {
  const site = findSite(deps, asked.site);
  const now = deps.clock.now();
  const month = asked.month ?? lastFullMonth(now, site.zone);
  const whole = wholeMonth(month, site.zone);
  if (whole === undefined) throw new RequestError('month', `"${month}" is no month such as 2026-10`);
  const { from, to } = reportedPart(whole, now);
  if (from >= to) {
    throw new RequestError(
      'month',
      `${month} has not begun at the site, where it is ${localIso(now, site.zone)}; choose an earlier one`,
    );
  }
  const tables = deps.tables?.() ?? OWN_TABLES;
  if (!tables.gwps.some(({ id }) => id === asked.gwp)) {
    throw new RequestError(
      'gwp',
      `"${asked.gwp}" is not known; there are ${tables.gwps.map(({ id }) => id).join(', ')}`,
    );
  }
  const { register, store, version } = deps;
  const wanted = { site, month, whole, gwp: asked.gwp, now, version };
  const input = await readEnergyReport({ register, store, tables }, wanted);
  const breather = new Breather();
  return await energyReport(input, () => breather.breathe());
}

function send(reply: FastifyReply, file: string, type: string, body: string | Buffer): FastifyReply {
  return reply
    .type(type)
    .header('content-disposition', `attachment; filename="${file}"`)
    .serializer((payload: unknown) => payload as string)
    .send(body);
}
