/** A library with its meters, in a real register and a real store, for tests of reports. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Device, Site } from '../../register/model.ts';
import { Register } from '../../register/register.ts';
import { type EnergyReport, energyReport } from '../../reports/energy-report.ts';
import { readEnergyReport } from '../../reports/read-energy-report.ts';
import { type ReferenceTables, withOwnTables } from '../../reports/reference-tables.ts';
import { silentLog } from '../../runtime/log.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import { aTariff } from '../energy/tariffs/tariffs.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { BOSTON, type CountedMeter, countedMonth, monthOf } from './counted-months.ts';

/** 0.1234 a kWh, 27.26 a kW, 30 a month. */
export const PLAIN_TARIFF = aTariff({
  id: 'city-general',
  revision: '2026-01',
  energy: [{ name: 'Supply', rate: 0.1234 }],
  demand: [{ name: 'Demand', rate: 27.26 }],
  fixed: [{ name: 'Customer charge', per_month: 30 }],
});

export const TABLES = withOwnTables({ tariffs: [PLAIN_TARIFF] });

export async function aReportCity(change: Partial<Site> = {}) {
  const folder = temporaryFolder();
  const clock = new ManualClock(Date.parse('2026-12-02T15:00:00Z'));
  const register = new Register({ folder: join(folder, 'register'), clock, log: silentLog });
  await register.start();
  const store = new DuckDBStore({
    options: { path: join(folder, 'telemetry.duckdb'), threads: 1, memoryLimit: '256MB' },
    log: silentLog,
  });
  await store.open();
  await store.init();
  onTestFinished(async () => {
    await store.close();
    await register.stop();
  });
  await register.putSite({
    id: 'library',
    name: 'Central Library',
    kind: 'building',
    zone: BOSTON,
    schedule: { days: [1, 2, 3, 4, 5], open: '08:00', close: '18:00' },
    tariffs: { electricity: 'city-general' },
    factors: 'egrid',
    ...change,
  });
  await register.putGateway({ id: 'basement', name: 'Basement', site: 'library', retired: false });
  const meter = async (id: string, device: Partial<Device> = {}) => {
    const placements = [{ site: 'library', from: 0 }];
    const common = { gateway: 'basement', id, name: id, interval_s: 900, placements, is_new: false };
    await register.putDevice({ ...common, ...device });
  };
  let seq = 0;
  /** A reading makes the counter known to the store, as every meter that ever spoke is. */
  const heard = async (device: string, metric: string, time = monthOf('2026-11').from) => {
    const readings = [{ device, time, values: { [metric]: 1 } }];
    await store.commit([{ gateway: 'basement', epoch: 'test', seq: ++seq, readings, rejected: [] }], async () => {});
  };
  const count = async (month: string, counted: CountedMeter) => {
    const { quarters, days, events } = countedMonth(monthOf(month), counted);
    await store.putRollUps({ rows: { '15m': quarters, '1h': [], '1d': days }, events, erasedEvents: [] });
    return { quarters, days, events };
  };
  const report = async (month: string, tables: ReferenceTables = TABLES, gwp = 'AR5'): Promise<EnergyReport> => {
    const site = register.site('library')!;
    const wanted = { site, month, whole: monthOf(month), gwp, now: clock.now(), version: '0.1.0' };
    return await energyReport(await readEnergyReport({ register, store, tables }, wanted));
  };
  return { folder, clock, register, store, meter, heard, count, report };
}

export type ReportCity = Awaited<ReturnType<typeof aReportCity>>;
