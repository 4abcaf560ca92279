/** The roles of the server, and what each is given. Each role is a file of this folder; `cli/server.ts` puts them together. */
import { collectDefaultMetrics, Registry } from 'prom-client';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import { type Service, stopAll } from '../../runtime/service.ts';
import type { HistoryProgress } from '../../simulators/history-turns.ts';
import type { Settings } from '../settings.ts';
import type { Role } from './role-names.ts';

/** What a process that runs roles tells of itself, once all have started. */
export interface RunningServer {
  readonly roles: readonly Role[];
  readonly console?: string | undefined;
  readonly mqtt?: string | undefined;
  /** Where the processes with the other roles ask it. */
  readonly internal?: string | undefined;
  /** What the city consists of, in words. */
  readonly city: string;
  /** How far a simulated city is with telling its past. */
  readonly history?: () => HistoryProgress;
  stop(): Promise<void>;
}

export interface RoleContext {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
  /** Starts a service, which is stopped with the process, after everything that was started later. */
  readonly run: <S extends Service>(service: S) => Promise<S>;
}

/** Starts what `compose` puts together; throws, with everything stopped again, when one part cannot start. */
export async function startRoles(
  settings: Settings,
  log: Log,
  compose: (context: RoleContext) => Promise<Omit<RunningServer, 'stop' | 'roles'>>,
): Promise<RunningServer> {
  const running: Service[] = [];
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const run: RoleContext['run'] = async (service) => {
    running.push(service);
    await service.start();
    return service;
  };
  try {
    const told = await compose({ settings, clock: systemClock, random: Math.random, log, registry, run });
    return { ...told, roles: settings.roles, stop: () => stopAll(running) };
  } catch (error) {
    await stopAll(running).catch((failure: unknown) => log.error({ error: failure }, 'stopping failed as well'));
    throw error;
  }
}
