/**
 * The server: every role put together in one process. The order below is the architecture: what stands further down
 * uses what stands above it, and is stopped before it.
 */
import { join } from 'node:path';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { createConsole } from '../console/console.ts';
import { gatewayFile } from '../edge/gateway-file.ts';
import { Ingest } from '../ingest/ingest.ts';
import { hashToken } from '../register/credentials.ts';
import { ManifestWatch } from '../register/manifest-watch.ts';
import { Register } from '../register/register.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type Service, stopAll } from '../runtime/service.ts';
import type { HistoryProgress } from '../simulators/history-turns.ts';
import { SimulatedGateways } from '../simulators/simulated-gateways.ts';
import { brokerRole } from './broker-role.ts';
import { DataFolder } from './data-folder.ts';
import { createStore } from './open-store.ts';
import type { Settings } from './settings.ts';
import { VERSION } from './version.ts';

export interface RunningServer {
  readonly console: string;
  readonly mqtt: string;
  /** What the city consists of, in words. */
  readonly city: string;
  /** How far a simulated city is with telling its past. */
  readonly history?: () => HistoryProgress;
  stop(): Promise<void>;
}

/** Starts every role; throws, with everything stopped again, when one cannot start. */
export async function startServer(settings: Settings, log: Log): Promise<RunningServer> {
  const running: Service[] = [];
  const run = async <S extends Service>(service: S): Promise<S> => {
    running.push(service);
    await service.start();
    return service;
  };
  const clock = systemClock;
  const random = Math.random;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const common = { clock, random, log, registry };

  try {
    const folder = await run(new DataFolder(settings.data));
    const register = await run(new Register({ ...common, folder: join(settings.data, 'register') }));
    if (isManifest(settings.city)) await run(new ManifestWatch({ ...common, path: settings.city, register }));

    const store = createStore(settings, common);
    await run({ name: 'store', start: () => store.open(), stop: () => store.close() });
    const check = await store.check();
    if (!check.ok) log.error(`the store cannot be used yet: ${check.words}`);

    const broker = await run(brokerRole(settings, register, common));

    const ingest = await run(
      new Ingest({
        ...common,
        link: broker.link,
        register,
        store,
        options: {
          topicPrefix: settings.topic_prefix,
          deadLettersPath: join(settings.data, 'dead-letters'),
          queueBytes: settings.queue_mb * 1024 * 1024,
          admission: { retentionMs: settings.retention_days * 86_400_000 },
        },
        onNewDevice: (gateway, device) => {
          register.listNewDevice(gateway, device, clock.now()).catch((error: unknown) => {
            log.warn({ gateway, device, error }, 'a new device is not listed yet; its readings are stored');
          });
        },
      }),
    );

    const simulated =
      settings.city === 'demo'
        ? new SimulatedGateways({
            ...common,
            register,
            folder: settings.data,
            brokerUrl: broker.localUrl,
            topicPrefix: settings.topic_prefix,
            seed: settings.seed,
            historyMs: settings.history_days * 86_400_000,
            faults: settings.faults,
            version: VERSION,
          })
        : undefined;

    const console = await run(
      createConsole({
        ...common,
        register,
        store,
        ingest,
        broker: () => broker.view(),
        ...(simulated === undefined
          ? {}
          : { history: () => simulated.history(), simulatedAccounts: () => simulated.accounts() }),
        operatorTokenSha256: hashToken(folder.operatorToken()),
        version: VERSION,
        gatewayUrl: broker.url,
        gatewayFile: (gateway) =>
          gatewayFile({
            ...gateway,
            ...broker.forGateways,
            zone: register.site(gateway.site)?.zone ?? 'UTC',
            topicPrefix: settings.topic_prefix,
          }),
        options: { host: settings.host, port: settings.port, mapTiles: settings.map_tiles },
      }),
    );

    let city = 'no gateways yet; add one with: lamplighter gateway add';
    if (simulated !== undefined) {
      await run(simulated);
      city = simulated.description;
    } else if (isManifest(settings.city)) city = `${register.gateways().length} gateways from ${settings.city}`;

    folder.addresses = { console: console.address, mqtt: broker.localUrl, ca: broker.caFile };
    return {
      console: console.address,
      mqtt: broker.urls.join('  '),
      city,
      ...(simulated === undefined ? {} : { history: () => simulated.history() }),
      stop: () => stopAll(running),
    };
  } catch (error) {
    await stopAll(running).catch((failure: unknown) => log.error({ error: failure }, 'stopping failed as well'));
    throw error;
  }
}

function isManifest(city: string): boolean {
  return city !== 'demo' && city !== 'none';
}
