/** A month of the demo city, through store, roll-ups and API, against what its meters truly counted. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildConsoleApp } from '../../console/api/app.ts';
import type { ConsoleApp } from '../../console/api/console-app.ts';
import type { EnergyReply } from '../../console/api/replies-city.ts';
import { silentLog } from '../../runtime/log.ts';
import { demoCity } from '../../simulators/city.ts';
import { NO_FAULTS } from '../../simulators/city-faults.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { entriesOf } from '../../simulators/manifest.ts';
import { gatewayOf } from '../../simulators/simulated-devices.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import type { AdmittedBatch } from '../../store/telemetry-store.ts';
import { isLong } from '../is-long.ts';
import { ManualClock } from '../manual-clock.ts';
import { aCityOfOne } from './fake-city.ts';
import { rollUpAll } from './rolled-up.ts';

const FROM = Date.parse('2026-10-15T00:00:00-04:00');
const TO = Date.parse('2026-11-15T00:00:00-05:00');
const HOUR = 3_600_000;
const METER = 'main-meter';
const METRIC = 'active_energy_kwh';

/** Its meter begins again at 0, at three in the night. */
const RESET = { site: 'charlestown-high', at: Date.parse('2026-11-03T03:00:00-05:00') };
/** Nothing of it arrives during an afternoon. */
const GAP = { site: 'central-library', from: Date.parse('2026-11-05T11:00:00-05:00'), hours: 6 };

const healthy = demoCity(7);
const truth = new GroundTruth(healthy);
const told = new GroundTruth(
  demoCity(7, {
    faults: { ...NO_FAULTS, registers: [{ kind: 'reset', site: RESET.site, from: RESET.at, restart: 0 }] },
  }),
);
const ASKED_FOR = ['city-hall', 'mather-school', RESET.site, GAP.site];
const buildings = healthy.sites.filter(
  ({ kind, id }, index) => kind === 'building' && (isLong || ASKED_FOR.includes(id) || index % 4 === 0),
);

async function fill(store: DuckDBStore): Promise<void> {
  let seq = 0;
  for (const { id } of buildings) {
    const gateway = gatewayOf(id);
    let batches: AdmittedBatch[] = [];
    let readings: AdmittedBatch['readings'][number][] = [];
    // An hour on both sides, so that the month does not begin with the first reading of all.
    for (const { device, time, values } of told.expectedReadings(gateway, METER, FROM - HOUR, TO + HOUR)) {
      if (id === GAP.site && time >= GAP.from && time < GAP.from + GAP.hours * HOUR) continue;
      readings.push({ device, time, values: { [METRIC]: values[METRIC]! } });
      if (readings.length < 1_000) continue;
      batches.push({ gateway, epoch: 'month', seq: ++seq, readings, rejected: [] });
      readings = [];
    }
    batches.push({ gateway, epoch: 'month', seq: ++seq, readings, rejected: [] });
    await store.commit(batches, async () => {});
    batches = [];
  }
}

describe('a month of the demo city', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-month-'));
  const store = new DuckDBStore({ options: { path: join(folder, 'city.duckdb') }, log: silentLog });
  let app: ConsoleApp;

  beforeAll(async () => {
    await store.open();
    await store.init();
    await fill(store);
    const city = aCityOfOne({ clock: new ManualClock(TO + HOUR) });
    const entries = entriesOf(healthy);
    for (const site of entries.sites) city.register.siteById.set(site.id, site);
    for (const gateway of entries.gateways) city.register.gatewayById.set(gateway.id, gateway);
    for (const device of entries.devices) city.register.deviceByKey.set(`${device.gateway}/${device.id}`, device);
    await rollUpAll({ store, register: city.register }, { now: TO + HOUR, folder });
    app = await buildConsoleApp({ ...city, store }, { host: '127.0.0.1' });
  }, 400_000);
  afterAll(async () => {
    await app?.close();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function ask(query: string): Promise<EnergyReply> {
    const reply = await app.inject({ url: `/api/energy?${query}`, headers: { host: 'localhost' } });
    expect(reply.statusCode, reply.body.slice(0, 300)).toBe(200);
    return reply.json();
  }

  it('every day of every building is within 0.1 % of the truth, the day of 25 hours too', async () => {
    for (const { id } of buildings) {
      const { rows, total } = await ask(`site=${id}&from=2026-10-15&to=2026-11-15&every=day`);
      expect(rows).toHaveLength(31);
      const counted = (time: number) => truth.value(gatewayOf(id), METER, METRIC, time)!;
      for (const row of rows) {
        const expected = counted(row.to_ms) - counted(row.from_ms);
        const off = Math.abs(row.value! - expected);
        // A counter shows tenths of kWh; a day of a small building has few of them.
        expect(off, `${id} ${row.from}: ${row.value} instead of ${expected}`).toBeLessThanOrEqual(
          Math.max(0.001 * expected, 0.2),
        );
      }
      const month = counted(TO) - counted(FROM);
      expect(Math.abs(total! - month), id).toBeLessThanOrEqual(0.001 * month);
    }
  }, 120_000);

  it('says which day has 25 hours, which a reset, and which was not wholly measured', async () => {
    const { rows } = await ask('site=city-hall&from=2026-10-15&to=2026-11-15');
    expect(rows.filter(({ from_ms, to_ms }) => to_ms - from_ms === 25 * HOUR).map(({ from }) => from)).toEqual([
      '2026-11-01T04:00:00.000Z',
    ]);
    expect(rows.every(({ coverage_percent, events }) => coverage_percent === 100 && events.length === 0)).toBe(true);

    const reset = await ask(`site=${RESET.site}&from=2026-11-01&to=2026-11-08`);
    expect(reset.rows.map(({ events }) => events.join())).toEqual(['', '', 'reset', '', '', '', '']);
    expect(reset.events).toHaveLength(1);

    const gap = await ask(`site=${GAP.site}&from=2026-11-01&to=2026-11-08`);
    expect(gap.rows.map(({ coverage_percent }) => Math.round(coverage_percent))).toEqual([
      100, 100, 100, 100, 75, 100, 100,
    ]);
    expect(gap.rows[4]?.events).toEqual(['gap']);
  });

  it('quarter hours and hours add up to their day, to the last digit', async () => {
    for (const id of ASKED_FOR) {
      for (const day of ['2026-11-01', '2026-11-03', '2026-11-05']) {
        const next = new Date(Date.parse(`${day}T12:00:00Z`) + 24 * HOUR).toISOString().slice(0, 10);
        const [whole, hours, quarters] = await Promise.all(
          ['day', 'hour', '15m'].map((every) => ask(`site=${id}&from=${day}&to=${next}&every=${every}`)),
        );
        const wattHours = ({ rows }: EnergyReply) =>
          rows.reduce((sum, { value }) => sum + Math.round((value ?? 0) * 1_000), 0);
        expect(hours!.rows).toHaveLength(day === '2026-11-01' ? 25 : 24);
        expect(quarters!.rows).toHaveLength(day === '2026-11-01' ? 100 : 96);
        expect(wattHours(hours!)).toBe(wattHours(whole!));
        expect(wattHours(quarters!)).toBe(wattHours(whole!));
        expect(Math.round(whole!.total! * 1_000)).toBe(wattHours(whole!));
      }
    }
  });
});
