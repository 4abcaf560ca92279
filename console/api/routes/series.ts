/** One metric of one or several devices over time, as stored or in buckets. */
import { z } from 'zod';
import { LamplighterError } from '../../../contract/error-codes.ts';
import { type Metric, metricById } from '../../../contract/metrics.ts';
import type { Series } from '../../../store/telemetry-store.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { type Cell, toCsv } from '../csv.ts';
import { formatParameter, sendCsv, wantsCsv } from '../csv-reply.ts';
import { deviceParameter, MOST_DEVICES, matchDevices } from '../device-pattern.ts';
import { durationParameter, instantParameter, resolveInstant } from '../instant.ts';
import { isoTime } from '../iso-time.ts';
import { metricParameter } from '../metric-parameter.ts';
import { type SeriesReply, seriesReply } from '../replies.ts';
import { RequestError } from '../request-error.ts';
import { totalOf } from '../series-total.ts';
import { siteOf } from '../site-finder.ts';

const MOST_POINTS_PER_DEVICE = 50_000;
const MOST_POINTS = 500_000;
const HOLD_MS = 120_000;

const query = z.strictObject({
  metric: metricParameter,
  device: deviceParameter,
  from: instantParameter.prefault('-1h'),
  to: instantParameter.prefault('now'),
  every: durationParameter
    .optional()
    .describe('Width of a bucket, aligned to the epoch (UTC): `10s`, `15m`, `1h`; without it every stored value'),
  total: z.enum(['true', 'false']).optional().describe('Add the devices up; needs `every`'),
  format: formatParameter,
});

export function seriesRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  app.get(
    '/api/series',
    {
      schema: {
        summary: 'One metric over time',
        description: 'Empty buckets are left out, never zero.',
        tags: ['readings'],
        querystring: query,
        response: { 200: seriesReply },
      },
      // Up to half a million points of our own making: written, not checked again.
      serializerCompiler: () => JSON.stringify,
    },
    async (request, reply) => {
      const { metric, every, total, format } = request.query;
      const now = deps.clock.now();
      const from = resolveInstant(request.query.from, now);
      const to = resolveInstant(request.query.to, now);
      if (from >= to)
        throw new RequestError('from', `must lie before "to" (${isoTime(from)} is not before ${isoTime(to)})`);
      if (total === 'true' && every === undefined) throw new RequestError('total', 'needs "every", such as every=15m');

      let known: Awaited<ReturnType<typeof deps.store.latest>> = [];
      const hasStar = request.query.device.some((one) => one.gateway === undefined || one.device === undefined);
      if (hasStar) known = await deps.store.latest({ metric });
      const devices = matchDevices(request.query.device, () => known);
      if (devices.length > MOST_DEVICES) {
        throw new RequestError(
          'device',
          `names ${devices.length} devices, ${MOST_DEVICES} at most; ask for fewer at once`,
        );
      }
      const isTotal = total === 'true';
      const holdMs = Math.max(HOLD_MS, every ?? 0);
      // A sum begins with what its devices said before, or its first points would lack the slower ones.
      const readFrom = isTotal ? from - holdMs : from;
      const limit = checkSize(devices.length, readFrom, to, every);
      const wanted = { metric, devices, from: readFrom, to, every, limit };
      const found = devices.length === 0 ? [] : await readSeries(deps, wanted);
      const answer = toReply(deps, metricById.get(metric) as Metric, isTotal ? [] : found, { from, to, every });
      if (isTotal) {
        answer.total = totalOf(found, holdMs)
          // The bucket that `from` lies in began before it.
          .filter(({ time }) => time > from - (every ?? 0))
          .map(({ time, value, devices: added }) => ({ time: isoTime(time), time_ms: time, value, devices: added }));
        answer.points = answer.total.length;
      }
      if (!wantsCsv(format, request.headers.accept)) return answer;
      reply.header('x-lamplighter-from', answer.from);
      reply.header('x-lamplighter-to', answer.to);
      reply.header('x-lamplighter-points', answer.points);
      const name = `${metric}-${answer.from}-${answer.to}`;
      return sendCsv(reply, name, answer.total === undefined ? seriesCsv(answer) : totalCsv(answer)) as never;
    },
  );
}

/** The points one device may have; throws when the answer is bound to be too big. */
function checkSize(devices: number, from: number, to: number, every: number | undefined): number {
  const limit = Math.max(1, Math.min(MOST_POINTS_PER_DEVICE, Math.floor(MOST_POINTS / Math.max(1, devices))));
  if (every === undefined) return limit;
  const buckets = Math.ceil((to - from) / every) + 1;
  if (buckets <= limit) return limit;
  const enough = Math.ceil((to - from) / (limit - 1) / 1_000);
  throw new RequestError(
    'every',
    `gives up to ${buckets} points for each of ${devices} devices, ${limit} at most; choose ${enough}s or more, or a shorter range`,
  );
}

async function readSeries(
  deps: ConsoleDeps,
  wanted: Parameters<ConsoleDeps['store']['series']>[0],
): Promise<readonly Series[]> {
  try {
    return await deps.store.series(wanted);
  } catch (error) {
    if (error instanceof LamplighterError && error.code === 'bad-request') {
      throw new RequestError(wanted.every === undefined ? 'from' : 'every', error.message);
    }
    throw error;
  }
}

function toReply(
  deps: ConsoleDeps,
  metric: Metric,
  found: readonly Series[],
  range: { from: number; to: number; every: number | undefined },
): SeriesReply {
  return {
    metric: metric.id,
    label: metric.label,
    unit: metric.symbol,
    from: isoTime(range.from),
    from_ms: range.from,
    to: isoTime(range.to),
    to_ms: range.to,
    every_ms: range.every ?? null,
    points: found.reduce((sum, { points }) => sum + points.length, 0),
    series: found.map(({ gateway, device, points }) => ({
      site: siteOf(deps.register, gateway, device, range.to - 1),
      gateway,
      device,
      points: points.map(({ time, ...rest }) => ({ time: isoTime(time), time_ms: time, ...rest })),
    })),
  };
}

function seriesCsv(answer: SeriesReply): string {
  const isBucketed = answer.every_ms !== null;
  const unit = answer.unit === '' ? '' : ` (${answer.unit})`;
  const header = [
    'time (UTC)',
    'time (ms)',
    'site',
    'gateway',
    'device',
    `${answer.metric}${isBucketed ? ' mean' : ''}${unit}`,
  ];
  if (isBucketed) header.push(`min${unit}`, `max${unit}`, `last${unit}`, 'count');
  const rows: Cell[][] = [];
  for (const { site, gateway, device, points } of answer.series) {
    for (const point of points) {
      const row: Cell[] = [point.time, point.time_ms, site, gateway, device, point.value];
      if (isBucketed) row.push(point.min, point.max, point.last, point.count);
      rows.push(row);
    }
  }
  return toCsv(header, rows);
}

function totalCsv(answer: SeriesReply): string {
  const unit = answer.unit === '' ? '' : ` (${answer.unit})`;
  return toCsv(
    ['time (UTC)', 'time (ms)', `${answer.metric} total${unit}`, 'devices'],
    (answer.total ?? []).map((point) => [point.time, point.time_ms, point.value, point.devices]),
  );
}
