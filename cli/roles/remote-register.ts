/** The register in a process that does not own it: a copy that follows, and what goes the other way. */
import { join } from 'node:path';
import type { Change } from '../../register/change.ts';
import type { IssuedCredential } from '../../register/credentials.ts';
import type { Register } from '../../register/register.ts';
import { RegisterSnapshot } from '../../register/register-snapshot.ts';
import type { SnapshotPage } from '../../register/register-snapshot-feed.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Service } from '../../runtime/service.ts';
import { pause, untilStopped } from '../../runtime/until-stopped.ts';
import type { CityEnrolment } from '../../simulators/simulated-gateways.ts';
import type { InternalClient } from './internal-client.ts';
import { clientOfNeeded } from './other-processes.ts';
import type { NewDeviceReply } from './register-door.ts';
import type { RoleContext } from './role.ts';

/** Waits for the console only when there is no copy on disk yet. */
export async function followRegister(context: RoleContext, console: InternalClient): Promise<RegisterSnapshot> {
  return await context.run(
    new RegisterSnapshot({
      ...context,
      file: join(context.settings.data, 'register-snapshot.json'),
      ask: (known, signal) => console.get<SnapshotPage>('register', { query: { ...known }, signal }),
    }),
  );
}

/** Devices found at once become one message. */
const GATHER_MS = 200;
/** Past this the rest is found again after a restart; their readings are stored all the same. */
const MOST_WAITING = 100_000;

/** Tells the register's owner of devices that readings came from, until it has listed them. */
export class NewDeviceReport implements Service {
  readonly name = 'report of new devices';
  readonly #deps: {
    readonly client: InternalClient;
    readonly clock: Clock;
    readonly random: Random;
    readonly log: Log;
  };
  readonly #stopped = new AbortController();
  #waiting: { gateway: string; device: string; seen: number }[] = [];
  #reporting: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  #lastFault = '';

  constructor(deps: { client: InternalClient; clock: Clock; random: Random; log: Log }) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#reporting = untilStopped({
      ...this.#deps,
      stopped: this.#stopped.signal,
      attempt: () => this.#report(),
      onFailure: (words) => {
        if (words !== this.#lastFault) {
          this.#deps.log.warn(
            { error: words, devices: this.#waiting.length },
            'new devices are not listed yet; their readings are stored',
          );
        }
        this.#lastFault = words;
      },
    });
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake();
    await this.#reporting;
  }

  note(gateway: string, device: string): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#deps.log.warn({ gateway, device }, 'too many new devices wait to be listed: start the console');
      return;
    }
    this.#waiting.push({ gateway, device, seen: this.#deps.clock.now() });
    this.#wake();
  }

  async #report(): Promise<void> {
    if (this.#waiting.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#stopped.signal.aborted) resolve();
      });
    }
    await pause(this.#deps.clock, GATHER_MS, this.#stopped.signal);
    const told = [...this.#waiting];
    if (told.length === 0 || this.#stopped.signal.aborted) return;
    const { refused } = await this.#deps.client.post<NewDeviceReply>('register/new-devices', told, {
      signal: this.#stopped.signal,
    });
    this.#waiting = this.#waiting.slice(told.length);
    this.#lastFault = '';
    for (const { gateway, device, words } of refused) {
      this.#deps.log.warn({ gateway, device, error: words }, 'a new device is not listed; its readings are stored');
    }
  }
}

/** How ingest tells the register of a device that it does not know: directly, or through the console's process. */
export async function newDeviceReport(
  context: RoleContext,
  register: Register | RegisterSnapshot,
): Promise<(gateway: string, device: string) => void> {
  const { settings, clock, log, run } = context;
  if (register instanceof RegisterSnapshot) {
    const report = await run(new NewDeviceReport({ ...context, client: clientOfNeeded(settings, 'console') }));
    return (gateway, device) => report.note(gateway, device);
  }
  return (gateway, device) => {
    register.listNewDevice(gateway, device, clock.now()).catch((error: unknown) => {
      log.warn({ gateway, device, error }, 'a new device is not listed yet; its readings are stored');
    });
  };
}

/** What the simulated city needs of the register, asked of its owner with the operator's token. */
export function remoteEnrolment(snapshot: RegisterSnapshot, console: InternalClient): CityEnrolment {
  const issue = async (id: string): Promise<IssuedCredential> => {
    const { token, version } = await console.post<{ token: string; version: number }>('enrol/token', { id });
    await snapshot.reach(version);
    const credential = snapshot.credential(id);
    if (credential === undefined) throw new Error(`the console gave ${id} a token and has no credential of it`);
    return { credential, token };
  };
  return {
    city: () => snapshot.city(),
    site: (id) => snapshot.site(id),
    gateway: (id) => snapshot.gateway(id),
    device: (gateway, device) => snapshot.device(gateway, device),
    credential: (id) => snapshot.credential(id),
    write: async (prepare: () => readonly Change[]) => {
      const { version } = await console.post<{ version: number }>('enrol/changes', prepare());
      await snapshot.reach(version);
    },
    addCredential: ({ id }) => issue(id),
    rotate: (id) => issue(id),
  };
}
