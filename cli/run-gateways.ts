/** `lamplighter edge`: reads the configurations, and runs their gateways in one process until it is told to stop. */
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { LamplighterError } from '../contract/error-codes.ts';
import { createGateway, type Gateway } from '../edge/gateway.ts';
import { type GatewayConfig, readGatewayConfig } from '../edge/gateway-config.ts';
import { createLmdbOutbox } from '../edge/outbox/lmdb-outbox.ts';
import { systemClock } from '../runtime/clock.ts';
import { type Log, silentLog } from '../runtime/log.ts';
import { randomWord } from '../runtime/random.ts';
import { startAll, stopAll } from '../runtime/service.ts';
import type { YamlFault } from '../runtime/yaml-file.ts';
import { feedOf } from '../simulators/feed-of.ts';
import { print, printError } from './print.ts';
import { untilSignal } from './until-signal.ts';
import { VERSION } from './version.ts';

const FIRST_NEWS_EVERY_MS = 1_000;

/** Throws with every fault of every file at once. */
export function readConfigs(files: readonly string[]): GatewayConfig[] {
  const results = files.map((file) => readGatewayConfig(file));
  const faults = results.flatMap((result, place) =>
    result.ok ? sourceFaults(files[place] as string, result.value) : result.faults,
  );
  if (faults.length > 0) {
    const lines = faults.map(
      ({ file, line, field, words }) => `  ${file}${line > 0 ? `:${line}` : ''} ${field} ${words}`,
    );
    throw new LamplighterError('bad-request', `the configuration cannot be used:\n${lines.join('\n')}`);
  }
  return results.flatMap((result) => (result.ok ? [result.value] : []));
}

/** What shows only when a source is made of its entry, such as a profile that nobody simulates; making starts nothing. */
function sourceFaults(file: string, { id, zone, sources }: GatewayConfig): YamlFault[] {
  return sources.flatMap((source, place) => {
    try {
      source.create({ gateway: id, zone, clock: systemClock, random: Math.random, log: silentLog, feed: feedOf });
      return [];
    } catch (error) {
      return [{ file, line: 0, field: `sources[${place}]`, words: (error as Error).message }];
    }
  });
}

export async function runGateways(
  configs: readonly GatewayConfig[],
  log: Log,
  signalled: Promise<NodeJS.Signals>,
): Promise<void> {
  // A gateway is a small machine: a nursery that stays at 2 MiB keeps it 20 to 40 MiB smaller under load.
  setFlagsFromString('--semi-space-growth-factor=1');
  const gateways = configs.map((config) => {
    const outbox = createLmdbOutbox({
      path: join(config.dataFolder, 'outbox'),
      ...config.outbox,
      clock: systemClock,
      randomWord,
      log,
    });
    return createGateway({
      config,
      outbox,
      clock: systemClock,
      random: Math.random,
      log,
      version: VERSION,
      feed: feedOf,
    });
  });
  await startAll(gateways);
  for (const [index, config] of configs.entries()) {
    print(
      `${config.id}: running, ${countedSources(config.sources.length)}, outbox in ${config.dataFolder}, city at ${config.broker.url}`,
    );
    if (config.sources.length === 0)
      printError(`${config.id}: has no sources, so nothing will be read; add some to its configuration`);
    tellFirstStored(config.id, gateways[index] as Gateway);
  }
  print('Stop with Ctrl-C; what is not delivered stays in the outbox.');
  await untilSignal(() => stopAll(gateways), log, signalled);
}

export function countedSources(sources: number): string {
  if (sources === 0) return 'no sources yet';
  return sources === 1 ? '1 source' : `${sources} sources`;
}

/** Tells once, when the store holds the first reading of this run: the technician knows that it works. */
function tellFirstStored(id: string, gateway: Gateway): void {
  const storedBefore = gateway.health().outbox.stored;
  const timer = systemClock.every(FIRST_NEWS_EVERY_MS, () => {
    if (gateway.health().outbox.stored === storedBefore) return;
    print(`${id}: works: the city has stored its first readings`);
    timer.cancel();
  });
}
