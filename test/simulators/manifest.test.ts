import { expect, it } from 'vitest';
import { parseManifest } from '../../register/manifest.ts';
import { exportManifest } from '../../register/manifest-export.ts';
import { demoCity } from '../../simulators/city.ts';
import { entriesOf } from '../../simulators/manifest.ts';
import { aRegister } from '../register/a-register.ts';

it('the register takes the simulated city, and it can be written down as a manifest', async () => {
  const register = await aRegister();
  const { sites, gateways, devices } = entriesOf(demoCity(1));
  await register.write(() => [
    ...sites.map((value) => ({ kind: 'site', value, origin: 'console' }) as const),
    ...gateways.map((value) => ({ kind: 'gateway', value, origin: 'console' }) as const),
    ...devices.map((value) => ({ kind: 'device', value, origin: 'console' }) as const),
  ]);
  expect(register.sites()).toHaveLength(49);
  expect(register.devices()).toHaveLength(659);
  const sunday = 0;
  expect(register.site('city-hall')?.schedule).toEqual({ days: [1, 2, 3, 4, 5], open: '07:00', close: '18:30' });
  expect(register.site('central-library')?.schedule?.days).toContain(sunday);
  expect(register.site('menino-pavilion')?.schedule).toBeUndefined();
  expect(register.device('seaport-circuit-4-gateway', 'lamp-07')).toMatchObject({ nominal_w: 88, interval_s: 600 });
  expect(parseManifest(exportManifest(register), 'city.yaml').ok).toBe(true);
});
