/** The civil days of the month: what each carrier used, how much of the day was measured, and what to know of it. */
import type { MeterEvent } from '../contract/roll-up.ts';
import { intervalsIn } from '../energy/analytics/interval.ts';
import { localDate, type Period, periodsIn } from '../energy/calendar.ts';
import { seriesOf } from './carrier-intervals.ts';
import { amountOf, type CountedCarrier, type ReportedAmount } from './carrier-report.ts';
import type { ReportedCarrier } from './site-meters.ts';

export interface DayFigures extends ReportedAmount {
  /**
   * `not-known`: nothing is known of the day. `incomplete`: of a part of it. `interpolated`, `estimated`: a part of the
   * amount is. Then the kinds of what the meters did that day: reset, swap …
   */
  readonly flags: readonly string[];
}

export interface ReportDay extends Period {
  /** Such as 2026-11-01. */
  readonly date: string;
  /** 23 to 25; fewer of a day that is not over. */
  readonly hours: number;
  readonly carriers: ReadonlyMap<ReportedCarrier, DayFigures>;
}

export function reportDays(
  carriers: readonly CountedCarrier[],
  events: readonly MeterEvent[],
  period: Period,
  zone: string,
): ReportDay[] {
  return periodsIn(period, 'day', zone).map((day) => ({
    ...day,
    date: localDate(day.from, zone),
    hours: (day.to - day.from) / 3_600_000,
    carriers: new Map(carriers.map((counted) => [counted.report.carrier, dayFigures(counted, events, day)])),
  }));
}

function dayFigures({ report, intervals }: CountedCarrier, events: readonly MeterEvent[], day: Period): DayFigures {
  const { meters } = report;
  const amount = amountOf(intervalsIn(intervals, day), day, meters[0]?.metric ?? '');
  const flags = new Set<string>();
  if (amount.value === null) flags.add('not-known');
  else if (amount.known < 1) flags.add('incomplete');
  if ((amount.interpolated ?? 0) > 0) flags.add('interpolated');
  if ((amount.estimated ?? 0) > 0) flags.add('estimated');
  const names = new Set(meters.map(seriesOf));
  for (const event of events) {
    if (!names.has(seriesOf(event))) continue;
    // A gap lasts up to its end; everything else happens at once.
    const isOfDay =
      event.kind === 'gap' ? event.from < day.to && event.at > day.from : event.at >= day.from && event.at < day.to;
    if (isOfDay) flags.add(event.kind);
  }
  return { ...amount, flags: [...flags] };
}
