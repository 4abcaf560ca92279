/** The month of one carrier: what was used, how complete that is, its shape, cost and emissions. */
import { afterHoursShare } from '../energy/analytics/after-hours-share.ts';
import { baseLoad } from '../energy/analytics/base-load.ts';
import { type Interval, intervalsIn } from '../energy/analytics/interval.ts';
import { loadFactor, peakDemand } from '../energy/analytics/peak-demand.ts';
import type { Period } from '../energy/calendar.ts';
import { unitOf } from '../energy/carriers.ts';
import { QUARTER_MS, scaleOf } from '../energy/counter-rules.ts';
import { holidayDates, SITE_HOLIDAYS } from '../energy/tariffs/holidays.ts';
import { type Tariffs, tariffsSchema } from '../register/model.ts';
import { carrierIntervals, sumOf } from './carrier-intervals.ts';
import type { EnergyReportInput } from './energy-report.ts';
import { type MissingTime, missingTime } from './missing-time.ts';
import { type ReportCost, reportCost } from './report-cost.ts';
import { type ReportEmissions, reportEmissions } from './report-emissions.ts';
import type { ReportedCarrier, SiteMeter } from './site-meters.ts';
import { notTold, type Told, told, toldOf } from './told.ts';

/** An amount with how it came about and how complete it is. */
export interface ReportedAmount {
  /** In the carrier's unit; null when nothing is known. */
  readonly value: number | null;
  /** Parts of `value`: spread over gaps, and estimated by a person. The rest was measured. Null as `value`. */
  readonly interpolated: number | null;
  readonly estimated: number | null;
  /** Shares of the time, 0 to 1: of which an amount is known, and that was measured. */
  readonly known: number;
  readonly measured: number;
}

export interface MeterReport extends Pick<SiteMeter, 'gateway' | 'device' | 'metric' | 'name'> {
  readonly stays: readonly Period[];
  readonly amount: ReportedAmount;
  readonly missing: MissingTime;
}

export interface CarrierReport {
  readonly carrier: ReportedCarrier;
  readonly unit: string;
  /** Of demand: kW, m³/h. */
  readonly rateUnit: string;
  readonly meters: readonly MeterReport[];
  readonly consumption: Told<number>;
  readonly amount: ReportedAmount;
  /** Shares of the amount, 0 to 1; null when it is 0 or not known. */
  readonly shares: { readonly measured: number; readonly interpolated: number; readonly estimated: number } | null;
  readonly missing: MissingTime;
  readonly peak: Told<{ readonly demand: number; readonly at: number }>;
  /** Null for what is made or fed in: it has no hours of use. */
  readonly loadFactor: Told<number> | null;
  readonly baseLoad: Told<number> | null;
  readonly afterHours: Told<{ readonly share: number; readonly amount: number; readonly shareOfTime: number }> | null;
  /** Null for what nobody is charged for. */
  readonly cost: ReportCost | null;
  readonly emissions: ReportEmissions | null;
}

export interface CountedCarrier {
  readonly report: CarrierReport;
  /** Of the month. */
  readonly intervals: readonly Interval[];
}

/** Carriers that are charged for have hours of use as well. */
const BILLED: readonly string[] = tariffsSchema.keyof().options;

/** `pause` is waited for between the steps. */
export async function carrierReport(
  input: EnergyReportInput,
  carrier: ReportedCarrier,
  meters: readonly SiteMeter[],
  pause: () => Promise<void>,
): Promise<CountedCarrier> {
  const { site, period } = input;
  const { zone } = site;
  const all = carrierIntervals({ ...input, meters, zone, period: { from: input.readFrom, to: period.to } });
  const intervals = intervalsIn(all, period);
  const metric = meters[0]?.metric ?? '';
  const amount = amountOf(intervals, period, metric);
  await pause();
  const { peak, ...hours } = shapeOf(input, intervals, metric);
  await pause();
  const isUsed = BILLED.includes(carrier);
  const cost = isUsed ? costOf(input, carrier as keyof Tariffs, all) : null;
  await pause();
  const reports: MeterReport[] = [];
  for (const meter of meters) {
    reports.push(meterReport(input, meter, meters.length === 1 ? intervals : undefined));
    await pause();
  }
  const unit = unitOf(carrier);
  const report: CarrierReport = {
    carrier,
    unit,
    rateUnit: unit === 'kWh' ? 'kW' : `${unit}/h`,
    meters: reports,
    consumption: amount.value === null ? notTold('nothing-known') : told(amount.value),
    amount,
    shares: sharesOf(amount),
    missing: missingTime(intervals, period, zone),
    peak,
    ...(isUsed ? hours : { loadFactor: null, baseLoad: null, afterHours: null }),
    cost,
    emissions: emissionsOf(input, carrier, amount.value),
  };
  return { report, intervals };
}

function costOf(
  { site, city, tables, period }: EnergyReportInput,
  carrier: keyof Tariffs,
  intervals: readonly Interval[],
): ReportCost {
  const tariff = site.tariffs?.[carrier] ?? city?.tariffs?.[carrier];
  return reportCost({ carrier, tariff, tables, intervals, period });
}

function emissionsOf(
  { site, city, month, tables, gwp }: EnergyReportInput,
  carrier: ReportedCarrier,
  amount: number | null,
): ReportEmissions | null {
  const set = site.factors ?? city?.factors;
  const year = Number(month.slice(0, 4));
  return reportEmissions({ carrier, amount, year, set, gwp, tables }) ?? null;
}

type Shape = Pick<CarrierReport, 'peak'> & {
  readonly [Key in 'loadFactor' | 'baseLoad' | 'afterHours']: NonNullable<CarrierReport[Key]>;
};

/** Peaks and hours are those of quarter hours. */
function shapeOf({ site, period }: EnergyReportInput, intervals: readonly Interval[], metric: string): Shape {
  const isFine = intervals.every(({ start, end }) => end - start === QUARTER_MS);
  if (!isFine) {
    const not = notTold('only-days-kept');
    return { peak: not, loadFactor: not, baseLoad: not, afterHours: not };
  }
  const { zone, schedule } = site;
  const holidays = holidayDates(SITE_HOLIDAYS);
  const scale = scaleOf(metric);
  return {
    peak: toldOf(peakDemand(intervals, period), ({ peak: demand, at }) => ({ demand, at })),
    loadFactor: toldOf(loadFactor(intervals, period), (value) => value),
    baseLoad: toldOf(baseLoad(intervals, period, zone), (value) => value.baseLoad),
    afterHours: toldOf(
      afterHoursShare({ intervals, period, zone, schedule, holidays }),
      ({ share, afterHours, shareOfTime }) => ({
        share,
        amount: Math.round(afterHours * scale) / scale,
        shareOfTime,
      }),
    ),
  };
}

/** `own`: its intervals, where they are at hand already. */
function meterReport(input: EnergyReportInput, meter: SiteMeter, own: readonly Interval[] | undefined): MeterReport {
  const { site, period } = input;
  const { gateway, device, metric, name } = meter;
  const stays = meter.stays
    .map(({ from, to }) => ({ from: Math.max(from, period.from), to: Math.min(to, period.to) }))
    .filter(({ from, to }) => from < to);
  const all = own ?? carrierIntervals({ ...input, meters: [meter], zone: site.zone });
  const intervals = all.filter(({ start, end }) => stays.some((stay) => stay.from < end && start < stay.to));
  const wholeMs = stays.reduce((sum, { from, to }) => sum + to - from, 0);
  const amount = amountOf(intervals, period, metric, wholeMs);
  return { gateway, device, metric, name, stays, amount, missing: missingTime(intervals, period, site.zone, stays) };
}

/** Of intervals that begin in the period; `wholeMs` of them are asked for. */
export function amountOf(
  intervals: readonly Interval[],
  period: Period,
  metric: string,
  wholeMs: number = period.to - period.from,
): ReportedAmount {
  let [knownMs, measuredMs] = [0, 0];
  for (const { start, end, value, measuredShare, knownShare = 1 } of intervals) {
    if (value === null) continue;
    const lengthMs = Math.min(end, period.to) - start;
    knownMs += knownShare * lengthMs;
    measuredMs += measuredShare * lengthMs;
  }
  const share = (ms: number) => (wholeMs > 0 ? Math.min(1, ms / wholeMs) : 0);
  return {
    value: sumOf(intervals, 'value', metric),
    interpolated: sumOf(intervals, 'interpolated', metric),
    estimated: sumOf(intervals, 'estimated', metric),
    known: share(knownMs),
    measured: share(measuredMs),
  };
}

function sharesOf({ value, interpolated, estimated }: ReportedAmount): CarrierReport['shares'] {
  if (value === null || !(value > 0)) return null;
  const [spread, guessed] = [(interpolated ?? 0) / value, (estimated ?? 0) / value];
  return { measured: Math.max(0, 1 - spread - guessed), interpolated: spread, estimated: guessed };
}
