import { expect, it } from 'vitest';
import { parseManifest } from '../../register/manifest.ts';
import { exportManifest } from '../../register/manifest-export.ts';
import { smallCity } from '../../simulators/city.ts';
import { entriesOf } from '../../simulators/manifest.ts';
import { aRegister } from '../register/a-register.ts';

it('the register takes the simulated city, and it can be written down as a manifest', async () => {
  const register = await aRegister();
  const { sites, gateways, devices } = entriesOf(smallCity(1));
  await register.write(() => [
    ...sites.map((value) => ({ kind: 'site', value, origin: 'console' }) as const),
    ...gateways.map((value) => ({ kind: 'gateway', value, origin: 'console' }) as const),
    ...devices.map((value) => ({ kind: 'device', value, origin: 'console' }) as const),
  ]);
  expect(register.sites()).toHaveLength(12);
  expect(register.devices()).toHaveLength(96);
  expect(parseManifest(exportManifest(register), 'city.yaml').ok).toBe(true);
});
