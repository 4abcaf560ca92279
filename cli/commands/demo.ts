import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { DemoReply } from '../../console/api/demo-reply.ts';
import type { SeriesReply } from '../../console/api/replies.ts';
import type { RollUpStatusReply, RollUpsReply } from '../../console/api/replies-roll-ups.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import { METRICS } from '../../contract/metrics.ts';
import { cityOf, readFounding } from '../../simulators/founding.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { MeterTruth } from '../../simulators/meter-truth.ts';
import { type RollUpsUnderTest, verifyRollUps } from '../../simulators/roll-up-verification.ts';
import { type StoredTotal, type StoreUnderTest, verifyCity } from '../../simulators/verification.ts';
import {
  type BookLine,
  isBehind,
  linesOfBooks,
  linesOfDeviations,
  linesOfRollUps,
  verdict,
  verdictOfRollUps,
} from '../demo-report.ts';
import { print, printError, printTable } from '../print.ts';
import { connectToServer, type ServerClient } from '../server-client.ts';
import { dataOption } from './server-option.ts';

const COUNTERS = METRICS.filter(({ kind }) => kind === 'counter').map(({ id }) => id);
/** What is younger than this may still be on its way. */
const CUT_MS = 2_000;
const LOOK_EVERY_MS = 250;
/** A server that was started a moment ago is waited for. */
const START_MS = 10_000;

export function demoCommand(): Command {
  const command = new Command('demo').description('check the demo city');
  command
    .command('verify')
    .description(
      'compare what the store holds with what the simulated city produced, and roll-ups with what it counted',
    )
    .addOption(dataOption())
    .addOption(
      new Option(
        '--wait <seconds>',
        'how long to wait for readings that are still on their way, and for roll-ups',
      ).default('600'),
    )
    .action(async ({ data, wait }: { data: string; wait: string }) => {
      const waitS = Number(wait);
      if (!(waitS >= 0)) throw new LamplighterError('bad-request', '--wait must be a number of seconds.');
      if (!(await verify(data, waitS * 1_000))) process.exitCode = 1;
    });
  return command;
}

/** True when everything is exact. */
async function verify(data: string, waitMs: number): Promise<boolean> {
  const founding = readFounding(resolve(data));
  if (founding === undefined) {
    throw new LamplighterError(
      'not-found',
      `${resolve(data)} holds no demo city. Start one with: lamplighter start --city demo --data ${data}`,
    );
  }
  const server = await connectWhenReady(data, Math.min(waitMs, START_MS));
  const truth = new GroundTruth(cityOf(founding));
  const startedMs = performance.now();
  const cut = Date.now() - CUT_MS;
  const accounts = await untilTold(server, cut, waitMs);
  if (accounts.length === 0) {
    throw new LamplighterError('not-ready', 'no simulated gateway runs. Start the server with: --city demo');
  }
  const waited = performance.now() - startedMs;
  const toldAt = Date.now();

  const books: BookLine[] = accounts.map((account) => ({
    ...account,
    expected: truth
      .devices(account.gateway)
      .reduce((sum, { id }) => sum + truth.expectedCount(account.gateway, id, founding.begins, account.live_at_ms), 0),
  }));
  const result = await verifyCity({
    truth,
    store: storeOf(server),
    gateways: new Set(accounts.map(({ gateway }) => gateway)),
    from: founding.begins,
    to: cut,
    onProgress: (share) => progress(`Comparing … ${Math.floor(share * 100)} %`),
  });
  const rolledUp = await verifiedRollUps({
    server,
    truth,
    zone: truth.city.zone,
    gateways: new Set(accounts.map(({ gateway }) => gateway)),
    from: founding.begins,
    to: cut,
    toldAt,
    deadline: startedMs + waitMs,
  });
  progress('');

  const { header, rows } = linesOfBooks(books);
  printTable(header, rows);
  print();
  for (const line of linesOfDeviations(result.deviations)) print(line);
  const seconds = (performance.now() - startedMs - waited) / 1_000;
  const { isExact, words } = verdict(books, result, { from: founding.begins, to: cut, seconds });
  for (const line of linesOfRollUps(rolledUp.result)) print(line);
  print(rolledUp.verdict.words);
  print(words);
  return isExact && rolledUp.verdict.isRight;
}

interface RollUpQuestion {
  readonly server: ServerClient;
  readonly truth: GroundTruth;
  readonly zone: string;
  readonly gateways: ReadonlySet<string>;
  readonly from: number;
  readonly to: number;
  /** Readings of the range were stored at this instant, epoch milliseconds. */
  readonly toldAt: number;
  /** By `performance.now()`. */
  readonly deadline: number;
}

/** Once all that was stored is rolled up, or when time is up. */
async function verifiedRollUps({ server, truth, toldAt, deadline, ...range }: RollUpQuestion) {
  const ask = () => server.get<RollUpStatusReply>('/api/roll-ups/status');
  let status = await ask();
  for (; isBehind(status, toldAt) && performance.now() < deadline; status = await ask()) {
    progress(`Waiting for roll-ups, ${status.pending_quarters} quarter hours of devices to go …`);
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
  progress('Comparing roll-ups …');
  const { from, to } = range;
  const result = await verifyRollUps({
    ...range,
    truth: new MeterTruth(truth, { from, to }),
    rollUps: rollUpsOf(server),
  });
  return { result, verdict: verdictOfRollUps(result, status, toldAt) };
}

function rollUpsOf(server: ServerClient): RollUpsUnderTest {
  return {
    rows: async (width, from, to) => {
      const { rows } = await server.get<RollUpsReply>('/api/roll-ups', { width, metric: COUNTERS, from, to });
      return rows.map(({ gateway, device, metric, start_ms, consumption }) => ({
        gateway,
        device,
        metric,
        start: start_ms,
        consumption,
      }));
    },
  };
}

async function connectWhenReady(data: string, waitMs: number): Promise<ServerClient> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    try {
      const server = await connectToServer(data);
      progress('');
      return server;
    } catch (error) {
      const isStarting = error instanceof LamplighterError && error.code === 'not-ready';
      if (!isStarting || performance.now() > deadline) throw error;
      progress('Waiting for the server …');
      await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
    }
  }
}

/** The books of all gateways, once each has produced and settled what lies before the cut, or when time is up. */
async function untilTold(server: ServerClient, cut: number, waitMs: number): Promise<DemoReply['gateways']> {
  const deadline = performance.now() + waitMs;
  const settled = new Map<string, DemoReply['gateways'][number]>();
  for (;;) {
    const { gateways, history } = await server.get<DemoReply>('/api/demo');
    for (const account of gateways) {
      const isSettled = account.live_at_ms >= cut && account.pending === 0 && account.buffered === 0;
      if (isSettled && !settled.has(account.gateway)) settled.set(account.gateway, account);
    }
    const waiting = gateways.filter(({ gateway }) => !settled.has(gateway));
    if (waiting.length === 0 || performance.now() > deadline) {
      progress('');
      return gateways.map((account) => settled.get(account.gateway) ?? account);
    }
    const names = waiting.slice(0, 3).map(({ gateway }) => gateway);
    const more = waiting.length > names.length ? ` and ${waiting.length - names.length} more` : '';
    const told =
      history.state === 'loading'
        ? `, history ${Math.floor((100 * history.done_readings) / Math.max(1, history.total_readings))} %`
        : '';
    progress(`Waiting for ${names.join(', ')}${more}${told} …`);
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
}

function storeOf(server: ServerClient): StoreUnderTest {
  return {
    totals: async (from, to) => (await server.get<{ totals: StoredTotal[] }>('/api/totals', { from, to })).totals,
    points: async ({ gateway, device, metric }, from, to) => {
      const { series } = await server.get<SeriesReply>('/api/series', {
        metric,
        device: `${gateway}/${device}`,
        from,
        to,
      });
      return series.flatMap(({ points }) => points.map(({ time_ms, value }) => ({ time: time_ms, value })));
    },
  };
}

let lastProgress = '';

/** One line that is rewritten; without a terminal, a line when the words change by more than figures. */
function progress(words: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${words}`);
  else {
    const kind = words.replace(/\d+/g, '');
    if (words !== '' && kind !== lastProgress) printError(words);
    lastProgress = kind;
  }
}
