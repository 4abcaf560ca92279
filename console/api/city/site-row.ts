/** A site as a row: what it takes now and today, and whether it is heard of. */
import type { Finding } from '../../../energy/findings/finding.ts';
import { isBurning, isLampSilent } from '../../../energy/lamp-state.ts';
import type { Site } from '../../../register/model.ts';
import { isoTime } from '../iso-time.ts';
import type { SiteRowReply } from '../replies-city.ts';
import type { CityEnergy } from './city-energy.ts';
import type { CityNow, DeviceNow } from './city-now.ts';
import { ageS, isStale, percentOf, rounded, SILENT_MS, sumOf } from './figures.ts';
import { lampsAt } from './findings-keeper.ts';
import { lampNow } from './lamp-now.ts';
import { worstOf } from './problem-row.ts';
import type { BudgetUse } from './site-budget.ts';
import { countersAt } from './site-counters.ts';

export interface LampCounts {
  readonly total: number;
  readonly lit: number;
  readonly commanded: number;
  readonly failed: number;
  readonly silent: number;
}

/** What a row is made of. */
interface SiteKnown {
  readonly city: CityNow;
  readonly energy: CityEnergy;
  readonly budgets: ReadonlyMap<string, BudgetUse>;
  readonly findings: readonly Finding[];
}

export function siteRow(site: Site, { city, energy, budgets, findings }: SiteKnown): SiteRowReply {
  const devices = city.bySite.get(site.id) ?? [];
  const powers = powerDevices(devices);
  const newest = Math.max(
    ...powers.map(({ values }) => values.get('active_power_kw')?.time ?? Number.NEGATIVE_INFINITY),
  );
  const today = energy.bySite.get(site.id);
  const lamps = lampsAt(city, site.id);
  const counts = countLamps(lamps, city.at);
  return {
    id: site.id,
    name: site.name,
    kind: site.kind,
    use: site.use ?? null,
    floor_area_m2: site.floor_area_m2 ?? null,
    latitude: site.latitude ?? null,
    longitude: site.longitude ?? null,
    zone: site.zone,
    power_kw: sumOf(powers, 'active_power_kw', city.at),
    last_reading_age_s: lastAge(devices, city.at),
    power_age_s: Number.isFinite(newest) ? ageS(newest, city.at) : null,
    energy_today_kwh: today?.today.value ?? null,
    energy_today_percent: today === undefined ? null : percentOf(today.today.coveragePercent),
    same_weekday_kwh: today?.lastWeek?.value ?? null,
    budget: budgetRow(budgets.get(site.id)),
    lamps: lamps.length === 0 ? null : { total: counts.total, lit: counts.lit, commanded: counts.commanded },
    problems: findings.length,
    worst_severity: worstOf(findings),
    state: stateOf(devices, city.at),
  };
}

/** The mains of a site, or whatever says what it takes. */
export function powerDevices(devices: readonly DeviceNow[]): DeviceNow[] {
  const mains = countersAt(devices, 'electricity').filter(({ values }) => values.has('active_power_kw'));
  return mains.length > 0 ? mains : devices.filter(({ values }) => values.has('active_power_kw'));
}

export function countLamps(lamps: readonly DeviceNow[], now: number): LampCounts {
  const counts = { total: lamps.length, lit: 0, commanded: 0, failed: 0, silent: 0 };
  for (const device of lamps) {
    const lamp = lampNow(device);
    if ((lamp.failure ?? 0) >= 1) counts.failed++;
    if (isLampSilent(lamp, now)) {
      counts.silent++;
      continue;
    }
    if (isBurning(lamp)) counts.lit++;
    if ((lamp.command ?? 0) > 0) counts.commanded++;
  }
  return counts;
}

function lastAge(devices: readonly DeviceNow[], now: number): number | null {
  const newest = Math.max(...devices.map(({ lastTime }) => lastTime));
  return Number.isFinite(newest) ? ageS(newest, now) : null;
}

function budgetRow(use: BudgetUse | undefined): SiteRowReply['budget'] {
  if (use === undefined) return null;
  const { fiscalYear, year, budgetKwh, usedKwh, allowedKwh, knownMs, percent } = use;
  return {
    fiscal_year: fiscalYear,
    from: isoTime(year.from),
    from_ms: year.from,
    to: isoTime(year.to),
    to_ms: year.to,
    budget_kwh: budgetKwh,
    used_kwh: rounded(usedKwh),
    allowed_kwh: rounded(allowedKwh),
    known_days: rounded(knownMs / 86_400_000),
    percent: percent === null ? null : percentOf(percent),
  };
}

function stateOf(devices: readonly DeviceNow[], now: number): SiteRowReply['state'] {
  const newest = Math.max(...devices.map(({ lastTime }) => lastTime));
  if (!Number.isFinite(newest)) return 'never';
  const isLive = devices.some((device) =>
    [...device.values.values()].some((value) => value.time === device.lastTime && !isStale(device, value, now)),
  );
  if (isLive) return 'live';
  return now - newest > SILENT_MS ? 'silent' : 'stale';
}
