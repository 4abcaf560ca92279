import { describe, expect, it } from 'vitest';
import { EXAMPLE_TARIFFS } from '../../../energy/tariffs/example-tariffs.ts';
import { HOLIDAYS, holidayDates } from '../../../energy/tariffs/holidays.ts';
import { tariffSchema } from '../../../energy/tariffs/tariff.ts';
import { faultText, parseYaml } from '../../../runtime/yaml-file.ts';

const TEXT = `
id: city-general
name: General service
utility: A utility
source: tariff sheet 12
revision: "2026-01"
retrieved: 2026-11-22
carrier: electricity
unit: kWh
valid_from: 2026-01-01
currency: USD
zone: America/New_York
seasons:
  - { name: summer, from: 06-01, to: 09-30 }
  - { name: winter, from: 10-01, to: 05-31 }
holidays: massachusetts
windows:
  - { name: peak, seasons: [summer], days: [1, 2, 3, 4, 5], from: "09:00", to: "18:00" }
otherwise: off-peak
energy:
  - { name: Peak, windows: [peak], rate: 0.3 }
  - { name: Base, windows: [off-peak], blocks: [{ up_to: 100, rate: 0.2 }, { rate: 0.1 }] }
demand:
  - { name: Demand, windows: [peak], rate: 12, ratchet: { share: 0.8, months: 11 } }
fixed:
  - { name: Customer, per_month: 30 }
`;

function faultsOf(change: (text: string) => string): string[] {
  const result = parseYaml(change(TEXT), 'tariff.yaml', tariffSchema);
  return result.ok ? [] : result.faults.map(faultText);
}

describe('a tariff file', () => {
  it('is read from YAML', () => {
    const result = parseYaml(TEXT, 'tariff.yaml', tariffSchema);
    expect(result).toMatchObject({ ok: true, value: { id: 'city-general', windows: [{ name: 'peak' }] } });
  });

  it.each<[string, string, string, RegExp]>([
    ['an unknown key', 'unit: kWh', 'unit: kWh\ncolour: green', /tariff.yaml:10: colour: is not a known setting/],
    ['an unknown zone', 'America/New_York', 'America/Bostonia', /zone: must be an IANA time zone/],
    [
      'a window that is named nowhere',
      'windows: [off-peak]',
      'windows: [night]',
      /tariff.yaml:22: energy\[1\].windows\[0\]: names no window of this tariff; there are peak, off-peak/,
    ],
    [
      'a season that is named nowhere',
      'seasons: [summer]',
      'seasons: [spring]',
      /windows\[0\].seasons\[0\]: names no season .*summer, winter/,
    ],
    [
      'a day without season',
      'to: 09-30',
      'to: 09-29',
      /seasons: must cover every day once, but 09-30 lies in no season/,
    ],
    ['a day in two seasons', 'to: 09-30', 'to: 10-02', /10-01 lies in several seasons \(summer, winter\)/],
    ['windows off the quarter hour', '"18:00"', '"18:10"', /to: must be a local time on a quarter hour/],
    [
      'a window that ends before it begins',
      '"18:00"',
      '"08:00"',
      /to: must lie after "from"; write a window over midnight as two rows/,
    ],
    ['no name for all other times', 'otherwise: off-peak\n', '', /otherwise: must stand with windows/],
    [
      'rate and blocks at once',
      'windows: [off-peak], ',
      'windows: [off-peak], rate: 1, ',
      /energy\[1\].rate: must stand alone: give either rate or blocks/,
    ],
    [
      'blocks without an end',
      '{ rate: 0.1 }',
      '{ up_to: 200, rate: 0.1 }',
      /blocks\[1\].up_to: must be absent in the last block/,
    ],
    [
      'blocks out of order',
      '{ rate: 0.1 }',
      '{ up_to: 50, rate: 0.1 }, { rate: 0.05 }',
      /blocks\[1\].up_to: must be above the end of the block before/,
    ],
    ['an unknown list of holidays', 'massachusetts', 'utopia', /holidays: must be us-federal or massachusetts/],
    [
      'an end before the beginning',
      'valid_from: 2026-01-01',
      'valid_from: 2026-01-01\nvalid_to: 2025-12-31',
      /valid_to: must not lie before valid_from/,
    ],
    ['two fixed prices', 'per_month: 30', 'per_month: 30, per_day: 1', /per_month: must stand alone/],
    ['a ratchet above the peak', 'share: 0.8', 'share: 80', /ratchet.share: is too large/],
    ['no source', 'source: tariff sheet 12\n', '', /source: is missing/],
    ['a currency in words', 'USD', 'dollars', /currency: must be an ISO 4217 code/],
  ])('with %s says where and what to do', (_, from, to, words) => {
    const faults = faultsOf((text) => text.replace(from, to));
    expect(faults.join('\n')).toMatch(words);
    expect(faultsOf((text) => text)).toEqual([]);
  });
});

describe('example tariffs', () => {
  it('say that they are examples, and where their figures come from', () => {
    expect(EXAMPLE_TARIFFS.map(({ carrier }) => carrier)).toEqual(['electricity', 'electricity', 'gas', 'water']);
    for (const tariff of EXAMPLE_TARIFFS) {
      expect(tariff.example, tariff.id).toBe(true);
      expect(tariff.name, tariff.id).toMatch(/^Example/);
      expect(tariff.check !== undefined || tariff.source.includes('made up'), tariff.id).toBe(true);
    }
  });
});

describe('holidays', () => {
  const names = (id: string, date: string) =>
    HOLIDAYS.get(id)!
      .dates.filter((day) => day.date === date)
      .map(({ name }) => name);
  const weekday = (date: string) => new Date(`${date}T00:00Z`).getUTCDay();

  it('are those that the authorities publish', () => {
    // OPM's list of 2023 to 2026 and the Trial Court's, as far as they were seen.
    for (const date of [
      '2026-01-01',
      '2026-01-19',
      '2026-02-16',
      '2026-05-25',
      '2026-06-19',
      '2026-09-07',
      '2026-10-12',
      '2026-11-11',
      '2026-11-26',
      '2026-12-25',
    ]) {
      expect(names('us-federal', date), date).toHaveLength(1);
      expect(names('massachusetts', date), date).toHaveLength(1);
    }
    expect(names('us-federal', '2026-07-03')).toEqual(['Independence Day']);
    expect(names('massachusetts', '2026-07-04')).toEqual(['Independence Day']);
    expect(names('massachusetts', '2026-04-20')).toEqual(["Patriots' Day"]);
    expect(names('us-federal', '2026-04-20')).toEqual([]);
    expect(names('us-federal', '2027-12-31')).toEqual(["New Year's Day"]);
    expect(names('massachusetts', '2028-01-01')).toEqual(["New Year's Day"]);
  });

  it('are complete: 11 and 12 a year, federal ones never at weekends, Mondays where the law says Monday', () => {
    for (let year = 2024; year <= 2030; year++) {
      const of = (id: string) => HOLIDAYS.get(id)!.dates.filter(({ date }) => date.startsWith(`${year}`));
      expect(of('massachusetts'), `${year}`).toHaveLength(12);
      for (const { date } of of('us-federal')) expect([0, 6], date).not.toContain(weekday(date));
      for (const { date } of of('massachusetts')) expect(weekday(date), date).not.toBe(0);
      const mondays = [
        'Martin Luther King Jr. Day',
        "Washington's Birthday",
        "Patriots' Day",
        'Memorial Day',
        'Labor Day',
        'Columbus Day',
      ];
      for (const { date, name } of of('massachusetts')) if (mondays.includes(name)) expect(weekday(date), date).toBe(1);
    }
    expect(HOLIDAYS.get('us-federal')!.dates).toHaveLength(77);
    expect(() => holidayDates('utopia')).toThrow(/us-federal, massachusetts/);
  });
});
