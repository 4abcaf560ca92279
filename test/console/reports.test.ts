import { parse } from 'csv-parse/sync';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildConsoleApp } from '../../console/api/app.ts';
import type { EnergyReportReply } from '../../console/api/replies-reports.ts';
import { bostonTime } from '../reports/counted-months.ts';
import { aReportCity, TABLES } from '../reports/report-city.ts';
import { sheetCells, zipEntries } from '../reports/zip-entries.ts';
import { aCityOfOne } from './fake-city.ts';

async function aConsole() {
  const city = await aReportCity();
  const { clock, register, store } = city;
  const app = await buildConsoleApp(
    { ...aCityOfOne({ clock }), register, store, tables: () => TABLES, version: '0.1.0' },
    { host: '127.0.0.1' },
  );
  onTestFinished(async () => await app.close());
  await city.meter('main', { name: 'Main meter', kind: 'electricity-meter' });
  const peakEnd = bostonTime('2026-11-10 14:15');
  const shows = (time: number, quarter: number) => quarter * 2.5 + (time >= peakEnd ? 17.5 : 0);
  await city.count('2026-11', { device: 'main', metric: 'active_energy_kwh', shows });
  const get = async (query: string, headers: Record<string, string> = {}) =>
    await app.inject({
      method: 'GET',
      url: `/api/reports/energy?${query}`,
      headers: { host: 'localhost', ...headers },
    });
  return { ...city, get };
}

describe('GET /api/reports/energy', () => {
  it('tells the last month that is over, as JSON', async () => {
    const { get } = await aConsole();
    const reply = await get('site=library');
    expect(reply.statusCode).toBe(200);
    const report = reply.json() as EnergyReportReply;
    expect(report).toMatchObject({
      site: 'library',
      site_name: 'Central Library',
      month: '2026-11',
      from: '2026-11-01T00:00-04:00',
      to: '2026-12-01T00:00-05:00',
      is_whole: true,
      made: '2026-12-02T10:00-05:00',
      version: '0.1.0',
      totals: { cost: 3_102.67, currency: 'USD', kg_co2e_location: 1_780.741 },
    });
    expect(report.inputs).toMatch(/^[0-9a-f]{64}$/);
    expect(report.carriers[0]).toMatchObject({
      carrier: 'electricity',
      consumption: 7_227.5,
      known_percent: 100,
      measured_share_percent: 100,
      peak: { value: 80, at: '2026-11-10T14:00-05:00', refusal: null },
      load_factor_percent: { value: 12.53 },
      base_load: { value: 10 },
      after_hours: { value: 5_310, share_percent: 73.47 },
      cost: { value: 3_102.67, tariff: 'city-general', lines: [{ what: 'Supply' }, { what: 'Demand' }, {}] },
      emissions: { kind: 'bought', location: { kg_co2e: 1_780.741, gwp: 'AR5' }, market: { basis: 'grid-average' } },
      meters: [{ device: 'main', consumption: 7_227.5 }],
    });
    expect(report.days[0]).toMatchObject({ date: '2026-11-01', hours: 25 });
  });

  it('hands over a workbook and CSV with file names', async () => {
    const { get } = await aConsole();
    const xlsx = await get('site=library&month=2026-11&format=xlsx');
    expect(xlsx.headers['content-type']).toBe('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet');
    expect(xlsx.headers['content-disposition']).toBe('attachment; filename="library-2026-11.xlsx"');
    expect(sheetCells(zipEntries(xlsx.rawPayload), 3).get('D2')).toBe(250);
    const csv = await get('site=library&month=2026-11&format=csv');
    expect(csv.headers['content-disposition']).toBe('attachment; filename="library-2026-11.csv"');
    expect(parse(csv.body)).toHaveLength(31);
    const summary = await get('site=library&month=2026-11&part=summary', { accept: 'text/csv' });
    expect(summary.headers['content-disposition']).toBe('attachment; filename="library-2026-11-summary.csv"');
    expect(summary.body).toContain('library,2026-11,electricity,consumption,7227.5,kWh,,,\r\n');
  });

  it.each([
    ['site=nowhere', 404, 'site'],
    ['site=library&month=2026-13', 400, 'month'],
    ['site=library&month=october', 400, 'month'],
    ['site=library&month=2027-01', 400, 'month'],
    ['site=library&gwp=AR9', 400, 'gwp'],
    ['site=library&format=pdf', 400, 'format'],
    ['site=library&monht=2026-11', 400, 'monht'],
    ['month=2026-11', 400, 'site'],
  ])('refuses %s', async (query, status, field) => {
    const { get } = await aConsole();
    const reply = await get(query);
    expect([reply.statusCode, reply.json().error.field]).toEqual([status, field]);
  });

  it('tells a month without any data as not known, in every format', async () => {
    const { get, heard } = await aConsole();
    await heard('main', 'active_energy_kwh');
    const report = (await get('site=library&month=2020-01')).json() as EnergyReportReply;
    expect(report.carriers[0]).toMatchObject({
      consumption: null,
      refusal: { code: 'nothing-known' },
      known_percent: 0,
    });
    expect((await get('site=library&month=2020-01&format=xlsx')).statusCode).toBe(200);
  });

  it('takes other warming potentials', async () => {
    const { get } = await aConsole();
    const report = (await get('site=library&month=2026-11&gwp=AR6')).json() as EnergyReportReply;
    // 539.3 + 27.9 × 0.063 + 273 × 0.008 = 543.2417 lb/MWh.
    expect(report.carriers[0]?.emissions?.location).toMatchObject({ kg_co2e: 1_780.93, gwp: 'AR6' });
  });
});
