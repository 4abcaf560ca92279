/**
 * `npm run bench -- --fleet`: thousands of gateways on one server as it runs by default: broker, ingest, analysis (roll-ups
 * and alerts) and console in one process on DuckDB. What it takes to hold them, how long an acknowledgement takes, and
 * what happens when all of them are cut off and come back at once. The store is counted at the end.
 *
 * Roll-ups are made when a quarter hour is over, of every device at once. `--rolled-up` has the flow go on until one has
 * ended and is rolled up, a quarter of an hour at most, and measures the memory then: without it a run may miss it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { enrolledTokens } from '../../cli/fleet-credentials.ts';
import { verdictOf } from '../../cli/fleet-report.ts';
import { systemClock } from '../../runtime/clock.ts';
import { FLEET_DEFAULTS, Fleet } from '../../simulators/fleet/fleet.ts';
import { fleetTransport } from '../../simulators/fleet/fleet-transport.ts';
import { ServerProcess } from '../server-process.ts';

export interface FleetBenchOptions {
  readonly sizes: readonly number[];
  /** Of steady flow. */
  readonly seconds: number;
  readonly readingsPerS: number;
  readonly transports: readonly FleetBenchTransport[];
  /** Goes on until a quarter hour has ended and is rolled up. */
  readonly untilRolledUp: boolean;
}

export type FleetBenchTransport = keyof typeof SERVER_ARGS;

const SERVER_ARGS = { tcp: [], tls: ['--tls', 'auto', '--mqtts-port', '0', '--mqtt-port', 'off'] } as const;
const VALUES = 4;
const CONNECT_WITHIN_MS = 120_000;
const SETTLE_WITHIN_MS = 180_000;
/** Connected and silent for so long before the memory is read. */
const IDLE_MS = 10_000;
const PAGES = ['/metrics', '/api/gateways?limit=200', '/api/gateways?limit=10000', '/api/health'] as const;
const PAGE_EVERY_MS = 1_000;
const QUARTER_MS = 900_000;
const ROLLED_UP_WITHIN_MS = 300_000;
const SERVER_ROLES = 'broker, ingest, analysis, console';

export async function benchFleet(options: FleetBenchOptions): Promise<void> {
  console.log(`## Fleet: ${options.readingsPerS} readings/s in all, ${VALUES} values a reading`);
  console.log(`The server runs ${SERVER_ROLES} in one process on DuckDB\n`);
  const rows: string[][] = [];
  const pages: string[][] = [];
  for (const transport of options.transports) {
    for (const size of options.sizes) {
      const { row, page } = await benchSize(size, transport, options);
      rows.push([transport, ...row]);
      pages.push([transport, ...page]);
    }
  }
  table(
    [
      'over',
      'gateways',
      'connected after s',
      'MiB before',
      'MiB idle',
      'KiB a gateway',
      'MiB with flow',
      'MiB rolled up',
      'p50 ms',
      'p99 ms',
      'storm: all back s',
      'outstanding settled s',
      'p50 ms in it',
      'p99 ms in it',
      'peak MiB',
      'store',
    ],
    rows,
  );
  console.log('\nSlowest answer of the pages while it flows, ms');
  table(['over', 'gateways', ...PAGES], pages);
}

async function benchSize(
  size: number,
  transport: FleetBenchTransport,
  options: FleetBenchOptions,
): Promise<{ row: string[]; page: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-fleet-'));
  const data = join(folder, 'data');
  const server = await ServerProcess.start({
    data,
    args: ['--city', 'none', ...SERVER_ARGS[transport]],
    env: { LAMPLIGHTER_LOG_LEVEL: 'warn' },
  });
  try {
    const credentials = await enrolledTokens(server.api, data, size);
    const before = residentMiB(server);
    const fleet = new Fleet({
      credentials,
      transport: fleetTransport({
        url: server.api.mqtt.href,
        ...(transport === 'tls' && { caFile: join(data, 'tls', 'ca.pem') }),
      }),
      clock: systemClock,
      random: Math.random,
      version: 'bench',
      options: { readingsPerS: options.readingsPerS, values: VALUES },
    });
    const startedAt = performance.now();
    await fleet.start();
    if (!(await fleet.connected(CONNECT_WITHIN_MS)))
      throw new Error(`only ${fleet.books.connected} of ${size} connected: ${JSON.stringify(fleet.books.errors)}`);
    const connectedS = (performance.now() - startedAt) / 1_000;
    await sleep(IDLE_MS);
    const idle = residentMiB(server);

    fleet.produce();
    // Until every device has been read once the register lists new ones; what follows is the steady state.
    await sleep(Math.max(12, (size * FLEET_DEFAULTS.devices) / options.readingsPerS + 2) * 1_000);
    fleet.books.latency.reset();
    const slowest = await askPages(server, options.seconds);
    const flow = residentMiB(server);
    const steady = percentiles(fleet);
    const rolledUp = options.untilRolledUp ? await mostUntilRolledUp(server) : undefined;

    fleet.books.latency.reset();
    const storm = await fleet.storm(SETTLE_WITHIN_MS);
    await fleet.drained(SETTLE_WITHIN_MS);
    const stormy = percentiles(fleet);
    fleet.stopProducing();
    await fleet.drained(SETTLE_WITHIN_MS);
    const verdict = verdictOf(fleet, storm);
    const peak = server.peakMiB();
    const { count } = await server.api.get<{ count: number }>('/api/totals');
    const wanted = fleet.counts().produced * VALUES;
    const store = !verdict.isGood ? verdict.words : count === wanted ? 'exact' : `${count} of ${wanted} values`;
    await fleet.stop();
    const row = [
      size.toLocaleString('en'),
      connectedS.toFixed(1),
      before.toFixed(0),
      idle.toFixed(0),
      (((idle - before) * 1_024) / size).toFixed(1),
      flow.toFixed(0),
      rolledUp?.toFixed(0) ?? '–',
      ...steady,
      storm.backAfterS?.toFixed(1) ?? 'never',
      storm.settledAfterS?.toFixed(1) ?? 'never',
      ...stormy,
      peak.toFixed(0),
      store,
    ];
    return { row, page: [size.toLocaleString('en'), ...slowest] };
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The most memory until the quarter hour that runs now has ended and is rolled up, MiB. */
async function mostUntilRolledUp(server: ServerProcess): Promise<number> {
  const end = (Math.floor(Date.now() / QUARTER_MS) + 1) * QUARTER_MS;
  let most = 0;
  while (Date.now() < end + ROLLED_UP_WITHIN_MS) {
    most = Math.max(most, residentMiB(server));
    const { state } = await server.api.get<{ state: string }>('/api/roll-ups/status');
    // One that has just ended is pending at once: a moment later it is not forgotten.
    if (Date.now() > end + PAGE_EVERY_MS && state === 'caught-up') return most;
    await sleep(PAGE_EVERY_MS);
  }
  throw new Error('the roll-ups did not catch up');
}

/** Asks each page in turn, one a second, and tells the slowest answer of each. */
async function askPages(server: ServerProcess, seconds: number): Promise<string[]> {
  const slowest = new Map<string, number>();
  const end = performance.now() + seconds * 1_000;
  for (let turn = 0; performance.now() < end; turn++) {
    const page = PAGES[turn % PAGES.length] as string;
    const asked = performance.now();
    const reply = await fetch(new URL(page, server.console));
    await reply.arrayBuffer();
    slowest.set(page, Math.max(slowest.get(page) ?? 0, performance.now() - asked));
    await sleep(PAGE_EVERY_MS);
  }
  return PAGES.map((page) => slowest.get(page)?.toFixed(0) ?? '–');
}

function percentiles(fleet: Fleet): string[] {
  const { latency } = fleet.books;
  return [0.5, 0.99].map((share) => latency.percentile(share)?.toFixed(0) ?? '–');
}

function residentMiB(server: ServerProcess): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.child.pid}/status`, 'latin1'));
  return Number(match?.[1]) / 1_024;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): void {
  console.log(`| ${header.join(' | ')} |`);
  console.log(`|${header.map(() => '---:').join('|')}|`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}
