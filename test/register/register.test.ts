import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyToken } from '../../register/credentials.ts';
import { Register } from '../../register/register.ts';
import { siteAt } from '../../register/register-view.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aDevice, aGateway, aRegister, aSite, aSmallRegister } from './a-register.ts';

describe('a register', () => {
  it('answers with what was written, and still does after a restart', async () => {
    const folder = join(temporaryFolder(), 'register');
    const register = await aSmallRegister(folder);
    const { credential } = await register.addCredential({ id: 'library', role: 'gateway' });
    const { version } = register;
    await register.stop();
    const again = await aRegister(folder);
    expect(again.sites()).toEqual([aSite()]);
    expect(again.gateways()).toEqual([aGateway()]);
    expect(again.devices()).toEqual([aDevice()]);
    expect(again.devices('library')).toEqual([aDevice()]);
    expect(again.devices('nobody')).toEqual([]);
    expect(again.credential('library')).toEqual(credential);
    expect(again.version).toBe(version);
    expect(again.origin('device', 'library/main-meter')).toBe('console');
  });

  it('keeps its folder to its owner', async () => {
    const folder = join(temporaryFolder(), 'register');
    await aRegister(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('raises its version and tells listeners after each change, and not without one', async () => {
    const register = await aRegister();
    const told: number[] = [];
    const stop = register.onChange(() => told.push(register.version));
    await register.putSite(aSite());
    await register.putGateway(aGateway());
    await register.write(() => []);
    stop();
    await register.putDevice(aDevice());
    expect(told).toEqual([1, 2]);
    expect(register.version).toBe(3);
  });

  it('goes on when a listener fails', async () => {
    const register = await aRegister();
    register.onChange(() => {
      throw new Error('listener');
    });
    await register.putSite(aSite());
    expect(register.site('copley')).toBeDefined();
  });

  it('shows nothing before it is durable', async () => {
    const register = await aRegister();
    const written = register.putSite(aSite());
    await Promise.resolve();
    expect(register.site('copley')).toBeUndefined();
    await written;
    expect(register.site('copley')).toBeDefined();
  });

  it('checks each write against all writes before it', async () => {
    const register = await aRegister();
    const writes = [register.putSite(aSite()), register.putGateway(aGateway()), register.putDevice(aDevice())];
    await Promise.all(writes);
    expect(register.devices()).toHaveLength(1);
  });

  it('takes several changes whole or not at all', async () => {
    const register = await aRegister();
    const write = register.write(() => [
      { kind: 'site', value: aSite(), origin: 'console' },
      { kind: 'gateway', value: aGateway({ site: 'nowhere' }), origin: 'console' },
    ]);
    await expect(write).rejects.toMatchObject({ code: 'bad-request' });
    expect(register.sites()).toEqual([]);
    expect(register.version).toBe(0);
    await register.putSite(aSite());
    expect(register.version).toBe(1);
  });

  it.each([
    ['a gateway at an unknown site', { site: 'nowhere' }, /site: there is no site 'nowhere'/],
    ['a gateway with a bad id', { id: 'Big Gateway' }, /id: must be 1 to 63/],
    ['a gateway named like an observer', { id: 'observer-1' }, /is kept for credentials/],
  ])('refuses %s', async (_, change, words) => {
    const register = await aSmallRegister();
    await expect(register.putGateway(aGateway(change))).rejects.toMatchObject({ code: 'bad-request', message: words });
  });

  it.each([
    ['of an unknown gateway', { gateway: 'nobody' }, /gateway: there is no gateway 'nobody'/],
    ['without placements', { placements: [] }, /placements/],
    ['placed at an unknown site', { placements: [{ site: 'nowhere', from: 0 }] }, /placements\[0\]\.site/],
    ['placed before 1970', { placements: [{ site: 'copley', from: -1 }] }, /placements\[0\]\.from: must lie/],
    [
      'with placements out of order',
      {
        placements: [
          { site: 'copley', from: 5 },
          { site: 'copley', from: 5 },
        ],
      },
      /placements\[1\]\.from: must be later/,
    ],
  ])('refuses a device %s', async (_, change, words) => {
    const register = await aSmallRegister();
    await expect(register.putDevice(aDevice(change))).rejects.toMatchObject({ code: 'bad-request', message: words });
  });

  it('retires a gateway and keeps it', async () => {
    const register = await aSmallRegister();
    await register.retireGateway('library');
    expect(register.gateway('library')?.retired).toBe(true);
    const { version } = register;
    await register.retireGateway('library');
    expect(register.version).toBe(version);
    await expect(register.retireGateway('nobody')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('places a device from a date on, also back-dated', async () => {
    const register = await aSmallRegister();
    await register.putSite(aSite({ id: 'roxbury' }));
    await register.putSite(aSite({ id: 'depot' }));
    await register.placeDevice('library', 'main-meter', 'roxbury', 2_000);
    await register.placeDevice('library', 'main-meter', 'depot', 1_000);
    await register.placeDevice('library', 'main-meter', 'copley', 2_000);
    const device = register.device('library', 'main-meter')!;
    expect(device.placements.map((placement) => placement.from)).toEqual([0, 1_000, 2_000]);
    expect([0, 999, 1_000, 1_999, 2_000, 9_999].map((time) => siteAt(device, time))).toEqual([
      'copley',
      'copley',
      'depot',
      'depot',
      'copley',
      'copley',
    ]);
    await expect(register.placeDevice('library', 'ghost', 'copley', 0)).rejects.toMatchObject({ code: 'not-found' });
    await expect(register.placeDevice('library', 'main-meter', 'nowhere', 0)).rejects.toMatchObject({
      code: 'bad-request',
    });
  });

  it('refuses to write to a full disk, is as it was, and writes again when there is room', async () => {
    let free = 10_000_000;
    const register = new Register({
      folder: join(temporaryFolder(), 'register'),
      freeBytes: () => free,
      clock: new ManualClock(),
      log: silentLog,
    });
    await register.start();
    onTestFinished(() => register.stop());
    free = 100_000;
    const refused = { code: 'store-unavailable', message: /the disk is full/ };
    await expect(register.putSite(aSite())).rejects.toMatchObject(refused);
    expect(register.sites()).toEqual([]);
    free = 10_000_000;
    await register.putSite(aSite());
    expect(register.version).toBe(1);
  });

  it('refuses to write once it is stopped', async () => {
    const register = await aRegister();
    await register.stop();
    await expect(register.putSite(aSite())).rejects.toMatchObject({ code: 'not-ready' });
  });
});

describe('new devices', () => {
  it("are listed at the gateway's site, many sightings in one write", async () => {
    const register = await aSmallRegister();
    const { version } = register;
    const sightings = Array.from({ length: 500 }, (_, i) =>
      register.listNewDevice('library', `air-${i % 250}`, 7_000 + i),
    );
    await Promise.all(sightings);
    expect(register.version).toBe(version + 1);
    expect(register.devices('library')).toHaveLength(251);
    expect(register.device('library', 'air-3')).toEqual({
      gateway: 'library',
      id: 'air-3',
      name: 'air-3',
      placements: [{ site: 'copley', from: 7_003 }],
      is_new: true,
    });
  });

  it('leave a known device as it is', async () => {
    const register = await aSmallRegister();
    const { version } = register;
    await register.listNewDevice('library', 'main-meter', 5);
    expect(register.version).toBe(version);
    expect(register.device('library', 'main-meter')).toEqual(aDevice());
  });

  it('are known once placed', async () => {
    const register = await aSmallRegister();
    await register.listNewDevice('library', 'air-1', 5);
    await register.placeDevice('library', 'air-1', 'copley', 5);
    expect(register.device('library', 'air-1')?.is_new).toBe(false);
  });

  it('of unknown gateways or with bad ids are refused without harm to the others', async () => {
    const register = await aSmallRegister();
    const results = await Promise.allSettled([
      register.listNewDevice('library', 'air-1', 1),
      register.listNewDevice('library', 'Air 2', 1),
      register.listNewDevice('nobody', 'air-3', 1),
      register.listNewDevice('library', 'air-4', Number.MAX_SAFE_INTEGER),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(register.devices('library').map((device) => device.id)).toEqual(['main-meter', 'air-1', 'air-4']);
  });
});

describe('credentials', () => {
  it('show their token once and keep its hash', async () => {
    const register = await aSmallRegister();
    const { credential, token } = await register.addCredential({ id: 'library', role: 'gateway' });
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(register.credentials())).not.toContain(token);
    expect(verifyToken(token, credential)).toBe(true);
    expect(verifyToken(`${token}x`, credential)).toBe(false);
    expect(verifyToken('', credential)).toBe(false);
  });

  it('are rotated: the old token is worth nothing', async () => {
    const register = await aSmallRegister();
    const old = await register.addCredential({ id: 'library', role: 'gateway' });
    const fresh = await register.rotate('library');
    const known = register.credential('library')!;
    expect(verifyToken(old.token, known)).toBe(false);
    expect(verifyToken(fresh.token, known)).toBe(true);
    expect(known.role).toBe('gateway');
  });

  it('are removed', async () => {
    const register = await aSmallRegister();
    await register.addCredential({ id: 'observer-ada', role: 'observer' });
    await register.removeCredential('observer-ada');
    expect(register.credential('observer-ada')).toBeUndefined();
    await expect(register.removeCredential('observer-ada')).rejects.toMatchObject({ code: 'not-found' });
    await expect(register.rotate('observer-ada')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are refused twice, for unknown gateways, and under a name of another role', async () => {
    const register = await aSmallRegister();
    await register.addCredential({ id: 'library', role: 'gateway' });
    const twice = register.addCredential({ id: 'library', role: 'gateway' });
    await expect(twice).rejects.toMatchObject({ code: 'conflict', message: /Rotate/ });
    const unknown = register.addCredential({ id: 'nobody', role: 'gateway' });
    await expect(unknown).rejects.toMatchObject({ code: 'bad-request', message: /no gateway 'nobody'/ });
    const misnamed = register.addCredential({ id: 'ada', role: 'observer' });
    await expect(misnamed).rejects.toMatchObject({ code: 'bad-request', message: /observer-/ });
  });
});
