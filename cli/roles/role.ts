/** The roles of the server, and what each is given. Each role is a file of this folder; `cli/server.ts` puts them together. */
import type { Registry } from 'prom-client';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Service } from '../../runtime/service.ts';
import type { Settings } from '../settings.ts';

export interface RoleContext {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly registry: Registry;
  /** Starts a service, which is stopped with the process, after everything that was started later. */
  readonly run: <S extends Service>(service: S) => Promise<S>;
}
