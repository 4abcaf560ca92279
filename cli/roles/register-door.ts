/** What the register's owner lets the other processes ask. `remote-register.ts` is the other side. */
import { z } from 'zod';
import { LamplighterError } from '../../contract/error-codes.ts';
import { idSchema } from '../../contract/ids.ts';
import type { Change } from '../../register/change.ts';
import { hashToken } from '../../register/credentials.ts';
import type { Register } from '../../register/register.ts';
import { RegisterSnapshotFeed } from '../../register/register-snapshot-feed.ts';
import type { Clock } from '../../runtime/clock.ts';
import { randomWord } from '../../runtime/random.ts';
import type { InternalServer } from './internal-server.ts';
import { INGEST_SERVICE_ID } from './other-processes.ts';

/** Without news the question is answered all the same, so that a dead connection is noticed. */
const ASK_AGAIN_AFTER_MS = 15_000;
/** Faults of the device; another attempt would end the same way. */
const FINAL: readonly string[] = ['bad-request', 'not-found', 'conflict'];

const newDevicesSchema = z.array(z.strictObject({ gateway: z.string(), device: z.string(), seen: z.number() }));
const tokenRequestSchema = z.strictObject({ id: idSchema });

/** What became of a device that ingest found; absent words: it is listed. */
export interface NewDeviceReply {
  readonly refused: readonly { readonly gateway: string; readonly device: string; readonly words: string }[];
}

export function openRegisterDoor(server: InternalServer, deps: { register: Register; clock: Clock }): void {
  const { register, clock } = deps;
  const feed = new RegisterSnapshotFeed({ register, clock, session: randomWord(12) });
  server.on('GET', 'register', ({ query, gone }) => {
    const session = query.get('session');
    const version = Number(query.get('version'));
    return feed.nextPage(session === null ? undefined : { session, version }, ASK_AGAIN_AFTER_MS, gone);
  });

  server.on('POST', 'register/new-devices', async ({ json }): Promise<NewDeviceReply> => {
    const found = newDevicesSchema.parse(json());
    const refused: NewDeviceReply['refused'][number][] = [];
    await Promise.all(
      found.map(async ({ gateway, device, seen }) => {
        try {
          await register.listNewDevice(gateway, device, seen);
        } catch (error) {
          if (!(error instanceof LamplighterError) || !FINAL.includes(error.code)) throw error;
          refused.push({ gateway, device, words: error.message });
        }
      }),
    );
    return { refused };
  });

  // As a person does at the console, so with the operator's token.
  server.on('POST', 'enrol/changes', async ({ json }) => {
    await register.write(() => z.array(z.looseObject({ kind: z.string() })).parse(json()) as unknown as Change[]);
    return { version: register.version };
  });
  server.on('POST', 'enrol/token', async ({ json }) => {
    const { id } = tokenRequestSchema.parse(json());
    const { token } =
      register.credential(id) === undefined
        ? await register.addCredential({ id, role: 'gateway' })
        : await register.rotate(id);
    return { token, version: register.version };
  });
}

/** Ingest in another process signs in at the broker with the token of the services. */
export async function enrolServices(register: Register, token: string, now: number): Promise<void> {
  const token_sha256 = hashToken(token);
  await register.write(() => {
    if (register.credential(INGEST_SERVICE_ID)?.token_sha256 === token_sha256) return [];
    const value = { id: INGEST_SERVICE_ID, role: 'service' as const, token_sha256, created: now };
    return [{ kind: 'credential', value, origin: 'console' }];
  });
}
