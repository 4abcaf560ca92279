/** A report as the API tells it. */
import { localIso, type Period } from '../../energy/calendar.ts';
import type { CarrierReport, MeterReport, ReportedAmount } from '../../reports/carrier-report.ts';
import type { EnergyReport } from '../../reports/energy-report.ts';
import type { MissingTime } from '../../reports/missing-time.ts';
import { percentOf, roundedPercent } from '../../reports/percent.ts';
import type { ReportCost } from '../../reports/report-cost.ts';
import type { ReportEmission } from '../../reports/report-emissions.ts';
import type { Told } from '../../reports/told.ts';
import type { EnergyReportReply } from './replies-reports.ts';

type CarrierReply = EnergyReportReply['carriers'][number];

export function energyReportReplyOf(report: EnergyReport): EnergyReportReply {
  const { site, month, whole, period, madeAt, version, inputs, gwp, notes, totals } = report;
  const local = (time: number) => localIso(time, site.zone);
  return {
    site: site.id,
    site_name: site.name,
    zone: site.zone,
    month,
    from: local(period.from),
    from_ms: period.from,
    to: local(period.to),
    to_ms: period.to,
    is_whole: period.to === whole.to,
    made: local(madeAt),
    made_ms: madeAt,
    version,
    inputs,
    gwp,
    notes: [...notes],
    totals: {
      cost: totals.cost,
      currency: totals.currency,
      kg_co2e_location: totals.kgCO2eLocation,
      kg_co2e_market: totals.kgCO2eMarket,
    },
    carriers: report.carriers.map((carrier) => carrierOf(carrier, site.zone)),
    without_meters: [...report.withoutMeters],
    days: report.days.map(({ date, hours, carriers }) => ({
      date,
      hours,
      carriers: [...carriers].map(([carrier, { flags, ...amount }]) => ({
        carrier,
        ...amountOf(amount),
        flags: [...flags],
      })),
    })),
    events: report.events.map(({ decidedBy, from, ...event }) => ({
      ...event,
      from: local(from),
      at: local(event.at),
      at_ms: event.at,
      decided_by: decidedBy,
    })),
    decisions: report.decisions.map(({ at, decided, last, first, estimate, ...decision }) => ({
      ...decision,
      at: local(at),
      at_ms: at,
      last: last ?? null,
      first: first ?? null,
      estimate: estimate ?? null,
      decided: local(decided),
    })),
    tariffs: report.used.tariffs.map(({ id, revision, source, example }) => ({
      id,
      revision,
      source,
      is_example: example === true,
    })),
  };
}

function carrierOf(report: CarrierReport, zone: string): CarrierReply {
  const { shares, peak, loadFactor, afterHours, emissions } = report;
  const ofAmount = (share: number | undefined) => (share === undefined ? null : percentOf(share));
  const rounded = (share: number | undefined) => (share === undefined ? null : roundedPercent(share));
  return {
    carrier: report.carrier,
    unit: report.unit,
    rate_unit: report.rateUnit,
    ...amountOf(report.amount),
    refusal: report.consumption.refusal,
    measured_share_percent: ofAmount(shares?.measured),
    interpolated_share_percent: ofAmount(shares?.interpolated),
    estimated_share_percent: ofAmount(shares?.estimated),
    missing: missingOf(report.missing, zone),
    peak: {
      ...figureOf(peak, ({ demand }) => demand),
      at: peak.value === null ? null : localIso(peak.value.at, zone),
      at_ms: peak.value?.at ?? null,
    },
    load_factor_percent: loadFactor && figureOf(loadFactor, roundedPercent),
    base_load: report.baseLoad && figureOf(report.baseLoad, (value) => value),
    after_hours: afterHours && {
      ...figureOf(afterHours, ({ amount }) => amount),
      share_percent: rounded(afterHours.value?.share),
      share_of_time_percent: rounded(afterHours.value?.shareOfTime),
    },
    cost: report.cost && costOf(report.cost),
    emissions: emissions && {
      kind: emissions.kind,
      location: emissionOf(emissions.location),
      market: emissionOf(emissions.market),
    },
    meters: report.meters.map((meter) => meterOf(meter, zone)),
  };
}

function figureOf<T>(told: Told<T>, pick: (value: T) => number) {
  return { value: told.refusal === null ? pick(told.value) : null, refusal: told.refusal };
}

function amountOf({ value, interpolated, estimated, known, measured }: ReportedAmount) {
  return {
    consumption: value,
    interpolated,
    estimated,
    known_percent: percentOf(known),
    measured_percent: percentOf(measured),
  };
}

function missingOf({ hours, ranges, words }: MissingTime, zone: string): CarrierReply['missing'] {
  return {
    hours,
    words,
    ranges: ranges.map((range) => ({ ...localOf(range, zone), from_ms: range.from, to_ms: range.to })),
  };
}

function localOf({ from, to }: Period, zone: string) {
  return { from: localIso(from, zone), to: localIso(to, zone) };
}

function costOf({ total, tariff, currency, lines, notes }: ReportCost): NonNullable<CarrierReply['cost']> {
  return {
    ...figureOf(total, (value) => value),
    tariff,
    currency,
    lines: lines.map(({ firstDay, lastDay, ...line }) => ({ ...line, from: firstDay, to: lastDay })),
    notes: [...notes],
  };
}

function emissionOf({ value, refusal }: Told<ReportEmission>): NonNullable<CarrierReply['emissions']>['location'] {
  return {
    kg_co2e: value?.kgCO2e ?? null,
    refusal,
    kg_co2: value?.co2 ?? null,
    kg_ch4: value?.ch4 ?? null,
    kg_n2o: value?.n2o ?? null,
    gwp: value?.gwp ?? null,
    basis: value?.basis ?? null,
    factors: (value?.factors ?? []).map(({ isSecondHand, ...factor }) => ({ ...factor, is_second_hand: isSecondHand })),
  };
}

function meterOf(report: MeterReport, zone: string): CarrierReply['meters'][number] {
  const { gateway, device, name, metric, stays, amount, missing } = report;
  return {
    gateway,
    device,
    name,
    metric,
    stays: stays.map((stay) => localOf(stay, zone)),
    ...amountOf(amount),
    missing: missingOf(missing, zone),
  };
}
