/** What sites or devices used, in civil periods, with how much of it was measured. */
import { LamplighterError } from '../../../contract/error-codes.ts';
import { inWords, localIso, type Period, periodsIn } from '../../../energy/calendar.ts';
import { type Carrier, METRICS_OF, unitOf } from '../../../energy/carriers.ts';
import type { CounterEvent, QuarterHours } from '../../../energy/consumption.ts';
import { rulesOf } from '../../../energy/counter-rules.ts';
import { sumPeriods, totalOf } from '../../../energy/periods.ts';
import type { DeviceKey } from '../../../store/telemetry-store.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { toCsv } from '../csv.ts';
import { sendCsv, wantsCsv } from '../csv-reply.ts';
import { matchDevices } from '../device-pattern.ts';
import { isoTime } from '../iso-time.ts';
import { type EnergyReply, energyReply } from '../replies-city.ts';
import { RequestError } from '../request-error.ts';
import { nameOf } from './bucket-cache.ts';
import type { CityNow } from './city-now.ts';
import type { CityView } from './city-view.ts';
import { energyQuery, MOST_DEVICE_DAYS, resolveRange } from './energy-query.ts';
import { percentOf } from './figures.ts';
import { countersDuring, onlyAt } from './site-counters.ts';
import { findSite } from './sites-route.ts';

/** A counter, and the site for whose sake it is counted; undefined: for its own. */
interface Wanted extends DeviceKey {
  readonly intervalMs: number | undefined;
  readonly site: string | undefined;
}

const DAY_MS = 86_400_000;

export function energyRoutes(app: ConsoleApp, deps: ConsoleDeps, view: CityView): void {
  app.get(
    '/api/energy',
    {
      schema: {
        summary: 'Consumption in civil periods',
        description:
          'Computed from counters; resets, gaps and dips are handled as docs/energy.md says. A period of which nothing is known is null.',
        tags: ['city'],
        querystring: energyQuery,
        response: { 200: energyReply },
      },
      // Up to tens of thousands of rows of our own making: written, not checked again.
      serializerCompiler: () => JSON.stringify,
    },
    async (request, reply) => {
      const { site: sites = [], device: patterns = [], carrier, every, format } = request.query;
      if (sites.length === 0 && patterns.length === 0) {
        throw new RequestError('site', 'name at least one site or device, such as site=city-hall');
      }
      const found = sites.map((id) => findSite(deps, id));
      const city = await view.now.get();
      // Without it nobody knows which devices count for a site.
      if (city.fault !== '') throw new LamplighterError('store-unavailable', city.fault);
      const named = matchDevices(patterns, () => city.devices);
      const zone = found[0]?.zone ?? zoneOf(deps, named) ?? 'UTC';
      const range = resolveRange(request.query, deps.clock.now(), zone);
      const wanted: Wanted[] = [
        ...found.flatMap(({ id }) =>
          countersDuring(city, deps.register, id, carrier, range).map((device) => ({ ...pick(device), site: id })),
        ),
        ...named.map((key) => ({ ...key, intervalMs: intervalOf(deps, key), site: undefined })),
      ];
      checkSize(wanted, range);
      const { counter } = METRICS_OF[carrier];
      const quarters = await countAll(deps, view, counter, wanted, range);
      const answer = toReply({ carrier, zone, range, every, wanted, quarters, city }, deps);
      if (!wantsCsv(format, request.headers.accept)) return answer;
      const name = `${carrier}-${[...sites, ...named.map(nameOf)].slice(0, 2).join('-')}-${answer.from}-${every}`;
      return sendCsv(reply, name, energyCsv(answer)) as never;
    },
  );
}

function pick({ gateway, device, intervalMs }: Omit<Wanted, 'site'>): Omit<Wanted, 'site'> {
  return { gateway, device, intervalMs };
}

function intervalOf({ register }: ConsoleDeps, { gateway, device }: DeviceKey): number | undefined {
  const interval = register.device(gateway, device)?.interval_s;
  return interval === undefined ? undefined : interval * 1_000;
}

function zoneOf({ register }: ConsoleDeps, [first]: readonly DeviceKey[]): string | undefined {
  if (first === undefined) return undefined;
  const site = register.device(first.gateway, first.device)?.placements.at(-1)?.site;
  return register.site(site ?? register.gateway(first.gateway)?.site ?? '')?.zone;
}

function checkSize(wanted: readonly Wanted[], { from, to }: Period): void {
  const deviceDays = wanted.length * Math.ceil((to - from) / DAY_MS);
  if (deviceDays <= MOST_DEVICE_DAYS) return;
  throw new RequestError(
    'from',
    `asks for ${wanted.length} meters over ${Math.ceil((to - from) / DAY_MS)} days; ${MOST_DEVICE_DAYS} days of meters at most: ask for fewer sites or a shorter time`,
  );
}

async function countAll(
  deps: ConsoleDeps,
  view: CityView,
  counter: string,
  wanted: readonly Wanted[],
  range: Period,
): Promise<QuarterHours[]> {
  const devices = [...new Map(wanted.map((one) => [nameOf(one), one])).values()];
  const counted = await view.reader.quarters(counter, devices, range);
  return wanted.flatMap((one) => {
    const quarters = counted.get(nameOf(one));
    if (quarters === undefined) return [];
    return one.site === undefined ? quarters : onlyAt(quarters, deps.register, one, one.site);
  });
}

function toReply(
  asked: {
    readonly carrier: Carrier;
    readonly zone: string;
    readonly range: Period;
    readonly every: (typeof energyQuery)['_output']['every'];
    readonly wanted: readonly Wanted[];
    readonly quarters: readonly QuarterHours[];
    readonly city: CityNow;
  },
  { register }: ConsoleDeps,
): EnergyReply {
  const { carrier, zone, range, every, wanted, quarters } = asked;
  const { counter } = METRICS_OF[carrier];
  const { scale } = rulesOf(counter, undefined);
  const total = totalOf(quarters, range, scale);
  const rows = sumPeriods(quarters, periodsIn(range, every, zone), scale);
  const events = quarters.flatMap((one, index) =>
    one.events.map((event) => ({ event, device: nameOf(wanted[index] ?? { gateway: '', device: '' }) })),
  );
  events.sort((one, other) => one.event.at - other.event.at);
  return {
    carrier,
    metric: counter,
    unit: unitOf(carrier),
    zone,
    from: isoTime(range.from),
    from_ms: range.from,
    to: isoTime(range.to),
    to_ms: range.to,
    every,
    devices: wanted.map(({ gateway, device, site }) => ({
      site: site ?? register.device(gateway, device)?.placements.at(-1)?.site ?? null,
      gateway,
      device,
    })),
    total: total.value,
    coverage_percent: percentOf(total.coveragePercent),
    rows: rows.map(({ from, to, value, coveragePercent, events: kinds }) => ({
      from: isoTime(from),
      from_ms: from,
      to: isoTime(to),
      to_ms: to,
      value,
      coverage_percent: percentOf(coveragePercent),
      events: [...kinds],
    })),
    events: events.map(({ event, device }) => eventRow(event, device, carrier, zone)),
  };
}

function eventRow(event: CounterEvent, device: string, carrier: Carrier, zone: string): EnergyReply['events'][number] {
  const { kind, at, until, before, after } = event;
  const unit = unitOf(carrier);
  const words =
    kind === 'reset'
      ? `On ${inWords(at, zone)} the counter fell from ${before} to ${after} ${unit}; the fall is not counted.`
      : `From ${inWords(at, zone)} to ${inWords(until, zone)} nothing was measured` +
        (after >= before
          ? `; the ${Number((after - before).toFixed(3))} ${unit} counted in between are spread evenly over it.`
          : ', and the counter began again in between: what was used is unknown.');
  return {
    kind,
    device,
    at: isoTime(at),
    at_ms: at,
    until: isoTime(until),
    until_ms: until,
    before,
    after,
    words,
  };
}

function energyCsv(answer: EnergyReply): string {
  const header = [
    `from (${answer.zone})`,
    'from (UTC)',
    'to (UTC)',
    `${answer.carrier} (${answer.unit})`,
    'measured (%)',
    'events',
  ];
  return toCsv(
    header,
    answer.rows.map((row) => [
      localIso(row.from_ms, answer.zone),
      row.from,
      row.to,
      row.value,
      row.coverage_percent,
      row.events.join(' '),
    ]),
  );
}
