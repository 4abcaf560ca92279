/** Roll-ups as they are stored, row by row, and how far the worker that makes them has come. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import { metricById } from '../../../contract/metrics.ts';
import { ROLL_UP_WIDTHS, type RollUp, type RollUpWidth } from '../../../contract/roll-up.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { deviceParameter } from '../device-pattern.ts';
import { instantParameter, resolveInstant } from '../instant.ts';
import { isoTime } from '../iso-time.ts';
import { devicesOf } from '../meter-query.ts';
import { metricParameter } from '../metric-parameter.ts';
import { type RollUpRowReply, rollUpStatusReply, rollUpsReply } from '../replies-roll-ups.ts';
import { RequestError } from '../request-error.ts';
import { rollUpState } from '../roll-up-state.ts';

/** About what a page of a hundred megabytes would hold. */
const MOST_ROWS = 250_000;
const HOUR_MS = 3_600_000;
const WIDTH_MS: Readonly<Record<RollUpWidth, number>> = { '15m': HOUR_MS / 4, '1h': HOUR_MS, '1d': 24 * HOUR_MS };
/** Metrics that a device may have, where none are named. */
const METRICS_A_DEVICE = 8;

export function rollUpRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  app.get(
    '/api/roll-ups',
    {
      schema: {
        summary: 'Quarter hours, hours and civil days of series, as they are stored',
        description:
          'In rising order of start within each series and site. Periods of which nothing is known have no row.',
        tags: ['readings'],
        querystring: z.strictObject({
          width: z.enum(ROLL_UP_WIDTHS),
          site: idSchema.optional(),
          gateway: idSchema.optional(),
          device: deviceParameter.optional(),
          metric: z
            .preprocess(
              (value) => (typeof value === 'string' ? [value] : value),
              z.array(metricParameter).min(1).max(50),
            )
            .optional()
            .describe('Repeat it for several; absent for all'),
          from: instantParameter.prefault('-7d').describe('Of rows that begin from then on'),
          to: instantParameter.prefault('now').describe('… and before then'),
        }),
        response: { 200: rollUpsReply },
      },
      // Rows of our own making: written, not checked again.
      serializerCompiler: () => JSON.stringify,
    },
    async (request) => {
      const { width, site, metric: metrics, ...filter } = request.query;
      const now = deps.clock.now();
      const from = resolveInstant(request.query.from, now);
      const to = resolveInstant(request.query.to, now);
      if (from >= to) {
        throw new RequestError('from', `must lie before "to" (${isoTime(from)} is not before ${isoTime(to)})`);
      }
      const devices = devicesOf(deps, { ...filter, site });
      const series = (devices ?? deps.register.devices()).length * (metrics?.length ?? METRICS_A_DEVICE);
      const rows = series * Math.ceil((to - from) / WIDTH_MS[width]);
      if (rows > MOST_ROWS) {
        throw new RequestError(
          'from',
          `may give ${rows} rows, ${MOST_ROWS} at most; ask for less time or fewer series`,
        );
      }
      const sites = site === undefined ? undefined : [site];
      const found = await deps.store.rollUps({ width, sites, devices, metrics, from, to });
      return { width, from: isoTime(from), from_ms: from, to: isoTime(to), to_ms: to, rows: found.map(rowReply) };
    },
  );

  app.get(
    '/api/roll-ups/status',
    {
      schema: {
        summary: 'How far roll-ups are behind the readings',
        tags: ['state'],
        response: { 200: rollUpStatusReply },
      },
    },
    async () => await rollUpState(deps),
  );
}

function rowReply({ peakAt, position, coverage, start, metric, ...row }: RollUp): RollUpRowReply {
  return {
    ...row,
    metric,
    unit: metricById.get(metric)?.symbol ?? '',
    start: isoTime(start),
    start_ms: start,
    coverage_percent: coverage,
    peak_at: peakAt === null ? null : isoTime(peakAt),
  };
}
