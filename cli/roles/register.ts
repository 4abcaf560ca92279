/** The city's register, which belongs to the process of the console role. */
import { join } from 'node:path';
import { ManifestWatch } from '../../register/manifest-watch.ts';
import { Register } from '../../register/register.ts';
import { isManifest } from '../settings.ts';
import type { RoleContext } from './role.ts';

export async function ownRegister(context: RoleContext): Promise<Register> {
  const { settings, run } = context;
  const register = await run(new Register({ ...context, folder: join(settings.data, 'register') }));
  if (isManifest(settings.city)) await run(new ManifestWatch({ ...context, path: settings.city, register }));
  return register;
}
