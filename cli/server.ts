/**
 * The server: its roles put together in one process. The order below is the architecture: what stands further down
 * uses what stands above it, and is stopped before it. Each role is a file of `roles/`.
 */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { systemClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { type Service, stopAll } from '../runtime/service.ts';
import type { HistoryProgress } from '../simulators/history-turns.ts';
import { DataFolder } from './data-folder.ts';
import { brokerRole } from './roles/broker.ts';
import { consoleRole } from './roles/console.ts';
import { demoCity } from './roles/demo.ts';
import { ingestRole } from './roles/ingest.ts';
import { ownRegister } from './roles/register.ts';
import type { RoleContext } from './roles/role.ts';
import { openStore } from './roles/store.ts';
import { isManifest, type Settings } from './settings.ts';

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
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const context: RoleContext = {
    settings,
    clock: systemClock,
    random: Math.random,
    log,
    registry,
    run: async (service) => {
      running.push(service);
      await service.start();
      return service;
    },
  };
  const { run, clock } = context;

  try {
    const folder = await run(new DataFolder(settings.data));
    const register = await ownRegister(context);
    const store = await openStore(context);
    const broker = await run(brokerRole(context, register));

    const ingest = await ingestRole(context, {
      link: broker.link,
      register,
      store,
      onNewDevice: (gateway, device) => {
        register.listNewDevice(gateway, device, clock.now()).catch((error: unknown) => {
          log.warn({ gateway, device, error }, 'a new device is not listed yet; its readings are stored');
        });
      },
    });

    const simulated =
      settings.city === 'demo' ? demoCity(context, { register, brokerUrl: broker.localUrl }) : undefined;
    const console = await consoleRole(context, {
      register,
      store,
      ingest,
      broker,
      simulated,
      operatorToken: folder.operatorToken(),
    });

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
