/** A register in a temporary folder, with a small city in it when asked for. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Device, Gateway, Site } from '../../register/model.ts';
import { Register } from '../../register/register.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

export async function aRegister(folder = join(temporaryFolder(), 'register')): Promise<Register> {
  const register = new Register({ folder, clock: new ManualClock(), log: silentLog });
  await register.start();
  onTestFinished(() => register.stop());
  return register;
}

export function aSite(change: Partial<Site> = {}): Site {
  return { id: 'copley', name: 'Central Library', kind: 'building', zone: 'America/New_York', ...change };
}

export function aGateway(change: Partial<Gateway> = {}): Gateway {
  return { id: 'library', name: 'Basement', site: 'copley', retired: false, ...change };
}

export function aDevice(change: Partial<Device> = {}): Device {
  const placements = [{ site: 'copley', from: 0 }];
  return { gateway: 'library', id: 'main-meter', name: 'Main meter', placements, is_new: false, ...change };
}

/** One site, one gateway, one device. */
export async function aSmallRegister(folder?: string): Promise<Register> {
  const register = await aRegister(folder);
  await register.putSite(aSite());
  await register.putGateway(aGateway());
  await register.putDevice(aDevice());
  return register;
}
