/** Devices that readings came from and nobody had listed: many sightings, one write. */
import { LamplighterError } from '../contract/error-codes.ts';
import { idSchema } from '../contract/ids.ts';
import type { Change } from './change.ts';
import { EARLIEST_PLACEMENT, LATEST_PLACEMENT } from './model.ts';
import type { RegisterView } from './register-view.ts';

/** Past this a gateway most likely invents ids. Its readings are stored all the same. */
export const MOST_DEVICES_PER_GATEWAY = 10_000;

type Owner = Pick<RegisterView, 'gateway' | 'device' | 'devices'> & {
  write(prepare: () => readonly Change[]): Promise<void>;
};

export class NewDevices {
  readonly #register: Owner;
  /** Devices waiting to be written, by gateway: when each was seen. */
  #waiting = new Map<string, Map<string, number>>();
  /** The write that will take what is waiting. */
  #write: Promise<void> | undefined;

  constructor(register: Owner) {
    this.#register = register;
  }

  async list(gateway: string, device: string, seenAt: number): Promise<void> {
    if (this.#register.device(gateway, device) !== undefined) return;
    this.#check(gateway, device);
    let waiting = this.#waiting.get(gateway);
    if (waiting === undefined) {
      waiting = new Map();
      this.#waiting.set(gateway, waiting);
    }
    if (!waiting.has(device)) waiting.set(device, seenAt);
    this.#write ??= this.#register.write(() => this.#take());
    await this.#write;
  }

  #check(gateway: string, device: string): void {
    if (this.#register.gateway(gateway) === undefined) {
      throw new LamplighterError('not-found', `There is no gateway '${gateway}'. Add it before its devices.`);
    }
    // Checked here so that one bad id does not refuse the others of the same write.
    const id = idSchema.safeParse(device);
    if (!id.success) throw new LamplighterError('bad-request', `device: ${id.error.issues[0]?.message}.`);
    const waiting = this.#waiting.get(gateway);
    if (waiting?.has(device)) return;
    if (this.#register.devices(gateway).length + (waiting?.size ?? 0) < MOST_DEVICES_PER_GATEWAY) return;
    throw new LamplighterError(
      'conflict',
      `The gateway '${gateway}' has ${MOST_DEVICES_PER_GATEWAY} devices; '${device}' was not listed. ` +
        'Check whether its source makes up device ids.',
    );
  }

  #take(): Change[] {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    this.#write = undefined;
    const changes: Change[] = [];
    for (const [gateway, devices] of waiting) {
      const site = this.#register.gateway(gateway)?.site;
      if (site === undefined) continue;
      for (const [id, seenAt] of devices) {
        if (this.#register.device(gateway, id) !== undefined) continue;
        const from =
          seenAt >= EARLIEST_PLACEMENT && seenAt < LATEST_PLACEMENT ? Math.floor(seenAt) : EARLIEST_PLACEMENT;
        const value = { gateway, id, name: id, placements: [{ site, from }], is_new: true };
        changes.push({ kind: 'device', value, origin: 'console' });
      }
    }
    return changes;
  }
}
