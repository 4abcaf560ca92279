/** What counters did besides counting: resets, gaps, swaps, glitches … */
import { z } from 'zod';
import { METER_EVENT_KINDS, type MeterEvent, type MeterEventKey } from '../../../contract/roll-up.ts';
import { siteAt } from '../../../register/register-view.ts';
import { civilInstant, resolveRange } from '../city/energy-query.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { toCsv } from '../csv.ts';
import { formatParameter, sendCsv, wantsCsv } from '../csv-reply.ts';
import { isoTime } from '../iso-time.ts';
import { devicesOf, isAtSite, type MeterFilter, meterParameters, pageOf } from '../meter-query.ts';
import { eventRow } from '../meter-rows.ts';
import { type MeterEventReply, meterEventsReply } from '../replies-meters.ts';
import { RequestError } from '../request-error.ts';

/** Two years and a day, as for consumption. */
const MOST_DAYS = 732;
const DAY_MS = 86_400_000;

export function meterRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  const { register } = deps;

  app.get(
    '/api/meters/events',
    {
      schema: {
        summary: 'What counters did besides counting: resets, gaps, swaps, glitches …',
        description: 'Newest first, each with what was booked and with the decision of a person that holds for it.',
        tags: ['meters'],
        querystring: z.strictObject({
          ...meterParameters,
          kind: z
            .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.enum(METER_EVENT_KINDS)))
            .optional()
            .describe('Repeat it for several'),
          from: civilInstant.prefault('-31d'),
          to: civilInstant.prefault('now'),
          format: formatParameter,
        }),
        response: { 200: meterEventsReply },
      },
    },
    async (request, reply) => {
      const { kind: kinds, after, limit, format, ...filter } = request.query;
      const now = deps.clock.now();
      const { from, to } = resolveRange(request.query, now, zoneOf(deps, filter));
      if (to - from > MOST_DAYS * DAY_MS) {
        throw new RequestError('from', `is more than ${MOST_DAYS} days before "to"; ask for less at a time`);
      }
      const found = (await eventsOf(deps, filter, from, to)).filter(({ kind }) => kinds?.includes(kind) ?? true);
      const { rows, next } = pageOf(found, after, limit);
      const decisions = new Map(register.decisions().map((decision) => [seriesText(decision), decision]));
      const events = rows.map((event) => eventRow(register, event, decisions.get(seriesText(event))));
      if (wantsCsv(format, request.headers.accept)) return sendCsv(reply, 'meter-events', eventsCsv(events));
      const by_kind: Record<string, number> = {};
      for (const { kind } of found) by_kind[kind] = (by_kind[kind] ?? 0) + 1;
      return {
        from: isoTime(from),
        from_ms: from,
        to: isoTime(to),
        to_ms: to,
        total: found.length,
        by_kind,
        events,
        next,
      };
    },
  );
}

/** In which a day begins: of the site, of where the only device stands, or of the city. */
function zoneOf({ register, clock }: ConsoleDeps, { site, device: [only, another] = [] }: MeterFilter): string {
  const isOne = only?.gateway !== undefined && only.device !== undefined && another === undefined;
  const listed = isOne ? register.device(only.gateway as string, only.device as string) : undefined;
  const place = site ?? (listed === undefined ? '' : siteAt(listed, clock.now()));
  return register.site(place)?.zone ?? register.city?.()?.zone ?? register.sites()[0]?.zone ?? 'UTC';
}

async function eventsOf(deps: ConsoleDeps, filter: MeterFilter, from: number, to: number): Promise<MeterEvent[]> {
  const devices = devicesOf(deps, filter);
  if (devices?.length === 0) return [];
  const metrics = filter.metric === undefined ? undefined : [filter.metric];
  const events = await deps.store.meterEvents({ devices, metrics, from, to });
  return events.filter((event) => isAtSite(deps, filter.site, event));
}

function seriesText({ gateway, device, metric, at }: MeterEventKey): string {
  return `${gateway}/${device}/${metric}/${at}`;
}

function eventsCsv(events: readonly MeterEventReply[]): string {
  const header = [
    'site',
    'gateway',
    'device',
    'metric',
    'kind',
    'from (UTC)',
    'at (UTC)',
    'at (site)',
    'before',
    'after',
    'booked',
    'unit',
    'decided by',
    'words',
  ];
  const rows = events.map((row) => [
    row.site,
    row.gateway,
    row.device,
    row.metric,
    row.kind,
    row.from,
    row.at,
    row.at_local,
    row.before,
    row.after,
    row.booked,
    row.unit,
    row.decided_by,
    row.words,
  ]);
  return toCsv(header, rows);
}
