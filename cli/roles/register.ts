/** The city's register, which belongs to the process of the console role. */
import { join } from 'node:path';
import { ManifestWatch } from '../../register/manifest-watch.ts';
import { Register } from '../../register/register.ts';
import { isManifest } from '../settings.ts';
import type { RoleContext } from './role.ts';

export interface OwnedRegister {
  readonly register: Register;
  /** Absent where the city follows no file. */
  readonly manifest: ManifestWatch | undefined;
}

export async function ownRegister(context: RoleContext): Promise<OwnedRegister> {
  const { settings, run } = context;
  const register = await run(new Register({ ...context, folder: join(settings.data, 'register') }));
  const manifest = isManifest(settings.city)
    ? await run(new ManifestWatch({ ...context, path: settings.city, register }))
    : undefined;
  return { register, manifest };
}
