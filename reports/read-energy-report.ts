/** What a report is made of, read from register and store. */
import type { MeterEvent, RollUp } from '../contract/roll-up.ts';
import type { Period } from '../energy/calendar.ts';
import { METRICS_OF } from '../energy/carriers.ts';
import { LONGEST_PAIR_MS } from '../energy/counter-rules.ts';
import type { Site } from '../register/model.ts';
import { type RegisterView, siteAt } from '../register/register-view.ts';
import type { RollUpStore } from '../store/roll-up-store.ts';
import type { DeviceKey, TelemetryStore } from '../store/telemetry-store.ts';
import { rowsBySeries, seriesOf } from './carrier-intervals.ts';
import type { EnergyReportInput } from './energy-report.ts';
import { ratchetReach } from './ratchet-reach.ts';
import type { ReferenceTables } from './reference-tables.ts';
import { reportedPart } from './report-month.ts';
import { REPORTED_CARRIERS, type SiteMeter, siteMeters } from './site-meters.ts';

export interface ReportSources {
  readonly register: RegisterView;
  readonly store: Pick<RollUpStore, 'rollUps' | 'meterEvents'> & Pick<TelemetryStore, 'latest'>;
  readonly tables: ReferenceTables;
}

export interface ReportWanted extends Pick<EnergyReportInput, 'month' | 'whole' | 'gwp' | 'now' | 'version'> {
  readonly site: Site;
}

const COUNTERS: readonly string[] = REPORTED_CARRIERS.map((carrier) => METRICS_OF[carrier].counter);

/** Throws what the store throws. */
export async function readEnergyReport(sources: ReportSources, wanted: ReportWanted): Promise<EnergyReportInput> {
  const { register, store, tables } = sources;
  const { site, whole, now } = wanted;
  const city = register.city?.();
  const period = reportedPart(whole, now);
  const readFrom = ratchetReach(whole.from, tables, { ...city?.tariffs, ...site.tariffs }, site.zone);
  const asked = { sites: [site.id], metrics: COUNTERS, from: readFrom, to: period.to };
  const [quarters, days, tellers] = await Promise.all([
    store.rollUps({ ...asked, width: '15m' }),
    store.rollUps({ ...asked, width: '1d', from: whole.from }),
    tellersOf(sources),
  ]);
  const reach = { from: readFrom, to: period.to };
  const rows = [...quarters, ...days];
  const meters = siteMeters({ register, site: site.id, period: reach, tellers, rows });
  const events = await eventsOf(sources, site.id, meters, period, now);
  const names = new Set(meters.map(seriesOf));
  const decisions = (register.decisions?.() ?? []).filter(
    (decision) =>
      names.has(seriesOf(decision)) &&
      ((decision.at >= period.from && decision.at < period.to) || events.some((event) => isSame(event, decision))),
  );
  return {
    ...wanted,
    city,
    period,
    readFrom,
    meters,
    quarters: rowsBySeries(quarters),
    days: rowsBySeries(days),
    events,
    decisions,
    tables,
  };
}

/** Devices that ever told each counter: one that is silent all month has no rows, and is missing all the same. */
async function tellersOf({ store }: ReportSources): Promise<Map<string, readonly DeviceKey[]>> {
  const tellers = new Map<string, readonly DeviceKey[]>();
  for (const metric of COUNTERS) {
    const latest = await store.latest({ metric });
    tellers.set(
      metric,
      latest.map(({ gateway, device }) => ({ gateway, device })),
    );
  }
  return tellers;
}

/** In order; also those of gaps that began in the month and ended after it. */
async function eventsOf(
  { register, store }: ReportSources,
  site: string,
  meters: readonly SiteMeter[],
  { from, to }: Period,
  now: number,
): Promise<MeterEvent[]> {
  const names = new Set(meters.map(seriesOf));
  const devices = [
    ...new Map(meters.map(({ gateway, device }) => [`${gateway}/${device}`, { gateway, device }])).values(),
  ];
  const until = Math.max(to, Math.min(now, to + LONGEST_PAIR_MS));
  const found = await store.meterEvents({ devices, metrics: COUNTERS, from, to: until });
  return found
    .filter((event) => names.has(seriesOf(event)) && event.from < to && stoodAt(register, event, site))
    .sort((one, other) => one.at - other.at || (seriesOf(one) < seriesOf(other) ? -1 : 1));
}

function stoodAt(register: RegisterView, { gateway, device, at }: MeterEvent, site: string): boolean {
  const known = register.device(gateway, device);
  return (known === undefined ? register.gateway(gateway)?.site : siteAt(known, at)) === site;
}

type Instant = Pick<RollUp, 'gateway' | 'device' | 'metric'> & { readonly at: number };

function isSame(one: Instant, other: Instant): boolean {
  return one.at === other.at && seriesOf(one) === seriesOf(other);
}
