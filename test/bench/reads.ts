/**
 * `npm run bench -- --reads`: how long the console takes to answer what people ask most, over HTTP, from a store that
 * holds a year of the demo city. Three days come from the city itself; the rows of its last whole day stand for every
 * day before, quarter hours and hours for a month, days for a year.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STORE_FILE } from '../../cli/backup/kept-files.ts';
import type { DemoReply } from '../../console/api/demo-reply.ts';
import type { RollUpStatusReply } from '../../console/api/replies-roll-ups.ts';
import type { RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { dayFrom } from '../../energy/calendar.ts';
import { sleep, systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import { InfluxdbStore } from '../../store/influxdb/influxdb-store.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { TelemetryStore } from '../../store/telemetry-store.ts';
import { findInfluxd, startInfluxd } from '../real-servers/influxd.ts';
import { ServerProcess } from '../server-process.ts';
import { printReads, type Question, readTimes } from './read-times.ts';

const DAY_MS = 86_400_000;
/** Of the demo city; its days begin at midnight there. */
const ZONE = 'America/New_York';
const HISTORY_DAYS = 3;
const COPIED_DAYS: Readonly<Record<RollUpWidth, number>> = { '15m': 31, '1h': 31, '1d': 365 };
/** Buildings of every size; a question is asked of each in turn. */
const SITES = ['city-hall', 'central-library', 'latin-school', 'mason-pool', 'engine-33', 'frontage-depot'];

export interface ReadsBenchOptions {
  readonly stores: readonly ('duckdb' | 'influxdb')[];
  /** How often each question is asked. */
  readonly times: number;
}

export async function benchReads({ stores, times }: ReadsBenchOptions): Promise<void> {
  for (const name of stores) {
    console.log(`\n## ${name === 'duckdb' ? 'DuckDB' : 'InfluxDB'}`);
    const folder = mkdtempSync(join(tmpdir(), 'lamplighter-bench-'));
    const data = join(folder, 'data');
    if (name === 'duckdb') {
      await benchStore(
        data,
        [],
        times,
        () => new DuckDBStore({ options: { path: join(data, STORE_FILE) }, log: silentLog }),
      );
    } else if (findInfluxd() === undefined) console.log('influxd is not installed: npm run setup:servers');
    else {
      const influxd = await startInfluxd();
      const deps = { folder: join(folder, 'store'), clock: systemClock, random: Math.random, log: silentLog };
      const args = ['--store', 'influxdb', '--influx-url', influxd.url];
      await benchStore(data, args, times, () => new InfluxdbStore({ ...deps, options: { url: influxd.url } }));
      await influxd.remove();
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

async function benchStore(
  data: string,
  args: readonly string[],
  times: number,
  open: () => TelemetryStore & RollUpStore,
): Promise<void> {
  let server = await startCity(data, args);
  await untilRolledUp(server);
  await server.stop();

  const store = open();
  await store.open();
  const day = Math.floor(Date.now() / DAY_MS - 1) * DAY_MS;
  for (const width of ['1d', '1h', '15m'] as const) await copyDay(store, width, day);
  await store.close();

  server = await startCity(data, args);
  await untilRolledUp(server);
  for (let round = 0; round < 2; round++) {
    const rows = [];
    for (const question of questions()) rows.push(await readTimes(server.api, question, times));
    console.log(round === 0 ? '\nthe first time' : '\nagain');
    printReads(rows);
  }
  console.log(`peak ${Math.round(server.peakMiB())} MiB`);
  await server.stop();
}

async function startCity(data: string, args: readonly string[]): Promise<ServerProcess> {
  const server = await ServerProcess.start({
    data,
    args: ['--city', 'demo', '--history-days', String(HISTORY_DAYS), ...args],
    env: { LAMPLIGHTER_LOG_LEVEL: 'warn' },
  });
  if (args.length > 0) await server.api.post('/api/store/init');
  return server;
}

async function untilRolledUp(server: ServerProcess): Promise<void> {
  for (;;) {
    await sleep(systemClock, 500);
    const { history } = await server.api.get<DemoReply>('/api/demo');
    const { pending_quarters: pending = 0 } = await server.api.get<RollUpStatusReply>('/api/roll-ups/status');
    if (history.state === 'done' && pending < 100) return;
  }
}

/** The rows of a day, for each day before those that the city told. */
async function copyDay(store: RollUpStore, width: RollUpWidth, day: number): Promise<void> {
  const rows = await store.rollUps({ width, from: day, to: day + DAY_MS });
  console.log(`${COPIED_DAYS[width]} days of ${rows.length.toLocaleString('en')} rows of ${width} …`);
  for (let back = HISTORY_DAYS; back < COPIED_DAYS[width]; back++) {
    const copies = rows.map((row) =>
      movedBack(row, width === '1d' ? dayFrom(row.start, -back, ZONE) : row.start - back * DAY_MS),
    );
    const none = { '15m': [], '1h': [], '1d': [] };
    await store.putRollUps({ rows: { ...none, [width]: copies }, events: [], erasedEvents: [] });
  }
}

function movedBack(row: RollUp, start: number): RollUp {
  return { ...row, start, ...(row.peakAt === null ? {} : { peakAt: row.peakAt - (row.start - start) }) };
}

function questions(): Question[] {
  const energy = (every: string, from: string) => (site: string) => ({
    path: '/api/energy',
    query: { site, carrier: 'electricity', from, to: 'now', every },
  });
  const asked: Omit<Question, 'sites'>[] = [
    { name: 'a year of a site by day', targetMs: 50, ask: energy('day', '-365d') },
    { name: 'a month of a site by 15 min', targetMs: 50, ask: energy('15m', '-30d') },
    {
      name: 'a month of a meter’s load by 15 min',
      targetMs: 50,
      ask: (site) => ({
        path: '/api/series',
        query: {
          metric: 'active_power_kw',
          device: `${site}-gateway/main-meter`,
          from: '-30d',
          to: 'now',
          every: '15m',
        },
      }),
    },
    { name: 'the whole city now', targetMs: 100, ask: () => ({ path: '/api/city', query: {} }) },
    { name: 'all sites now', targetMs: 100, ask: () => ({ path: '/api/city/sites', query: {} }) },
    { name: 'a site now', ask: (site) => ({ path: `/api/city/sites/${site}`, query: {} }) },
    {
      name: 'figures of a month of a site',
      ask: (site) => ({ path: '/api/analytics', query: { site, carrier: 'electricity', from: '-30d', to: 'now' } }),
    },
  ];
  return asked.map((question) => ({ ...question, sites: SITES }));
}
