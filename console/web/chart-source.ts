/** What the chart can show, and what it shows at first: the city's power, as its main meters measure it. */
import { metricById } from '../../contract/metrics.ts';
import type { City } from './city.ts';
import { labelOf, unitOf } from './formatters.ts';

/** A metric and which devices: `gateway/device`, or with a star the sum of several. */
export interface ChartSource {
  readonly metric: string;
  readonly device: string;
}

export const MAIN_METERS = '*/main-meter';
export const ALL_DEVICES = '*/*';

/** UCUM units whose sum over devices means something. */
const ADDS_UP = new Set(['kW', 'W', 'kV.A{reactive}', 'm3/h']);

export function isTotal(source: ChartSource): boolean {
  return source.device.startsWith('*');
}

export function isPartOf(source: ChartSource, value: { gateway: string; device: string; metric: string }): boolean {
  if (value.metric !== source.metric) return false;
  if (source.device === ALL_DEVICES) return true;
  if (source.device === MAIN_METERS) return value.device === 'main-meter';
  return source.device === `${value.gateway}/${value.device}`;
}

/** Metrics that have values, in order of their label. */
export function metricChoices(city: City): { id: string; label: string }[] {
  const ids = new Set<string>();
  for (const { metric } of city.valueByKey.values()) ids.add(metric);
  return [...ids]
    .map((id) => ({ id, label: unitOf(id) === '' ? labelOf(id) : `${labelOf(id)} (${unitOf(id)})` }))
    .sort((one, other) => one.label.localeCompare(other.label));
}

/** Sums first where they mean something, then each device. */
export function deviceChoices(city: City, metric: string): { id: string; label: string }[] {
  const devices: { id: string; label: string }[] = [];
  let mainMeters = 0;
  for (const value of city.valueByKey.values()) {
    if (value.metric !== metric) continue;
    if (value.device === 'main-meter') mainMeters++;
    devices.push({
      id: `${value.gateway}/${value.device}`,
      label: `${city.siteName(value.site) ?? value.gateway} · ${value.device}`,
    });
  }
  devices.sort((one, other) => one.label.localeCompare(other.label));
  if (!ADDS_UP.has(metricById.get(metric)?.unit ?? '') || devices.length < 2) return devices;
  // Sub-meters measure again what a main meter has measured, so the sum of all is offered only without main meters.
  const sum =
    mainMeters > 0
      ? { id: MAIN_METERS, label: 'All main meters, added up' }
      : { id: ALL_DEVICES, label: 'All devices, added up' };
  return [sum, ...devices];
}

export function firstSource(city: City): ChartSource | undefined {
  const metrics = metricChoices(city);
  const metric = metrics.find(({ id }) => id === 'active_power_kw')?.id ?? metrics[0]?.id;
  if (metric === undefined) return undefined;
  const device = deviceChoices(city, metric)[0]?.id;
  return device === undefined ? undefined : { metric, device };
}
