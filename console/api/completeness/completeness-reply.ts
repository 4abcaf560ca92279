/** Figures, causes and words of what was counted and explained. */
import { LATE_AFTER_MS } from '../../../contract/gateway-evidence.ts';
import { localDate, localIso, type Period } from '../../../energy/calendar.ts';
import {
  type ExplainedRange,
  MISSING_CAUSES,
  type MissingCause,
} from '../../../energy/completeness/explain-missing.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { isoTime } from '../iso-time.ts';
import type { ExplainedDevice, Noticed } from './explained-devices.ts';
import { missingWords } from './missing-words.ts';
import type { CompletenessDevice, CompletenessReply } from './replies-completeness.ts';

interface Asked {
  readonly period: Period;
  readonly zone: string;
  readonly isDetailed: boolean;
  readonly onlyMissing: boolean;
  readonly limit: number;
}

type Figures = Pick<CompletenessDevice, 'expected' | 'stored' | 'missing' | 'surplus' | 'coverage_percent'>;
type Causes = CompletenessDevice['causes'];

export function completenessOf(
  deps: ConsoleDeps,
  devices: readonly ExplainedDevice[],
  { evidence, fault }: Noticed,
  asked: Asked,
): CompletenessReply {
  const { from, to } = asked.period;
  const counted = devices.filter(({ expectation }) => expectation.intervalMs !== undefined);
  const rows = devices
    .map((device) => ({ device, figures: figuresOf(device), causes: causesOf(device.explained) }))
    .filter(({ figures }) => !asked.onlyMissing || figures.missing > 0)
    .sort((one, other) => worstFirst(one.figures, other.figures));
  const listed = rows.slice(0, asked.limit);
  const causes = causesOf(counted.flatMap((device) => device.explained));
  const since = evidence.gateways.map(({ knownSince }) => knownSince);
  return {
    from: isoTime(from),
    from_ms: from,
    to: isoTime(to),
    to_ms: to,
    zone: asked.zone,
    total: {
      ...sumOf(counted.map(figuresOf)),
      devices: namesOf(counted).size,
      devices_without_interval: namesOf(devices.filter((one) => !counted.includes(one))).size,
    },
    causes: causes.map((one) => ({ ...one, words: MISSING_CAUSES[one.cause] })),
    sites: sitesOf(deps, counted),
    devices: listed.map(({ device, figures, causes: own }) => deviceRow(deps, device, figures, own, asked)),
    left_off: rows.length - listed.length,
    late: lateOf(evidence.gateways, asked.zone),
    evidence: {
      known_since:
        since.length === 0 || since.includes(null) ? null : isoTime(Math.max(...since.map((one) => one ?? 0))),
      words: [
        ...(fault === '' ? [] : [`Causes cannot be told now: ${fault}.`]),
        ...(evidence.refusedPartly
          ? ['Dead letters gave way to newer ones, so that not all that was refused is known.']
          : []),
      ].join(' '),
    },
  };
}

function figuresOf({ days, expectation }: ExplainedDevice): Figures {
  const stored = days.reduce((sum, day) => sum + day.stored, 0);
  if (expectation.intervalMs === undefined) {
    return { expected: 0, stored, missing: 0, surplus: 0, coverage_percent: null };
  }
  return sumOf(days.map(dayFigures));
}

function dayFigures(day: ExplainedDevice['days'][number]): Figures {
  const { expected = 0, stored, missing = 0, surplus = 0 } = day;
  return { expected, stored, missing, surplus, coverage_percent: percentOf(expected, missing) };
}

function sumOf(all: readonly Figures[]): Figures {
  const [expected, stored, missing, surplus] = (['expected', 'stored', 'missing', 'surplus'] as const).map((name) =>
    all.reduce((sum, one) => sum + one[name], 0),
  ) as [number, number, number, number];
  return { expected, stored, missing, surplus, coverage_percent: percentOf(expected, missing) };
}

/** To a thousandth, and never 100 when something is missing. */
function percentOf(expected: number, missing: number): number | null {
  if (expected === 0) return null;
  return Math.floor((100_000 * (expected - missing)) / expected) / 1_000;
}

function worstFirst(one: Figures, other: Figures): number {
  return (one.coverage_percent ?? 101) - (other.coverage_percent ?? 101) || other.missing - one.missing;
}

function causesOf(ranges: readonly ExplainedRange[]): Causes {
  const found = new Map<MissingCause, Causes[number]>();
  for (const { cause, readings, isCertain } of ranges) {
    const known = getOrCreate(found, cause, () => ({ cause, readings: 0, certain: 0 }));
    known.readings += readings;
    if (isCertain) known.certain += readings;
  }
  return [...found.values()].sort((one, other) => other.readings - one.readings);
}

function sitesOf({ register }: ConsoleDeps, counted: readonly ExplainedDevice[]): CompletenessReply['sites'] {
  const bySite = new Map<string, ExplainedDevice[]>();
  for (const device of counted) getOrCreate(bySite, device.site, (): ExplainedDevice[] => []).push(device);
  return [...bySite]
    .map(([site, devices]) => ({
      site,
      name: register.site(site)?.name ?? site,
      devices: namesOf(devices).size,
      ...sumOf(devices.map(figuresOf)),
      causes: causesOf(devices.flatMap(({ explained }) => explained)),
    }))
    .sort(worstFirst);
}

function deviceRow(
  { register }: ConsoleDeps,
  one: ExplainedDevice,
  figures: Figures,
  causes: Causes,
  { isDetailed }: Asked,
): CompletenessDevice {
  const { device, site, zone } = one;
  const days = isDetailed ? one.days : [];
  const ranges = isDetailed ? one.explained : [];
  return {
    site,
    site_name: register.site(site)?.name ?? site,
    gateway: device.gateway,
    device: device.id,
    device_name: device.name,
    kind: device.kind ?? null,
    interval_s: device.interval_s ?? null,
    note: noteOf(one),
    ...figures,
    causes,
    days: days.map((day) => ({
      day: localDate(day.from, zone),
      from_ms: day.from,
      to_ms: day.to,
      ...dayFigures(day),
    })),
    ranges: ranges.map((range) => ({
      from: isoTime(range.from),
      from_ms: range.from,
      from_local: localIso(range.from, zone),
      to: isoTime(range.to),
      to_ms: range.to,
      to_local: localIso(range.to, zone),
      readings: range.readings,
      exact: range.isExact,
      cause: range.cause,
      detail: range.detail,
      certain: range.isCertain,
      words: missingWords(range, { zone, gateway: device.gateway }),
    })),
  };
}

function noteOf({ device, site, zone, stretch, notExpected }: ExplainedDevice): string {
  if (device.interval_s === undefined) {
    return 'Not counted: the register does not say how often it speaks (interval_s).';
  }
  switch (notExpected) {
    case 'not-placed-yet':
      return `Nothing is expected before ${localIso(stretch.from, zone)}, when it was placed.`;
    case 'moved-away':
      return `Nothing is expected at ${site} from ${localIso(stretch.to, zone)} on: it was moved.`;
    case 'retired':
      return `Retired: nothing is expected from ${localIso(stretch.to, zone)} on.`;
    case 'retired-undated':
      return `Retired: nothing is expected after its last reading, ${localIso(stretch.to - 1, zone)}.`;
    case '':
      return '';
  }
}

function lateOf(gateways: Noticed['evidence']['gateways'], zone: string): CompletenessReply['late'] {
  const late = gateways.flatMap(({ gateway, late: hours }) => {
    if (hours.length === 0) return [];
    const days = new Map<string, number>();
    for (const { from, count } of hours) {
      const day = localDate(from, zone);
      days.set(day, (days.get(day) ?? 0) + count);
    }
    const readings = hours.reduce((sum, { count }) => sum + count, 0);
    return [{ gateway, readings, days: [...days].map(([day, ofDay]) => ({ day, readings: ofDay })) }];
  });
  const minutes = LATE_AFTER_MS / 60_000;
  return {
    after_minutes: minutes,
    words: `Readings that are stored and came more than ${minutes} minutes after their time; imported files do not count.`,
    gateways: late.sort((one, other) => other.readings - one.readings),
  };
}

function namesOf(devices: readonly ExplainedDevice[]): ReadonlySet<string> {
  return new Set(devices.map(({ device }) => `${device.gateway}/${device.id}`));
}
