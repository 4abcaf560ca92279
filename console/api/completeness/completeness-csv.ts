/** Completeness as a table: a line for each missing range, or for each device and day. */
import { toCsv } from '../csv.ts';
import type { CompletenessReply } from './replies-completeness.ts';

export function missingCsv({ devices }: CompletenessReply): string {
  const header = [
    'site',
    'gateway',
    'device',
    'from (UTC)',
    'to (UTC)',
    'from (site)',
    'to (site)',
    'readings',
    'exact',
    'cause',
    'detail',
    'certain',
    'words',
  ];
  const rows = devices.flatMap(({ site, gateway, device, ranges }) =>
    ranges.map((range) => [
      site,
      gateway,
      device,
      range.from,
      range.to,
      range.from_local,
      range.to_local,
      range.readings,
      String(range.exact),
      range.cause,
      range.detail,
      String(range.certain),
      range.words,
    ]),
  );
  return toCsv(header, rows);
}

export function daysCsv({ devices }: CompletenessReply): string {
  const header = [
    'site',
    'gateway',
    'device',
    'day (site)',
    'interval (s)',
    'expected',
    'stored',
    'missing',
    'surplus',
    'coverage (%)',
  ];
  const rows = devices.flatMap(({ site, gateway, device, interval_s, days }) =>
    days.map((day) => {
      const isCounted = interval_s !== null;
      return [
        site,
        gateway,
        device,
        day.day,
        interval_s,
        isCounted ? day.expected : null,
        day.stored,
        isCounted ? day.missing : null,
        isCounted ? day.surplus : null,
        day.coverage_percent,
      ];
    }),
  );
  return toCsv(header, rows);
}
