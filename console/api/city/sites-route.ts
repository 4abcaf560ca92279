/** All sites as rows, and one site with its meters, rooms and gateways. */
import { z } from 'zod';
import { airBandOf } from '../../../contract/air-bands.ts';
import { idSchema } from '../../../contract/ids.ts';
import { today } from '../../../energy/calendar.ts';
import { CARRIERS, METRICS_OF, unitOf } from '../../../energy/carriers.ts';
import { scaleOf } from '../../../energy/counter-rules.ts';
import { nameOf } from '../../../energy/rollup/device-facts.ts';
import type { Site } from '../../../register/model.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { gatewayRows } from '../gateway-rows.ts';
import { isoTime } from '../iso-time.ts';
import { type CitySiteReply, citySiteReply, citySitesReply } from '../replies-city.ts';
import { RequestError } from '../request-error.ts';
import type { DeviceNow } from './city-now.ts';
import type { CityView } from './city-view.ts';
import { ageS, percentOf, symbolOf } from './figures.ts';
import { sumPeriod } from './piece-sums.ts';
import { problemRow } from './problem-row.ts';
import { siteRow } from './site-row.ts';

type MeterRow = CitySiteReply['meters'][number];

export function siteRoutes(app: ConsoleApp, deps: ConsoleDeps, view: CityView): void {
  app.get(
    '/api/city/sites',
    {
      schema: {
        summary: 'All sites with what they take now and today',
        tags: ['city'],
        response: { 200: citySitesReply },
      },
    },
    async () => {
      const [city, { energy, fault }, { budgets, fault: budgetFault }, findings] = await Promise.all([
        view.now.get(),
        view.energy(),
        view.budgets(),
        view.findings.get(),
      ]);
      const now = deps.clock.now();
      const sites = deps.register
        .sites()
        .filter((site) => site.retired !== true)
        .map((site) => siteRow(site, { city, energy, budgets, findings: findings.bySite.get(site.id) ?? [] }));
      return { at: isoTime(now), at_ms: now, store_fault: city.fault || fault || budgetFault, sites };
    },
  );

  app.get(
    '/api/city/sites/:id',
    {
      schema: {
        summary: 'One site with its meters, rooms and gateways',
        tags: ['city'],
        params: z.strictObject({ id: idSchema }),
        response: { 200: citySiteReply },
      },
    },
    async (request) => {
      const site = findSite(deps, request.params.id);
      const [city, { energy, fault }, { budgets, fault: budgetFault }, findings] = await Promise.all([
        view.now.get(),
        view.energy(),
        view.budgets(),
        view.findings.get(),
      ]);
      const now = deps.clock.now();
      const ofSite = findings.bySite.get(site.id) ?? [];
      const { problems, ...row } = siteRow(site, { city, energy, budgets, findings: ofSite });
      const devices = city.bySite.get(site.id) ?? [];
      const gatewayIds = new Set(devices.map(({ gateway }) => gateway));
      const meters = await meterRows(view, site, devices, now);
      return {
        ...row,
        at: isoTime(now),
        at_ms: now,
        store_fault: city.fault || fault || budgetFault || meters.fault,
        address: site.address ?? null,
        contract_demand_kw: site.contract_demand_kw ?? null,
        schedule: site.schedule === undefined ? null : { ...site.schedule, days: [...site.schedule.days] },
        meters: meters.rows,
        rooms: devices.filter(({ values }) => isRoom(values)).map((device) => roomRow(device, now)),
        gateways: gatewayRows(deps, now).filter(({ id, site: at }) => at === site.id || gatewayIds.has(id)),
        problems: ofSite.map(problemRow),
      };
    },
  );
}

/** Throws `not-found`. */
export function findSite({ register }: ConsoleDeps, id: string): Site {
  const site = register.site(id);
  if (site !== undefined) return site;
  throw new RequestError('site', `"${id}" is not in the register; GET /api/sites lists them`, 'not-found');
}

async function meterRows(
  view: CityView,
  site: Site,
  devices: readonly DeviceNow[],
  now: number,
): Promise<{ rows: MeterRow[]; fault: string }> {
  const range = today(now, site.zone);
  let fault = '';
  const rows = await Promise.all(
    CARRIERS.filter((carrier) => carrier !== 'lighting').map(async (carrier): Promise<MeterRow[]> => {
      const { counter, rate } = METRICS_OF[carrier];
      const meters = devices.filter(({ values }) => values.has(counter));
      const counted = await view.reader.pieces(counter, meters, range, site.zone).catch((error: unknown) => {
        fault = error instanceof Error ? error.message : String(error);
        return undefined;
      });
      return meters.map((meter) => {
        const pieces = counted?.pieces.get(nameOf(meter));
        const sum = pieces === undefined ? undefined : sumPeriod([{ pieces }], range, scaleOf(counter));
        return {
          gateway: meter.gateway,
          device: meter.device,
          name: meter.name,
          kind: meter.kind ?? null,
          carrier,
          power: rate === undefined ? null : valueNow(meter, rate, now),
          counter: valueNow(meter, counter, now),
          today:
            sum === undefined
              ? null
              : { value: sum.value, unit: unitOf(carrier), coverage_percent: percentOf(sum.coveragePercent) },
        };
      });
    }),
  );
  return { rows: rows.flat(), fault };
}

function valueNow({ values }: DeviceNow, metric: string, now: number): MeterRow['power'] {
  const known = values.get(metric);
  if (known === undefined) return null;
  const { value, time } = known;
  return { metric, value, unit: symbolOf(metric), time_ms: time, age_s: ageS(time, now) };
}

export function isRoom(values: DeviceNow['values']): boolean {
  return values.has('co2_ppm') || values.has('temperature_c') || values.has('humidity_percent');
}

export function roomRow(device: DeviceNow, now: number): CitySiteReply['rooms'][number] {
  const { gateway, device: id, name, values, lastTime } = device;
  const co2 = values.get('co2_ppm')?.value ?? null;
  return {
    gateway,
    device: id,
    name,
    temperature_c: values.get('temperature_c')?.value ?? null,
    humidity_percent: values.get('humidity_percent')?.value ?? null,
    co2_ppm: co2,
    co2_band: co2 === null ? null : (airBandOf('co2_ppm', co2)?.id ?? null),
    age_s: Number.isFinite(lastTime) ? ageS(lastTime, now) : null,
  };
}
