/** What the figures of a site are made of, read from roll-ups: its use in intervals, and how warm it was outside. */

import type { RollUp, RollUpWidth } from '../../../contract/roll-up.ts';
import {
  type DailyTemperature,
  dailyTemperatures,
  type HourlyTemperature,
} from '../../../energy/analytics/daily-temperature.ts';
import {
  type Interval,
  intervalsOf,
  isWhollyKnown,
  type MeterRows,
  withParts,
} from '../../../energy/analytics/interval.ts';
import { type NearestStation, nearestStation, type Place } from '../../../energy/analytics/nearest-station.ts';
import type { Period } from '../../../energy/calendar.ts';
import { type Carrier, METRICS_OF } from '../../../energy/carriers.ts';
import { joined } from '../../../energy/completeness/stretches.ts';
import { scaleOf } from '../../../energy/counter-rules.ts';
import { nameOf } from '../../../energy/rollup/device-facts.ts';
import type { Site } from '../../../register/model.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { CityNow, DeviceNow } from '../city/city-now.ts';
import type { CityView } from '../city/city-view.ts';
import { countersDuring, staysAt } from '../city/site-counters.ts';
import type { ConsoleDeps } from '../console-deps.ts';

const TEMPERATURE = 'temperature_c';
const HOUR_MS = 3_600_000;
/** Incomplete days with no more than this between them are asked for together. */
const CLOSE_MS = 72 * HOUR_MS;
/** Hours around a period help to fill those that are missing at its edges. */
const FILL_MS = 6 * HOUR_MS;

export interface WeatherStation extends Place {
  readonly site: Site;
  readonly devices: readonly DeviceNow[];
}

export class AnalyticsInput {
  readonly #deps: ConsoleDeps;
  readonly #view: CityView;
  readonly #city: CityNow;

  constructor(deps: ConsoleDeps, view: CityView, city: CityNow) {
    this.#deps = deps;
    this.#view = view;
    this.#city = city;
  }

  /** The meters that count the carrier for the site at any time of the range. */
  meters(site: Site, carrier: Carrier, range: Period): DeviceNow[] {
    return countersDuring(this.#city, this.#deps.register, site.id, carrier, range);
  }

  /** One interval for each quarter hour, hour or civil day of the range. Throws StoreFailure. */
  async intervals(site: Site, carrier: Carrier, range: Period, width: RollUpWidth): Promise<Interval[]> {
    const meters = this.meters(site, carrier, range);
    const metric = METRICS_OF[carrier].counter;
    const rows = await this.#rows(metric, meters, range, width);
    const counted = meters.flatMap((meter): MeterRows[] => {
      const ofMeter = (rows.get(nameOf(meter)) ?? []).filter((row) => row.site === site.id);
      return staysAt(this.#deps.register, meter, site.id).map(({ from, to }) => ({ rows: ofMeter, from, to }));
    });
    const scale = scaleOf(metric);
    return intervalsOf(counted, { period: range, width, zone: site.zone }).map((interval) => inCounts(interval, scale));
  }

  /**
   * One interval for each civil day; quarter hours in place of a day of which something is not known, so that what is
   * missing of it is seen as missing. Throws StoreFailure.
   */
  async days(site: Site, carrier: Carrier, range: Period): Promise<Interval[]> {
    const days = await this.intervals(site, carrier, range, '1d');
    const parts: Interval[] = [];
    for (const stretch of partlyKnown(days)) parts.push(...(await this.intervals(site, carrier, stretch, '15m')));
    return withParts(days, parts);
  }

  async #rows(metric: string, meters: readonly DeviceNow[], range: Period, width: RollUpWidth) {
    if (width === '15m') return (await this.#view.reader.quarters(metric, meters, range)).rows;
    const devices = meters.map(({ gateway, device }) => ({ gateway, device }));
    return byName(await this.#deps.store.rollUps({ width, devices, metrics: [metric], ...range }));
  }

  /** The nearest place outdoors that tells a temperature; undefined without one, or when nobody knows where the site is. */
  station(site: Site): NearestStation<WeatherStation> | undefined {
    const { latitude, longitude } = site;
    if (latitude === undefined || longitude === undefined) return undefined;
    const stations = this.#deps.register.sites().flatMap((other): WeatherStation[] => {
      if (other.kind !== 'station' || other.latitude === undefined || other.longitude === undefined) return [];
      const devices = (this.#city.bySite.get(other.id) ?? []).filter(({ values }) => values.has(TEMPERATURE));
      if (devices.length === 0) return [];
      return [{ site: other, devices, latitude: other.latitude, longitude: other.longitude }];
    });
    return nearestStation({ latitude, longitude }, stations);
  }

  /** Means of the days of the range, outdoors at the station. Throws StoreFailure. */
  async temperatures(station: WeatherStation, range: Period, zone: string): Promise<readonly DailyTemperature[]> {
    const devices = station.devices.map(({ gateway, device }) => ({ gateway, device }));
    const rows = await this.#deps.store.rollUps({
      width: '1h',
      sites: [station.site.id],
      devices,
      metrics: [TEMPERATURE],
      from: range.from - FILL_MS,
      to: range.to + FILL_MS,
    });
    const hours = new Map<number, { sum: number; count: number }>();
    for (const { start, mean } of rows) {
      if (mean === null) continue;
      const hour = getOrCreate(hours, start, () => ({ sum: 0, count: 0 }));
      hour.sum += mean;
      hour.count++;
    }
    const hourly = [...hours].map(([start, { sum, count }]): HourlyTemperature => ({ start, celsius: sum / count }));
    return dailyTemperatures(hourly, range, zone);
  }
}

/** Days of which something is known and something is not; those that lie close together are read at once. */
function partlyKnown(days: readonly Interval[]): Period[] {
  const partly = days.filter((day) => day.value !== null && !isWhollyKnown(day));
  return joined(partly.map(({ start, end }) => ({ from: start, to: end + CLOSE_MS }))).map(({ from, to }) => ({
    from,
    to: to - CLOSE_MS,
  }));
}

function byName(rows: readonly RollUp[]): Map<string, RollUp[]> {
  const found = new Map<string, RollUp[]>();
  for (const row of rows) getOrCreate(found, nameOf(row), () => []).push(row);
  return found;
}

/** Without the tail of digits that adding decimals leaves. */
function inCounts(interval: Interval, scale: number): Interval {
  const whole = (amount: number) => Math.round(amount * scale) / scale;
  const { value, interpolated, estimated } = interval;
  return {
    ...interval,
    value: value === null ? null : whole(value),
    interpolated: whole(interpolated),
    estimated: whole(estimated),
  };
}
