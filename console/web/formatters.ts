/** Figures as people read them: the metric's decimals, a unit always, local time with its zone. */
import { metricById } from '../../contract/metrics.ts';

const NONE = '–';
const numbers = new Map<number, Intl.NumberFormat>();

/** With exactly `decimals` decimals and grouped thousands. */
export function formatNumber(value: number | null | undefined, decimals = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  let format = numbers.get(decimals);
  if (format === undefined) {
    format = new Intl.NumberFormat('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
    numbers.set(decimals, format);
  }
  // A tiny negative number would read "-0".
  const rounded = Number(value.toFixed(decimals));
  return format.format(rounded === 0 ? 0 : rounded).replace('-', '\u2212');
}

/** A value with the decimals of its metric; states as words. */
export function formatValue(metric: string, value: number): string {
  const known = metricById.get(metric);
  if (known?.kind === 'state') return value >= 0.5 ? 'yes' : 'no';
  return formatNumber(value, known?.decimals ?? 2);
}

export function unitOf(metric: string): string {
  return metricById.get(metric)?.symbol ?? '';
}

export function labelOf(metric: string): string {
  return metricById.get(metric)?.label ?? metric;
}

/** `3 s`, `4 min`, `2.5 h`, `12 d`. */
export function formatAge(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NONE;
  const s = Math.max(0, seconds);
  if (s < 90) return `${Math.round(s)} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3_600) return `${formatNumber(s / 3_600, s < 36_000 ? 1 : 0)} h`;
  return `${Math.round(s / 86_400)} d`;
}

/** `850 B`, `12.4 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_024;
    unit++;
  }
  return `${formatNumber(value, unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

/** `8 ms`, `1.2 s`. */
export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NONE;
  const size = Math.abs(ms);
  if (size < 1_000) return `${formatNumber(ms, size < 10 && ms % 1 !== 0 ? 1 : 0)} ms`;
  if (size < 90_000) return `${formatNumber(ms / 1_000, 1)} s`;
  return `${ms < 0 ? '\u2212' : ''}${formatAge(size / 1_000)}`;
}

/** The city's zone once it is known; the reader's until then. */
let zone: string | undefined;
let clock = dateFormat({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
let clockShort = dateFormat({ hour: '2-digit', minute: '2-digit' });
let day = dateFormat({ day: 'numeric', month: 'short' });
let full = dateFormat({ dateStyle: 'medium', timeStyle: 'long' });

/** All times of the page are the city's, wherever its reader sits. */
export function showTimesIn(iana: string): void {
  if (iana === zone) return;
  zone = iana;
  clock = dateFormat({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
  clockShort = dateFormat({ hour: '2-digit', minute: '2-digit' });
  day = dateFormat({ day: 'numeric', month: 'short' });
  full = dateFormat({ dateStyle: 'medium', timeStyle: 'long' });
}

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', { ...options, ...(zone === undefined ? {} : { timeZone: zone }) });
}

/** Local time of day; with the date when it is not today. */
export function formatTime(epochMs: number, now: number): string {
  const date = new Date(epochMs);
  if (Number.isNaN(date.getTime())) return NONE;
  return day.format(new Date(now)) === day.format(date)
    ? clock.format(date)
    : `${day.format(date)}, ${clock.format(date)}`;
}

export function formatMinute(epochMs: number): string {
  return clockShort.format(new Date(epochMs));
}

export function formatSecond(epochMs: number): string {
  return clock.format(new Date(epochMs));
}

/** Date, time and zone, for titles. */
export function formatFull(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? NONE : full.format(date);
}

/** Short name of the zone that times are shown in, such as `EST` or `GMT+1`. */
export function zoneName(epochMs: number = Date.now()): string {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZoneName: 'short',
    ...(zone === undefined ? {} : { timeZone: zone }),
  }).formatToParts(new Date(epochMs));
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? 'local time';
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatNumber(count)} ${count === 1 ? one : many}`;
}
