/** Streetlights: circuits, and the lamps of one. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import { dayFrom, type Period } from '../../../energy/calendar.ts';
import { METRICS_OF } from '../../../energy/carriers.ts';
import { scaleOf } from '../../../energy/counter-rules.ts';
import type { Finding } from '../../../energy/findings/finding.ts';
import { DAY_FROM_DEG, isBurning, isLampSilent, lampState } from '../../../energy/lamp-state.ts';
import { HORIZON_DEG, sunCrossings, sunElevation } from '../../../energy/sun.ts';
import type { Site } from '../../../register/model.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { isoTime } from '../iso-time.ts';
import { type CircuitReply, circuitReply, type LightsReply, lightsReply } from '../replies-city.ts';
import { RequestError } from '../request-error.ts';
import { Breather } from './breather.ts';
import type { CityNow, DeviceNow } from './city-now.ts';
import type { CityView } from './city-view.ts';
import { ageS, rounded, sumOf } from './figures.ts';
import { lampsAt } from './findings-keeper.ts';
import { lampNow, positionOf } from './lamp-now.ts';
import { sumPeriod } from './piece-sums.ts';
import { problemRow, worstOf } from './problem-row.ts';
import { countersAt, metersAt } from './site-counters.ts';
import { countLamps, powerDevices } from './site-row.ts';
import { findSite } from './sites-route.ts';

type CircuitRow = LightsReply['circuits'][number];
const COUNTER = METRICS_OF.electricity.counter;
/** A circuit of which this share of its commanded lamps is without power is dark. */
const DARK_SHARE = 0.8;
const DAY_MS = 86_400_000;

export function lightRoutes(app: ConsoleApp, deps: ConsoleDeps, view: CityView): void {
  const circuits = (): Site[] =>
    deps.register.sites().filter(({ kind, retired }) => kind === 'streetlights' && retired !== true);

  app.get(
    '/api/lights',
    {
      schema: { summary: 'Streetlight circuits', tags: ['city'], response: { 200: lightsReply } },
    },
    async () => {
      const [city, findings] = await Promise.all([view.now.get(), view.findings.get()]);
      const now = deps.clock.now();
      const nights = await lastNights(deps, view, city, circuits(), now);
      const rows: CircuitRow[] = [];
      const breather = new Breather();
      for (const site of circuits()) {
        rows.push(circuitRow(site, city, nights.kwhBySite, findings.bySite.get(site.id) ?? []));
        await breather.breathe();
      }
      const totals = { total: 0, lit: 0, commanded: 0, failed: 0, silent: 0 };
      for (const { lamps } of rows) {
        for (const key of Object.keys(totals) as (keyof typeof totals)[]) totals[key] += lamps[key];
      }
      return { at: isoTime(now), at_ms: now, store_fault: city.fault || nights.fault, totals, circuits: rows };
    },
  );

  app.get(
    '/api/lights/:site',
    {
      schema: {
        summary: 'One circuit with its lamps',
        tags: ['city'],
        params: z.strictObject({ site: idSchema }),
        response: { 200: circuitReply },
      },
    },
    async (request) => {
      const site = findSite(deps, request.params.site);
      if (site.kind !== 'streetlights') {
        throw new RequestError('site', `"${site.id}" is a ${site.kind}; GET /api/city/sites/${site.id} shows it`);
      }
      const [city, findings] = await Promise.all([view.now.get(), view.findings.get()]);
      const now = deps.clock.now();
      const nights = await lastNights(deps, view, city, [site], now);
      const ofSite = findings.bySite.get(site.id) ?? [];
      const { problems, worst_severity, lamps, ...row } = circuitRow(site, city, nights.kwhBySite, ofSite);
      return {
        ...row,
        at: isoTime(now),
        at_ms: now,
        store_fault: city.fault || nights.fault,
        totals: lamps,
        lamps: lampsAt(city, site.id).map((lamp) => lampRow(lamp, site, city.at)),
        problems: ofSite.map(problemRow),
      };
    },
  );
}

function circuitRow(
  site: Site,
  city: CityNow,
  kwhBySite: ReadonlyMap<string, number | null>,
  findings: readonly Finding[],
): CircuitRow {
  const lamps = lampsAt(city, site.id);
  const counts = countLamps(lamps, city.at);
  const feeders = powerDevices((city.bySite.get(site.id) ?? []).filter((device) => !lamps.includes(device)));
  const fromLamps = sumOf(lamps, 'lamp_power_w', city.at);
  return {
    site: site.id,
    name: site.name,
    latitude: site.latitude ?? null,
    longitude: site.longitude ?? null,
    gateway: (feeders[0] ?? lamps[0])?.gateway ?? null,
    lamps: counts,
    power_kw: sumOf(feeders, 'active_power_kw', city.at) ?? (fromLamps === null ? null : rounded(fromLamps / 1_000)),
    expected_kw: expectedKw(lamps, city.at),
    energy_last_night_kwh: kwhBySite.get(site.id) ?? null,
    state: circuitState(site, lamps, counts, city.at),
    problems: findings.length,
    worst_severity: worstOf(findings),
  };
}

/** Nominal power at the level the lamps are told to burn (LED drivers are near-linear); null where a lamp has none. */
function expectedKw(lamps: readonly DeviceNow[], now: number): number | null {
  let watts = 0;
  for (const device of lamps) {
    const lamp = lampNow(device);
    if (device.nominalW === undefined) return null;
    if (!isLampSilent(lamp, now)) watts += (device.nominalW * (lamp.command ?? 0)) / 100;
  }
  return lamps.length === 0 ? null : rounded(watts / 1_000);
}

function circuitState(
  site: Site,
  lamps: readonly DeviceNow[],
  counts: CircuitRow['lamps'],
  now: number,
): CircuitRow['state'] {
  if (counts.total === 0 || counts.silent === counts.total) return 'silent';
  const position = positionOf(site);
  const isDay = position !== undefined && sunElevation(now, position) > DAY_FROM_DEG;
  if (counts.lit > 0 && isDay) return 'day-burning';
  const told = lamps.map(lampNow).filter((lamp) => !isLampSilent(lamp, now) && (lamp.command ?? 0) > 0);
  const dark = told.filter((lamp) => !isBurning(lamp));
  if (told.length > 1 && dark.length >= DARK_SHARE * told.length) return 'dark';
  return counts.lit > 0 ? 'lit' : 'off';
}

function lampRow(device: DeviceNow, site: Site, now: number): CircuitReply['lamps'][number] {
  const lamp = lampNow(device);
  const position = positionOf(site);
  return {
    gateway: device.gateway,
    device: device.device,
    name: device.name,
    command_percent: lamp.command ?? null,
    dim_percent: lamp.dim ?? null,
    power_w: lamp.powerW ?? null,
    nominal_w: device.nominalW ?? null,
    burn_h: device.values.get('lamp_burn_h')?.value ?? null,
    failure: lamp.failure === undefined ? null : lamp.failure >= 1,
    state: lampState(lamp, now, position === undefined ? undefined : sunElevation(now, position)),
    age_s: lamp.time === undefined ? null : ageS(lamp.time, now),
  };
}

/** What circuits took from the last sunset to the sunrise after it, or to now; one query for circuits under one sky. */
async function lastNights(
  { register }: ConsoleDeps,
  view: CityView,
  city: CityNow,
  sites: readonly Site[],
  now: number,
): Promise<{ kwhBySite: Map<string, number | null>; fault: string }> {
  const kwhBySite = new Map<string, number | null>();
  // Circuits within some kilometres have the same night but for seconds.
  const nights = new Map<string, Period | undefined>();
  const wanted = sites.flatMap((site) => {
    const sky = `${site.zone} ${site.latitude?.toFixed(1)} ${site.longitude?.toFixed(1)}`;
    if (!nights.has(sky)) nights.set(sky, lastNight(site, now));
    const night = nights.get(sky);
    const counters = countersAt(city.bySite.get(site.id) ?? [], 'electricity');
    return night === undefined || counters.length === 0 ? [] : [{ site, night, counters }];
  });
  if (wanted.length === 0) return { kwhBySite, fault: '' };
  const range = {
    from: Math.min(...wanted.map(({ night }) => night.from)),
    to: Math.max(...wanted.map(({ night }) => night.to)),
  };
  try {
    const all = wanted.flatMap(({ counters }) => counters);
    const { pieces } = await view.reader.pieces(COUNTER, all, range, wanted[0]?.site.zone ?? 'UTC');
    for (const { site, night, counters } of wanted) {
      const meters = metersAt(counters, pieces, register, site.id);
      kwhBySite.set(site.id, sumPeriod(meters, night, scaleOf(COUNTER)).value);
    }
    return { kwhBySite, fault: '' };
  } catch (error) {
    return { kwhBySite, fault: error instanceof Error ? error.message : String(error) };
  }
}

/** The newest night that is over, sunset to sunrise. In polar day and night there is none. */
function lastNight(site: Site, now: number): Period | undefined {
  const position = positionOf(site);
  if (position === undefined) return undefined;
  const from = dayFrom(now - 2 * DAY_MS, 0, site.zone);
  const crossings = sunCrossings(from, Math.floor(now / 60_000) * 60_000, position, HORIZON_DEG);
  const sunrise = crossings.findLast(({ rises }) => rises);
  const sunset = crossings.findLast(({ time, rises }) => !rises && sunrise !== undefined && time < sunrise.time);
  return sunrise === undefined || sunset === undefined ? undefined : { from: sunset.time, to: sunrise.time };
}
