import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { LamplighterError } from '../../contract/error-codes.ts';
import { DEFAULT_TOPIC_PREFIX } from '../../contract/topics.ts';
import { sleep, systemClock } from '../../runtime/clock.ts';
import { FLEET_DEFAULTS, Fleet, type StormReport } from '../../simulators/fleet/fleet.ts';
import type { FleetCredential } from '../../simulators/fleet/fleet-connection.ts';
import { FLEET_METRICS } from '../../simulators/fleet/fleet-readings.ts';
import { fleetTransport } from '../../simulators/fleet/fleet-transport.ts';
import { runningServer } from '../data-folder.ts';
import { enrolledTokens, readTokens, retireSimulated, simulatedIds } from '../fleet-credentials.ts';
import { FleetProgress, stormLines, summaryLines, verdictOf } from '../fleet-report.ts';
import { mostOpenFiles } from '../open-files.ts';
import { print, printError } from '../print.ts';
import { connectToServer } from '../server-client.ts';
import { VERSION } from '../version.ts';
import { dataOption } from './server-option.ts';

interface Options {
  readonly gateways: number;
  readonly rate?: number;
  readonly interval: number;
  readonly devices: number;
  readonly values: number;
  readonly duration?: number;
  readonly storm?: boolean;
  readonly qos0?: boolean;
  readonly broker?: string;
  readonly caFile?: string;
  readonly anonymous?: boolean;
  readonly tokens?: string;
  readonly topicPrefix: string;
  readonly data: string;
  readonly remove?: boolean;
}

/** Readings that one device can be asked for: instants are milliseconds, and each must be its own. */
const MOST_READINGS_PER_DEVICE_AND_S = 500;
/** Files that a process needs besides its connections. */
const OTHER_FILES = 64;
const PROGRESS_MS = 1_000;
const DRAIN_WITHIN_MS = 30_000;
const STORM_WITHIN_MS = 180_000;
/** Longest flow before a storm, milliseconds. */
const MOST_FLOW_MS = 15_000;

export function simulateCommand(): Command {
  return new Command('simulate')
    .description('load test: thousands of light gateways in one process; every reading must be accounted for')
    .option('--gateways <number>', 'how many', count(1, 60_000), 100)
    .option('--rate <number>', 'readings a second in all; without it each device is read once an interval', rate)
    .addOption(
      new Option('--interval <time>', 'between two batches of one gateway').argParser(duration).default(10_000, '10s'),
    )
    .option('--devices <number>', 'devices of a gateway', count(1, 1_000), FLEET_DEFAULTS.devices)
    .option('--values <number>', 'values of a reading', count(1, FLEET_METRICS.length), FLEET_DEFAULTS.values)
    .option('--duration <time>', 'end after this, such as 60s or 10m; without it Ctrl-C ends it', duration)
    .option('--storm', 'once all gateways deliver, cut every connection at once and measure how long recovery takes')
    .option('--qos0', 'publish presence at QoS 0 as well, so that the broker has nothing to answer')
    .option('--broker <url>', 'mqtt:// or mqtts:// address; default is the running server of --data')
    .option('--ca-file <file>', 'certificate authority of an mqtts:// broker, PEM')
    .option('--anonymous', 'connect without credentials, to a broker that takes anyone; needs --broker')
    .option('--tokens <file>', 'CSV of gateway,token to connect with; needs --broker')
    .option('--topic-prefix <prefix>', 'first levels of every topic', DEFAULT_TOPIC_PREFIX)
    .option('--remove', 'retire the simulated gateways of the server of --data, and stop')
    .addOption(dataOption())
    .action(async (options: Options) => {
      if (options.remove === true) await remove(options);
      else await simulate(options);
    });
}

async function remove({ data }: Options): Promise<void> {
  const retired = await retireSimulated(await connectToServer(data), resolve(data));
  print(`${retired} simulated gateways are retired; their readings stay.`);
}

async function simulate(options: Options): Promise<void> {
  checkRate(options);
  checkOpenFiles(options.gateways);
  const { url, caFile, credentials } = await target(options);
  const fleet = new Fleet({
    credentials,
    transport: fleetTransport({ url, caFile }),
    clock: systemClock,
    random: Math.random,
    version: VERSION,
    options: {
      intervalMs: options.interval,
      devices: options.devices,
      values: options.values,
      readingsPerS: options.rate,
      topicPrefix: options.topicPrefix,
      presenceQos: options.qos0 === true ? 0 : 1,
    },
  });
  print(`${credentials.length} gateways connect to ${url}. Stop with Ctrl-C.`);
  await fleet.start();
  await follow(fleet, options);
}

/** Lets it run, tells how it goes, and ends with the verdict; the exit code is 1 when it is not good. */
async function follow(fleet: Fleet, options: Options): Promise<void> {
  const startedAt = systemClock.monotonicMs();
  const progress = new FleetProgress(fleet, startedAt);
  const telling = systemClock.every(PROGRESS_MS, () => tell(progress.line(systemClock.monotonicMs())));
  const stopped = untilStopped(options.duration);
  const warning = warnOfFirstErrors(fleet);

  fleet.produce();
  let storm: StormReport | undefined;
  if (options.storm === true) {
    const isReady = await Promise.race([flowing(fleet, options), stopped]);
    if (isReady === true) {
      fleet.books.latency.reset();
      storm = (await Promise.race([fleet.storm(STORM_WITHIN_MS), stopped])) || undefined;
    }
  }
  if (options.storm !== true || options.duration !== undefined) await stopped;

  const seconds = (systemClock.monotonicMs() - startedAt) / 1_000;
  fleet.stopProducing();
  if (fleet.counts().buffered > 0) tell('Waiting for the last acknowledgements …');
  await Promise.race([fleet.drained(DRAIN_WITHIN_MS), untilSignal()]);
  telling.cancel();
  warning.cancel();
  endLine();
  for (const line of [...(storm === undefined ? [] : stormLines(storm)), ...summaryLines(fleet, seconds)]) print(line);
  const verdict = verdictOf(fleet, storm);
  print(`${verdict.isGood ? 'OK' : 'NOT OK'}: ${verdict.words}`);
  await fleet.stop();
  // Sockets that are closing must have said their goodbye.
  await sleep(systemClock, 200);
  process.exit(verdict.isGood ? 0 : 1);
}

/** All connected, and flowing for a while. */
async function flowing(fleet: Fleet, options: Options): Promise<boolean> {
  while (!(await fleet.connected(60_000)));
  await sleep(systemClock, Math.min(MOST_FLOW_MS, options.interval + 2_000));
  return true;
}

/** False, when the time is over or someone wants it to end. */
function untilStopped(durationMs: number | undefined): Promise<false> {
  return new Promise((done) => {
    void untilSignal().then(() => done(false));
    if (durationMs !== undefined) systemClock.after(durationMs, () => done(false));
  });
}

function untilSignal(): Promise<void> {
  return new Promise((done) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => done());
  });
}

/** Where there is no terminal the line of progress is not shown; why nothing connects must be. */
function warnOfFirstErrors(fleet: Fleet): { cancel(): void } {
  const told = new Set<string>();
  return systemClock.every(PROGRESS_MS, () => {
    for (const reason of Object.keys(fleet.books.errors)) {
      if (told.has(reason)) continue;
      told.add(reason);
      endLine();
      printError(`A connection ended: ${reason}`);
    }
  });
}

interface Target {
  readonly url: string;
  readonly caFile: string | undefined;
  readonly credentials: FleetCredential[];
}

async function target(options: Options): Promise<Target> {
  const { broker, anonymous, tokens, gateways, caFile } = options;
  if (broker === undefined) {
    if (anonymous === true || tokens !== undefined) {
      throw new LamplighterError('bad-request', '--anonymous and --tokens are for another broker: add --broker');
    }
    const server = await connectToServer(options.data);
    const credentials = await enrolledTokens(server, resolve(options.data), gateways, (ready) => {
      tell(`${ready} of ${gateways} gateways are enrolled`);
    });
    endLine();
    const own = server.mqtt.protocol === 'mqtts:' ? (await runningServer(resolve(options.data)))?.ca : undefined;
    return { url: server.mqtt.href, caFile: caFile ?? own, credentials };
  }
  if (anonymous === true && tokens === undefined) {
    return { url: broker, caFile, credentials: simulatedIds(gateways).map((id) => ({ id })) };
  }
  if (anonymous === true || tokens === undefined) {
    throw new LamplighterError(
      'bad-request',
      'with --broker, say how to sign in there: either --tokens FILE.csv (lines of gateway,token) or --anonymous',
    );
  }
  const credentials = readTokens(tokens);
  if (credentials.length < gateways) {
    throw new LamplighterError(
      'bad-request',
      `${tokens} has ${credentials.length} gateways, and --gateways asks for ${gateways}`,
    );
  }
  return { url: broker, caFile, credentials: credentials.slice(0, gateways) };
}

function checkRate({ rate: wanted, gateways, devices, interval }: Options): void {
  const perDevice = wanted === undefined ? 1_000 / interval : wanted / gateways / devices;
  if (perDevice <= MOST_READINGS_PER_DEVICE_AND_S) return;
  throw new LamplighterError(
    'bad-request',
    `that makes ${Math.round(perDevice)} readings a second of each device, and ${MOST_READINGS_PER_DEVICE_AND_S} is the most: add gateways or devices`,
  );
}

function checkOpenFiles(gateways: number): void {
  const most = mostOpenFiles();
  const needed = gateways + OTHER_FILES;
  if (most === undefined || most >= needed) return;
  throw new LamplighterError(
    'bad-request',
    `${gateways} connections need ${needed} open files, and this process may have ${most}. ` +
      `Raise the limit in this shell first: ulimit -n ${needed} (as root, or in /etc/security/limits.conf). ` +
      'The server needs as many.',
  );
}

/** On a terminal one line that is written over; elsewhere nothing, so that a log is not filled. */
function tell(line: string): void {
  if (!process.stdout.isTTY) return;
  process.stdout.write(`\r\u001b[2K${line.slice(0, Math.max(20, process.stdout.columns - 1))}`);
}

function endLine(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[2K');
}

function count(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`must be a whole number from ${least} to ${most}`);
  };
}

function rate(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('must be a number above 0');
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `500ms`, `10s`, `2m`, `1h`; a bare number is seconds. */
function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const value = Number(match?.[1]) * (UNITS_MS[match?.[2] ?? 's'] ?? 0);
  if (value >= 10 && value <= 2 ** 31 - 1) return value;
  throw new InvalidArgumentError('must be a time such as 500ms, 10s, 2m or 1h, at least 10ms');
}
