import { describe, expect, it, onTestFinished } from 'vitest';
import { buildConsoleApp } from '../../console/api/app.ts';
import { verifyToken } from '../../register/credentials.ts';
import { Register } from '../../register/register.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aCityOfOne, BEARER } from './fake-city.ts';

async function aConsole(folder: string) {
  const clock = new ManualClock();
  const register = new Register({ folder, clock, log: silentLog });
  await register.start();
  const app = await buildConsoleApp({ ...aCityOfOne({ clock }), register }, { host: '127.0.0.1' });
  const stop = async () => {
    await app.close();
    await register.stop();
  };
  onTestFinished(stop);
  const post = (url: string, payload: object = {}) =>
    app.inject({ method: 'POST', url, headers: { host: 'localhost', ...BEARER }, payload });
  return { register, post, stop };
}

describe('enrolment in the register', () => {
  it('lasts over a restart, and only the newest token is worth anything', async () => {
    const folder = temporaryFolder();
    const first = await aConsole(folder);
    const site = { id: 'school', name: 'School', kind: 'building', zone: 'America/New_York' };
    expect((await first.post('/api/sites', site)).statusCode).toBe(201);
    const added = (await first.post('/api/gateways', { site: 'school', name: 'Roof' })).json();
    expect(added.id).toBe('roof');
    const rotated = (await first.post('/api/gateways/roof/token')).json();
    const observer = (await first.post('/api/observers', { name: 'Ada Lovelace' })).json();
    expect(observer.id).toBe('observer-ada-lovelace');
    await first.stop();

    const { register, post } = await aConsole(folder);
    expect(register.gateway('roof')).toMatchObject({ name: 'Roof', site: 'school', retired: false });
    expect(verifyToken(added.token, register.credential('roof')!)).toBe(false);
    expect(verifyToken(rotated.token, register.credential('roof')!)).toBe(true);
    expect(verifyToken(observer.token, register.credential('observer-ada-lovelace')!)).toBe(true);
    expect((await post('/api/gateways/roof/retire')).statusCode).toBe(200);
    expect(register.gateway('roof')?.retired).toBe(true);
    expect((await post('/api/gateways', { site: 'school', id: 'roof' })).statusCode).toBe(409);
  });

  it('says no to what the manifest holds', async () => {
    const { register, post } = await aConsole(temporaryFolder());
    const site = { id: 'school', name: 'School', kind: 'building', zone: 'UTC' } as const;
    await register.write(() => [{ kind: 'site', value: site, origin: 'manifest' }]);
    const reply = await post('/api/sites', { ...site, name: 'Mine' });
    expect(reply.statusCode).toBe(409);
    expect(reply.json().error.message).toContain('manifest');
  });
});
