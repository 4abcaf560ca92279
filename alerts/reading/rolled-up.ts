/** Air, counters and events of meters, from roll-ups. Each throws StoreFailure. */
import { metricById } from '../../contract/metrics.ts';
import type { RollUp } from '../../contract/roll-up.ts';
import { dayFrom, type Period, startOfDay } from '../../energy/calendar.ts';
import { type Carrier, METRICS_OF, unitOf } from '../../energy/carriers.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import type { QuarterSeries, ResetInput } from '../../energy/findings/finding.ts';
import { RESETS_SHOWN_DAYS } from '../../energy/findings/meter-reset.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { siteAt } from '../../register/register-view.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import { type CounterHour, type CounterInput, hasMoved } from '../alert-inputs.ts';
import type { LatestDevice } from './latest-city.ts';

const HOUR_MS = 4 * QUARTER_MS;
const DAY_MS = 24 * HOUR_MS;
/** With 26 hours of two metrics some 5,000 rows. */
const DEVICES_AT_ONCE = 100;
/** What is fed into the grid stands still on every dark day, and lamps are counted by their circuit's meter. */
const WATCHED: readonly Carrier[] = ['electricity', 'solar', 'gas', 'water', 'heat'];
const RESETTING: readonly Carrier[] = ['electricity', 'export', 'solar', 'gas', 'water', 'heat'];
const COUNTER_HOURS = 26;
const COUNTER_DAYS = 7;
/** An hour is rolled up within this time after its end. */
const GRACE_MS = 10 * 60_000;

type Store = Pick<RollUpStore, 'rollUps' | 'meterEvents'>;

/** Quarter-hour means of a gauge over the time back from now, by `gateway/device`. */
export async function gaugeQuarters(
  store: Store,
  metric: string,
  devices: readonly LatestDevice[],
  now: number,
  backMs: number,
): Promise<ReadonlyMap<string, QuarterSeries>> {
  const firstSlot = Math.floor((now - backMs) / QUARTER_MS);
  const length = Math.ceil(backMs / QUARTER_MS) + 1;
  const all = new Map<string, QuarterSeries>();
  for (const device of devices)
    all.set(nameOf(device), { firstSlot, values: new Float64Array(length).fill(Number.NaN) });
  for (let first = 0; first < devices.length; first += DEVICES_AT_ONCE) {
    const rows = await store.rollUps({
      width: '15m',
      devices: devices.slice(first, first + DEVICES_AT_ONCE),
      metrics: [metric],
      from: firstSlot * QUARTER_MS,
      to: now,
    });
    for (const row of rows) {
      const values = all.get(nameOf(row))?.values;
      if (values !== undefined && row.mean !== null) values[row.start / QUARTER_MS - firstSlot] = row.mean;
    }
  }
  return all;
}

/** Mean outdoor temperature of each hour, over all stations, by the beginning of the hour. */
export async function outdoorHours(
  store: Store,
  stations: readonly LatestDevice[],
  { from, to }: Period,
): Promise<ReadonlyMap<number, number>> {
  const sums = new Map<number, { sum: number; count: number }>();
  if (stations.length === 0) return new Map();
  for (const { start, mean } of await store.rollUps({
    width: '1h',
    devices: stations,
    metrics: ['temperature_c'],
    from,
    to,
  })) {
    if (mean === null) continue;
    const known = getOrCreate(sums, start, () => ({ sum: 0, count: 0 }));
    known.sum += mean;
    known.count++;
  }
  return new Map([...sums].map(([start, { sum, count }]) => [start, sum / count]));
}

export function meanOver(hours: ReadonlyMap<number, number>, { from, to }: Period): number | null {
  let [sum, count] = [0, 0];
  for (let start = Math.floor(from / HOUR_MS) * HOUR_MS; start < to; start += HOUR_MS) {
    const mean = hours.get(start);
    if (mean === undefined) continue;
    sum += mean;
    count++;
  }
  return count === 0 ? null : sum / count;
}

/** Every counter that answered lately, with its last hours and days. */
export async function counterInputs(
  store: Store,
  register: RegisterView,
  devices: readonly LatestDevice[],
  now: number,
): Promise<CounterInput[]> {
  const end = Math.floor((now - GRACE_MS) / HOUR_MS) * HOUR_MS;
  const begin = end - COUNTER_HOURS * HOUR_MS;
  // Most of a large fleet's counters may be new: what is known of none is the same for all of them.
  const noHours = hoursFrom([], '', begin, end);
  const inputs: CounterInput[] = [];
  for (const carrier of WATCHED) {
    const { counter, rate } = METRICS_OF[carrier];
    const counting = devices.filter(({ metrics }) => metrics.has(counter));
    for (let first = 0; first < counting.length; first += DEVICES_AT_ONCE) {
      const some = counting.slice(first, first + DEVICES_AT_ONCE);
      const metrics = rate === undefined ? [counter] : [counter, rate];
      const hours = await store.rollUps({ width: '1h', devices: some, metrics, from: begin, to: end });
      const days = await store.rollUps({
        width: '1d',
        devices: some,
        metrics: [counter],
        from: begin - (COUNTER_DAYS + 2) * DAY_MS,
        to: begin,
      });
      const hoursOf = grouped(hours);
      const daysOf = grouped(days);
      for (const device of some) {
        const name = nameOf(device);
        const site = register.site(device.site);
        const zone = site?.zone ?? 'UTC';
        const known = hoursOf.get(name);
        inputs.push({
          site: device.site,
          siteName: site?.name ?? device.gateway,
          zone,
          gateway: device.gateway,
          device: device.device,
          name: device.name,
          metric: counter,
          unit: unitOf(carrier),
          step: 10 ** -(metricById.get(counter)?.decimals ?? 0),
          hours: known === undefined ? noHours : hoursFrom(known, counter, begin, end),
          days: wholeDaysBefore(daysOf.get(name) ?? [], begin, zone),
        });
      }
    }
  }
  return inputs;
}

function hoursFrom(rows: readonly RollUp[], counter: string, begin: number, end: number): CounterHour[] {
  const counted = new Map(rows.filter(({ metric }) => metric === counter).map((row) => [row.start, row]));
  const gauged = new Map(rows.filter(({ metric }) => metric !== counter).map((row) => [row.start, row]));
  const hours: CounterHour[] = [];
  for (let start = begin; start < end; start += HOUR_MS) {
    const row = counted.get(start);
    hours.push({
      start,
      used: row?.consumption ?? null,
      coverage: row?.coverage ?? 0,
      rate: gauged.get(start)?.mean ?? null,
    });
  }
  return hours.slice(Math.max(0, hours.findLastIndex(hasMoved)));
}

/** What was counted on the last whole days before the hours that are looked at; a day's parts at two sites are added. */
function wholeDaysBefore(rows: readonly RollUp[], begin: number, zone: string): number[] {
  const before = startOfDay(begin, zone);
  const byDay = new Map<number, number>();
  for (const { start, consumption } of rows) {
    if (start >= before || consumption === null) continue;
    byDay.set(start, (byDay.get(start) ?? 0) + consumption);
  }
  const from = dayFrom(before, -COUNTER_DAYS, zone);
  return [...byDay]
    .filter(([start]) => start >= from)
    .sort(([one], [other]) => one - other)
    .map(([, used]) => used);
}

export async function resetInputs(store: Store, register: RegisterView, now: number): Promise<ResetInput[]> {
  const resets: ResetInput[] = [];
  const carrierOf = new Map(RESETTING.map((carrier) => [METRICS_OF[carrier].counter, carrier]));
  const events = await store.meterEvents({
    metrics: [...carrierOf.keys()],
    from: now - RESETS_SHOWN_DAYS * DAY_MS,
    to: now + HOUR_MS,
  });
  for (const { kind, gateway, device, metric, at, before, after, decidedBy } of events) {
    // A person who decided has seen it.
    if (kind !== 'reset' || decidedBy === 'person') continue;
    // One meter that was reset tells it of each of its counters: the first is enough.
    if (resets.some((reset) => nameOf(reset) === `${gateway}/${device}` && Math.abs(reset.at - at) < QUARTER_MS))
      continue;
    const listed = register.device(gateway, device);
    if (listed?.retired === true) continue;
    const site = listed === undefined ? null : siteAt(listed, now);
    const found = site === null ? undefined : register.site(site);
    resets.push({
      site,
      siteName: found?.name ?? gateway,
      zone: found?.zone ?? 'UTC',
      gateway,
      device,
      name: listed?.name ?? device,
      unit: unitOf(carrierOf.get(metric) ?? 'electricity'),
      at,
      before,
      after,
    });
  }
  return resets;
}

function grouped(rows: readonly RollUp[]): Map<string, RollUp[]> {
  const groups = new Map<string, RollUp[]>();
  for (const row of rows) getOrCreate(groups, nameOf(row), () => []).push(row);
  return groups;
}

function nameOf({ gateway, device }: { readonly gateway: string; readonly device: string }): string {
  return `${gateway}/${device}`;
}
