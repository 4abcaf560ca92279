import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { EnergyReport } from '../../reports/energy-report.ts';
import { energyReportCsv } from '../../reports/energy-report-csv.ts';
import { energyReportTables, REPORT_PARTS } from '../../reports/energy-report-tables.ts';
import { energyReportXlsx } from '../../reports/energy-report-xlsx.ts';
import { percentOf, roundedPercent } from '../../reports/percent.ts';
import { roundMoney } from '../../reports/report-cost.ts';
import { bostonTime } from './counted-months.ts';
import { aReportCity } from './report-city.ts';
import { sheetCells, zipEntries } from './zip-entries.ts';

const KWH = 'active_energy_kwh';
const WHY = '-1+1 said "Ann",\nthe caretaker; Straße 5 m²';

/** November with a reset, a decision with an ugly reason, and a gas meter that is silent. */
async function aReport(): Promise<EnergyReport> {
  const city = await aReportCity({ name: '=HYPERLINK("http://example.org")' });
  await city.meter('main', { kind: 'electricity-meter', name: '@SUM(A1)' });
  await city.meter('gas');
  await city.heard('gas', 'gas_volume_m3', bostonTime('2026-10-02'));
  const reset = bostonTime('2026-11-20 00:00');
  const shows = (time: number, quarter: number) => (time < reset ? quarter * 2.5 : 0);
  await city.count('2026-11', { device: 'main', metric: KWH, shows });
  const key = { gateway: 'basement', device: 'main', metric: KWH, at: reset };
  await city.register.putDecision({ ...key, decision: 'reset', who: '+Ann', why: WHY });
  return await city.report('2026-11');
}

describe('CSV', () => {
  it('comes back cell by cell through another reader, every table of it', async () => {
    const report = await aReport();
    const tables = energyReportTables(report);
    for (const part of REPORT_PARTS) {
      const text = energyReportCsv(report, part);
      expect(text.endsWith('\r\n')).toBe(true);
      const rows: string[][] = parse(text, { record_delimiter: '\r\n' });
      const { columns, rows: told } = tables[part];
      expect(rows).toHaveLength(told.length + 1);
      expect(rows[0]).toEqual(columns.map(({ title }) => title));
      const plain = (cell: string | number | null) =>
        cell === null ? '' : String(cell).replace(/^(?=[=+\-@])/, typeof cell === 'string' ? "'" : '');
      expect(rows.slice(1)).toEqual(told.map((row) => row.map(plain)));
    }
  });

  it('is a row for each civil day, with the same columns for every site', async () => {
    const rows: Record<string, string>[] = parse(energyReportCsv(await aReport(), 'days'), { columns: true });
    expect(rows).toHaveLength(30);
    expect(rows[0]).toMatchObject({
      site: 'library',
      date: '2026-11-01',
      hours: '25',
      'electricity (kWh)': '250',
      'electricity measured (% of time)': '100',
      'electricity flags': '',
      'gas (m³)': '',
      'gas known (% of time)': '0',
      'gas flags': 'not-known',
      'heat (kWh)': '',
      'heat flags': 'no-meter',
    });
    expect(rows[18]).toMatchObject({
      date: '2026-11-19',
      'electricity flags': 'incomplete',
      'electricity known (% of time)': '98.96',
    });
  });

  it('says in the summary why a figure is not given, and never 0 for it', async () => {
    const rows: Record<string, string>[] = parse(energyReportCsv(await aReport(), 'summary'), { columns: true });
    const gas = rows.filter(({ carrier }) => carrier === 'gas');
    for (const figure of ['consumption', 'peak demand', 'base load', 'cost', 'emissions, burnt at the site']) {
      const row = gas.find((one) => one.figure === figure)!;
      expect([figure, row.value]).toEqual([figure, '']);
      expect(row['not given because']).toMatch(/\w/);
    }
    expect(gas.find(({ figure }) => figure === 'time missing')).toMatchObject({
      value: '721',
      with: 'missing: 721 hours on 2026-11-01 to 2026-11-30',
    });
  });
});

describe('XLSX', () => {
  it('has a sheet for each table, with numbers as numbers, days as dates and a header that stays', async () => {
    const report = await aReport();
    const entries = zipEntries(await energyReportXlsx(report));
    const names = [...entries.get('xl/workbook.xml')!.matchAll(/<sheet [^>]*name="([^"]+)"/g)].map((match) => match[1]);
    expect(names).toEqual(['About', 'Summary', 'Days', 'Cost', 'Meters', 'Events', 'Sources']);
    const tables = energyReportTables(report);
    for (const [place, part] of REPORT_PARTS.entries()) {
      const { columns, rows } = tables[part];
      const cells = sheetCells(entries, place + 1);
      expect(cells.get('A1')).toBe(columns[0]!.title);
      const filled = rows.flat().filter((cell) => cell !== null && cell !== '').length;
      expect(cells.size).toBe(columns.length + filled);
      expect(entries.get(`xl/worksheets/sheet${place + 1}.xml`)).toMatch(/<pane ySplit="1"[^>]*state="frozen"\/>/);
    }
    const days = sheetCells(entries, 3);
    // Days since 30 December 1899: 2026-11-01 is 46,327.
    expect([days.get('A2'), days.get('B2'), days.get('C2'), days.get('D2')]).toEqual(['library', 46_327, 25, 250]);
    const format = /<c r="B2" s="(\d+)"/.exec(entries.get('xl/worksheets/sheet3.xml')!)![1];
    const styles = entries.get('xl/styles.xml')!;
    const style = [...styles.slice(styles.indexOf('<cellXfs')).matchAll(/<xf ([^>]*)>/g)][Number(format)]![1];
    const formatId = /numFmtId="(\d+)"/.exec(style!)![1];
    expect(styles).toContain(`<numFmt numFmtId="${formatId}" formatCode="yyyy-mm-dd"/>`);
  });

  it('runs nothing that a name says', async () => {
    const entries = zipEntries(await energyReportXlsx(await aReport()));
    for (const [name, xml] of entries) if (name.includes('sheet')) expect(xml).not.toContain('<f');
    const all = [1, 5, 6].flatMap((sheet) => [...sheetCells(entries, sheet).values()]);
    expect(all).toContain('\'=HYPERLINK("http://example.org")');
    expect(all).toContain("'@SUM(A1)");
    expect(all).toContain("'+Ann");
    expect(all).toContain(`'${WHY}`);
    expect(all.filter((cell) => typeof cell === 'string' && /^[=+\-@]/.test(cell))).toEqual([]);
  });
});

describe('rounding', () => {
  it('of money is to the smallest coin, half a coin away from zero', () => {
    expect([1.005, 2.675, -1.005, 891.8735, 0.004, -0.004].map((amount) => roundMoney(amount, 'USD'))).toEqual([
      1.01, 2.68, -1.01, 891.87, 0, 0,
    ]);
    expect([roundMoney(1.5, 'JPY'), roundMoney(1.2345, 'KWD')]).toEqual([2, 1.235]);
  });

  it('of completeness never says all when something is missing', () => {
    expect([1, 0.999_99, 0.5, 0.000_01, 0].map(percentOf)).toEqual([100, 99.99, 50, 0.01, 0]);
    expect([1, 0.999_999].map(roundedPercent)).toEqual([100, 100]);
  });
});
