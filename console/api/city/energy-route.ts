/** What sites or devices used, in civil periods, with how much of it was measured. */
import { LamplighterError } from '../../../contract/error-codes.ts';
import type { MeterEvent, MeterEventKey } from '../../../contract/roll-up.ts';
import { localIso, type Period } from '../../../energy/calendar.ts';
import { type Carrier, METRICS_OF, unitOf } from '../../../energy/carriers.ts';
import { LONGEST_PAIR_MS, scaleOf } from '../../../energy/counter-rules.ts';
import { nameOf } from '../../../energy/rollup/device-facts.ts';
import { DEFAULT_FISCAL_YEAR_START, type MeterDecision } from '../../../register/model.ts';
import type { DeviceKey } from '../../../store/telemetry-store.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { toCsv } from '../csv.ts';
import { sendCsv, wantsCsv } from '../csv-reply.ts';
import { matchDevices } from '../device-pattern.ts';
import { isoTime } from '../iso-time.ts';
import { eventRow } from '../meter-rows.ts';
import { type EnergyReply, energyReply } from '../replies-city.ts';
import { RequestError } from '../request-error.ts';
import { siteOf } from '../site-finder.ts';
import type { CityView } from './city-view.ts';
import type { Counter } from './counter.ts';
import { type AskedPeriods, checkSize, energyQuery, resolvePeriods } from './energy-query.ts';
import { percentOf, rounded, symbolOf } from './figures.ts';
import { type PeriodSum, sumPeriod, sumPeriods } from './piece-sums.ts';
import { bordersOf } from './row-runs.ts';
import { countersDuring, metersAt } from './site-counters.ts';
import { findSite } from './sites-route.ts';

/** A counter, and the site for whose sake it is counted; undefined: for its own. */
type Wanted = Counter & { readonly site: string | undefined };

/** Events that one answer names; the newest, and how many there are. */
const MOST_EVENTS = 500;

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
      const { site: sites = [], device: patterns = [], carrier, format } = request.query;
      if (sites.length === 0 && patterns.length === 0) {
        throw new RequestError('site', 'name at least one site or device, such as site=city-hall');
      }
      const found = sites.map((id) => findSite(deps, id));
      const city = await view.now.get();
      // Without it nobody knows which devices count for a site.
      if (city.fault !== '') throw new LamplighterError('store-unavailable', city.fault);
      const named = matchDevices(patterns, () => city.devices);
      const zone = found[0]?.zone ?? zoneOf(deps, named) ?? 'UTC';
      const fiscalYearStart = deps.register.city?.()?.fiscal_year_start ?? DEFAULT_FISCAL_YEAR_START;
      const periods = resolvePeriods(request.query, deps.clock.now(), zone, fiscalYearStart);
      const deviceByName = new Map(city.devices.map((device) => [nameOf(device), device]));
      const wanted: Wanted[] = [
        ...found.flatMap(({ id }) =>
          countersDuring(city, deps.register, id, carrier, periods.range).map((device) => ({
            ...pick(device),
            site: id,
          })),
        ),
        ...named.map((key) => ({ ...pick(deviceByName.get(nameOf(key)) ?? key), site: undefined })),
      ];
      checkSize(wanted.length, periods.range, periods.every);
      const answer = await answerOf(deps, view, { carrier, zone, periods, wanted });
      if (!wantsCsv(format, request.headers.accept)) return answer;
      const name = `${carrier}-${[...sites, ...named.map(nameOf)].slice(0, 2).join('-')}-${answer.from}-${answer.every}`;
      return sendCsv(reply, name, energyCsv(answer)) as never;
    },
  );
}

function pick({ gateway, device, values }: Counter): Counter {
  return { gateway, device, ...(values === undefined ? {} : { values }) };
}

function zoneOf({ register }: ConsoleDeps, [first]: readonly DeviceKey[]): string | undefined {
  if (first === undefined) return undefined;
  const site = register.device(first.gateway, first.device)?.placements.at(-1)?.site;
  return register.site(site ?? register.gateway(first.gateway)?.site ?? '')?.zone;
}

interface Asked {
  readonly carrier: Carrier;
  readonly zone: string;
  readonly periods: AskedPeriods;
  readonly wanted: readonly Wanted[];
}

async function answerOf(deps: ConsoleDeps, view: CityView, asked: Asked): Promise<EnergyReply> {
  const { register } = deps;
  const { carrier, zone, wanted } = asked;
  const { range, periods, every } = asked.periods;
  const { counter } = METRICS_OF[carrier];
  const devices = [...new Map(wanted.map((one) => [nameOf(one), one])).values()];
  const [{ pieces, events: young }, kept] = await Promise.all([
    view.reader.pieces(counter, devices, range, zone, bordersOf(periods, every !== '15m' && every !== 'hour')),
    eventsOf(deps, counter, devices, range),
  ]);
  const meters = wanted.flatMap((one) =>
    one.site === undefined ? [{ pieces: pieces.get(nameOf(one)) ?? [] }] : metersAt([one], pieces, register, one.site),
  );
  const scale = scaleOf(counter);
  const total = sumPeriod(meters, range, scale);
  const rows = sumPeriods(meters, periods, scale);
  const events = [...new Map([...kept, ...young].map((event) => [eventKey(event), event])).values()]
    .filter((event) => event.from < range.to && event.at >= range.from)
    .filter((event) => isOfSite(register, wanted, event))
    .sort((one, other) => beginOf(one) - beginOf(other));
  const kinds = kindsOf(events, periods);
  const decisions = new Map(register.decisions().map((decision) => [eventKey(decision), decision]));
  return {
    carrier,
    metric: counter,
    unit: unitOf(carrier),
    demand_unit: METRICS_OF[carrier].rate === undefined ? `${unitOf(carrier)}/h` : demandUnit(carrier),
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
    ...figuresOf(total),
    rows: rows.map((sum, place) => ({
      from: isoTime(sum.from),
      from_ms: sum.from,
      to: isoTime(sum.to),
      to_ms: sum.to,
      value: sum.value,
      ...figuresOf(sum),
      events: [...(kinds[place] ?? [])],
    })),
    events_total: events.length,
    events: events.slice(-MOST_EVENTS).map((event) => eventReply(register, event, decisions.get(eventKey(event)))),
  };
}

function figuresOf({ coveragePercent, interpolated, estimated, peak, peakAt }: PeriodSum) {
  return {
    coverage_percent: percentOf(coveragePercent),
    interpolated,
    estimated,
    peak: peak === null ? null : rounded(peak),
    peak_at: peakAt === null ? null : isoTime(peakAt),
    peak_at_ms: peakAt,
  };
}

function demandUnit(carrier: Carrier): string {
  return symbolOf(METRICS_OF[carrier].rate ?? '');
}

/** Also those of gaps that begin in the range and end after it. Throws StoreFailure. */
async function eventsOf(
  { store, clock }: ConsoleDeps,
  metric: string,
  devices: readonly DeviceKey[],
  { from, to }: Period,
): Promise<readonly MeterEvent[]> {
  if (devices.length === 0) return [];
  const until = Math.max(to, Math.min(clock.now(), to + LONGEST_PAIR_MS));
  const keys = devices.map(({ gateway, device }) => ({ gateway, device }));
  return await store.meterEvents({ devices: keys, metrics: [metric], from, to: until });
}

/** Whether the device stood then where it is asked for. */
function isOfSite(register: ConsoleDeps['register'], wanted: readonly Wanted[], event: MeterEvent): boolean {
  return wanted.some(
    ({ gateway, device, site }) =>
      gateway === event.gateway &&
      device === event.device &&
      (site === undefined || siteOf(register, gateway, device, event.at) === site),
  );
}

/** When it showed: a gap from its beginning on, all else with its later value. */
function beginOf({ kind, from, at }: MeterEvent): number {
  return kind === 'gap' ? from : at;
}

/** Kinds of the events of each period; a gap belongs to all that it reaches into. */
function kindsOf(events: readonly MeterEvent[], periods: readonly Period[]): Set<MeterEvent['kind']>[] {
  const kinds = periods.map(() => new Set<MeterEvent['kind']>());
  for (const event of events) {
    const begin = beginOf(event);
    let [low, high] = [0, periods.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((periods[middle] as Period).to <= begin) low = middle + 1;
      else high = middle;
    }
    for (let place = low; place < periods.length && (periods[place] as Period).from <= event.at; place++) {
      kinds[place]?.add(event.kind);
    }
  }
  return kinds;
}

function eventKey({ gateway, device, metric, at }: MeterEventKey): string {
  return `${gateway}/${device}/${metric}/${at}`;
}

function eventReply(
  register: ConsoleDeps['register'],
  event: MeterEvent,
  decision: MeterDecision | undefined,
): EnergyReply['events'][number] {
  const { kind, at, before, after, booked } = event;
  const { words, decided_by, at_local, metric } = eventRow(register, event, decision);
  const begin = beginOf(event);
  return {
    kind,
    device: nameOf(event),
    metric,
    at: isoTime(begin),
    at_ms: begin,
    until: isoTime(at),
    until_ms: at,
    value_at: at_local,
    before,
    after,
    booked,
    decided_by,
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
    `interpolated (${answer.unit})`,
    `estimated (${answer.unit})`,
    `peak (${answer.demand_unit})`,
    `peak at (${answer.zone})`,
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
      row.interpolated,
      row.estimated,
      row.peak,
      row.peak_at_ms === null ? null : localIso(row.peak_at_ms, answer.zone),
    ]),
  );
}
