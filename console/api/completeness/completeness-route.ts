/**
 * Start reading here: which readings are missing, and why as far as it is known.
 *
 *   devices expected (watched-devices.ts) ─ counted (reading-counts.ts) ─ explained (explained-devices.ts) ─ told
 *
 * The arithmetic is energy/completeness/; docs/completeness.md says what it means to its readers.
 */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import type { Period } from '../../../energy/calendar.ts';
import { expectedUntil } from '../../../register/retirement.ts';
import { civilInstant, resolveRange } from '../city/energy-query.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { formatParameter, sendCsv, wantsCsv } from '../csv-reply.ts';
import { deviceParameter } from '../device-pattern.ts';
import { devicesOf } from '../meter-query.ts';
import { RequestError } from '../request-error.ts';
import { daysCsv, missingCsv } from './completeness-csv.ts';
import { completenessOf } from './completeness-reply.ts';
import { explainDevices, noticed } from './explained-devices.ts';
import { countReadings, QUARTER_ROW_AFTER_MS } from './reading-counts.ts';
import { completenessReply } from './replies-completeness.ts';
import { watchedDevices } from './watched-devices.ts';

/** Days of devices that one answer may be about: a month of a city of 800 devices. */
const MOST_DEVICE_DAYS = 25_000;
const MOST_LISTED = 5_000;
/** Of a whole city the worst are enough unless more are asked for. */
const LISTED_OF_CITY = 20;
const DAY_MS = 86_400_000;

const flag = z.stringbool().default(false);

export function completenessRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  app.get(
    '/api/completeness',
    {
      schema: {
        summary: 'Which readings are missing, and why',
        description:
          'Expected by the interval of each device, compared with what is stored; each missing reading has one cause, so that causes add up to what is missing. Without site, gateway or device: the whole city, its worst devices.',
        tags: ['state'],
        querystring: z.strictObject({
          site: idSchema.optional(),
          gateway: idSchema.optional(),
          device: deviceParameter.optional(),
          from: civilInstant.prefault('-1d'),
          to: civilInstant.prefault('now'),
          missing: flag.describe('Only devices that miss readings; as CSV, a line for each missing range'),
          detail: z
            .stringbool()
            .optional()
            .describe('Days and ranges of each device; not of a whole city unless asked for'),
          limit: z.coerce.number().int().min(1).max(MOST_LISTED).optional().describe('At most so many devices'),
          format: formatParameter,
        }),
        response: { 200: completenessReply },
      },
      // Up to tens of thousands of rows of our own making: written, not checked again.
      serializerCompiler: () => JSON.stringify,
    },
    async (request, reply) => {
      const { missing, format, site, gateway, device } = request.query;
      const isCity = site === undefined && gateway === undefined && device === undefined;
      const isCsv = wantsCsv(format, request.headers.accept);
      const keys =
        devicesOf(deps, { site, gateway, device }) ??
        deps.register.devices().map((one) => ({ gateway: one.gateway, device: one.id }));
      const zone = zoneOf(deps, site ?? deps.register.gateway(gateway ?? '')?.site);
      const now = deps.clock.now();
      const period = resolveRange(request.query, now, zone);
      refuseTooMuch(keys.length, period);

      const asked = { ...period, site, now };
      const watched = watchedDevices(deps, keys, asked, await lastTimes(deps, keys));
      const gateways = [...new Set(keys.map((key) => key.gateway))];
      const seen = await noticed(deps, { gateways, ...period, rolledUpBefore: now - QUARTER_ROW_AFTER_MS });
      const counted = await countReadings(deps.store, watched, { now, unfinished: seen.evidence.unfinishedDays });
      const explained = await explainDevices(deps, counted, seen.evidence);
      const answer = completenessOf(deps, explained, seen, {
        period,
        zone,
        isDetailed: request.query.detail ?? (!isCity || isCsv),
        onlyMissing: missing,
        limit: request.query.limit ?? (isCity && !isCsv ? LISTED_OF_CITY : MOST_LISTED),
      });
      if (!isCsv) return answer;
      return sendCsv(
        reply,
        missing ? 'missing-readings' : 'completeness',
        missing ? missingCsv(answer) : daysCsv(answer),
      );
    },
  );
}

function zoneOf({ register }: ConsoleDeps, site: string | undefined): string {
  const city = register.city?.()?.zone ?? register.sites()[0]?.zone ?? 'UTC';
  return (site === undefined ? undefined : register.site(site)?.zone) ?? city;
}

function refuseTooMuch(devices: number, { from, to }: Period): void {
  const days = Math.max(1, Math.ceil((to - from) / DAY_MS));
  if (devices * days <= MOST_DEVICE_DAYS) return;
  const most = Math.max(1, Math.floor(MOST_DEVICE_DAYS / devices));
  throw new RequestError(
    'from',
    `${days} days of ${devices} devices are ${devices * days} device-days, ${MOST_DEVICE_DAYS} at most; ask for ${most} days or less at a time, or for one site`,
  );
}

/** Of devices that are retired, or whose gateway is, since nobody knows when: their newest reading by `gateway/device`. */
async function lastTimes(
  { register, store }: ConsoleDeps,
  keys: readonly { readonly gateway: string; readonly device: string }[],
): Promise<ReadonlyMap<string, number>> {
  const times = new Map<string, number>();
  for (const { gateway, device } of keys) {
    const listed = register.device(gateway, device);
    if (listed === undefined || expectedUntil(register, listed) !== Number.NEGATIVE_INFINITY) continue;
    for (const { time } of await store.latest({ gateway, device })) {
      const name = `${gateway}/${device}`;
      times.set(name, Math.max(time, times.get(name) ?? 0));
    }
  }
  return times;
}
