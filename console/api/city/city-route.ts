/** The city at a glance, and everything that is wrong in it. */
import { airBandOf } from '../../../contract/air-bands.ts';
import { localDate } from '../../../energy/calendar.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps, HistoryView } from '../console-deps.ts';
import { gatewayRows } from '../gateway-rows.ts';
import { isoTime } from '../iso-time.ts';
import { type CityReply, cityReply, problemsReply } from '../replies-city.ts';
import { rollUpState } from '../roll-up-state.ts';
import type { CityNow } from './city-now.ts';
import type { CityView } from './city-view.ts';
import { freshValue, percentOf, rounded, sumOf, symbolOf } from './figures.ts';
import { lampsAt } from './findings-keeper.ts';
import { problemRow } from './problem-row.ts';
import { countLamps, powerDevices } from './site-row.ts';

const NO_HISTORY: HistoryView = { state: 'none', doneReadings: 0, totalReadings: 0, oldestDay: undefined };

export function cityRoutes(app: ConsoleApp, deps: ConsoleDeps, view: CityView): void {
  app.get(
    '/api/city',
    {
      schema: {
        summary: 'The city at a glance',
        description: 'Figures that are not known are null; `store_fault` says why.',
        tags: ['city'],
        response: { 200: cityReply },
      },
    },
    async () => await cityNow(deps, view),
  );

  app.get(
    '/api/problems',
    {
      schema: {
        summary: 'What is wrong, the worst first',
        tags: ['city'],
        response: { 200: problemsReply },
      },
    },
    async () => {
      const now = deps.clock.now();
      const { all, checkedAt } = await view.findings.get();
      return {
        at: isoTime(now),
        at_ms: now,
        checked: checkedAt === undefined ? null : isoTime(checkedAt),
        problems: all.map(problemRow),
      };
    },
  );
}

async function cityNow(deps: ConsoleDeps, view: CityView): Promise<CityReply> {
  const [city, { energy, fault }, findings, rollUps] = await Promise.all([
    view.now.get(),
    view.energy(),
    view.findings.get(),
    rollUpState(deps),
  ]);
  const now = deps.clock.now();
  const { name, zone } = cityOf(deps);
  const sites = deps.register.sites().filter((site) => site.retired !== true);
  const powers = sites.flatMap(({ id }) => {
    const devices = powerDevices(city.bySite.get(id) ?? []);
    return devices.length === 0 ? [] : [sumOf(devices, 'active_power_kw', city.at)];
  });
  const reporting = powers.filter((power) => power !== null);
  const lamps = countLamps(
    sites.flatMap(({ id }) => lampsAt(city, id)),
    city.at,
  );
  const gateways = gatewayRows(deps, now).filter(({ retired }) => !retired);
  const bySeverity: Record<string, number> = {};
  for (const { severity } of findings.all) bySeverity[severity] = (bySeverity[severity] ?? 0) + 1;
  return {
    name,
    zone,
    at: isoTime(now),
    at_ms: now,
    store_fault: city.fault || fault,
    power_kw: {
      value: reporting.length === 0 ? null : rounded(reporting.reduce((sum, power) => sum + power, 0)),
      sites_reporting: reporting.length,
      sites_total: powers.length,
    },
    solar_kw: sumOf(city.devices, 'solar_power_kw', city.at),
    energy_today: {
      kwh: energy.kwh,
      coverage_percent: percentOf(energy.coveragePercent),
      same_weekday_kwh: energy.lastWeekKwh,
      change_percent: energy.changePercent === null ? null : percentOf(energy.changePercent),
    },
    lamps: {
      total: lamps.total,
      lit: lamps.lit,
      commanded: lamps.commanded,
      failed: lamps.failed,
      dark_circuits: findings.all.filter(({ kind }) => kind === 'dark-circuit').length,
    },
    air: { stations: sites.filter(({ kind }) => kind === 'station').length, worst: worstAir(deps, city) },
    gateways: {
      total: gateways.length,
      online: gateways.filter(({ state }) => state === 'online').length,
      silent: gateways.filter(({ state }) => state === 'silent' || state === 'offline').length,
    },
    problems: { total: findings.all.length, by_severity: bySeverity },
    roll_ups: rollUps,
    history: historyOf(deps, zone),
  };
}

/** The register's own word, or else the zone that most sites have. */
function cityOf({ register }: ConsoleDeps): { name: string; zone: string } {
  const city = register.city?.();
  if (city !== undefined) return city;
  const counts = new Map<string, number>();
  for (const { zone } of register.sites()) counts.set(zone, (counts.get(zone) ?? 0) + 1);
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return { name: 'City', zone: most?.[0] ?? 'UTC' };
}

/** Of the stations: the value in the worst band, and in that band the highest of its metric. */
function worstAir({ register }: ConsoleDeps, city: CityNow): CityReply['air']['worst'] {
  let worst: (NonNullable<CityReply['air']['worst']> & { rank: number }) | null = null;
  for (const { id, kind } of register.sites()) {
    if (kind !== 'station') continue;
    for (const device of city.bySite.get(id) ?? []) {
      for (const metric of device.values.keys()) {
        const value = freshValue(device, metric, city.at);
        const band = value === undefined ? undefined : airBandOf(metric, value);
        if (value === undefined || band === undefined) continue;
        const isWorse =
          worst === null ||
          band.rank > worst.rank ||
          (band.rank === worst.rank && metric === worst.metric && value > worst.value);
        if (isWorse) worst = { site: id, metric, value, unit: symbolOf(metric), band: band.id, rank: band.rank };
      }
    }
  }
  if (worst === null) return null;
  const { rank, ...told } = worst;
  return told;
}

function historyOf(deps: ConsoleDeps, zone: string): CityReply['history'] {
  const { state, doneReadings, totalReadings, oldestDay } = deps.history?.() ?? NO_HISTORY;
  return {
    state,
    done_readings: doneReadings,
    total_readings: totalReadings,
    percent: state === 'done' ? 100 : totalReadings === 0 ? 0 : percentOf((100 * doneReadings) / totalReadings),
    oldest_day: oldestDay === undefined ? null : localDate(oldestDay, zone),
  };
}
