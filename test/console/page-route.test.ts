import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { checkSettings } from '../../cli/settings.ts';
import { buildConsoleApp } from '../../console/api/app.ts';
import { CONTENT_SECURITY_POLICY } from '../../console/api/security-headers.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aCityOfOne } from './fake-city.ts';

const TILES = 'https://tiles.example.org/{z}/{x}/{y}.png?a=1&b="2"';

async function aPage(mapTiles?: string) {
  const webFolder = temporaryFolder();
  mkdirSync(join(webFolder, 'assets'));
  writeFileSync(join(webFolder, 'assets/index-1.js'), '//');
  writeFileSync(join(webFolder, 'index.html'), '<meta name="map-tiles" content="" /><div id="page"></div>');
  const app = await buildConsoleApp(aCityOfOne(), { host: '127.0.0.1', webFolder, mapTiles });
  onTestFinished(() => app.close());
  return async (url: string, accept = '*/*') =>
    await app.inject({ method: 'GET', url, headers: { host: 'localhost:8080', accept } });
}

it('serves the page at each of its paths, and nothing at others', async () => {
  const get = await aPage();
  for (const path of [
    '/',
    '/sites/city-hall?range=7d',
    '/lights',
    '/lights/park',
    '/air',
    '/gateways',
    '/gateways/a',
  ]) {
    const reply = await get(path);
    expect(reply.statusCode, path).toBe(200);
    expect(reply.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(reply.headers['cache-control']).toBe('no-cache');
    expect(reply.headers['content-security-policy']).toBe(CONTENT_SECURITY_POLICY);
    expect(reply.body).toContain('<meta name="map-tiles" content="" />');
  }
  expect((await get('/assets/index-1.js')).headers['cache-control']).toMatch(/immutable/);
  for (const path of ['/nowhere', '/sites', '/sites/a/b', '/assets/../../package.json']) {
    expect((await get(path)).statusCode, path).toBe(404);
  }
});

it('shows the page to those who read pages, and an error to others, where nothing is', async () => {
  const get = await aPage();
  const browser = 'text/html,application/xhtml+xml,*/*;q=0.8';
  const shown = await get('/nowhere', browser);
  expect([shown.statusCode, shown.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
  expect(shown.body).toContain('id="page"');
  for (const path of ['/api/nowhere', '/assets/nothing.js']) {
    expect((await get(path, browser)).json().error.code, path).toBe('not-found');
  }
  expect((await get('/nowhere')).json().error.code).toBe('not-found');
});

it('names the server of map tiles that the operator gave, and allows images of it alone', async () => {
  const get = await aPage(TILES);
  const { body, headers } = await get('/');
  expect(body).toContain('content="https://tiles.example.org/{z}/{x}/{y}.png?a=1&amp;b=&quot;2&quot;"');
  expect(headers['content-security-policy']).toBe(
    CONTENT_SECURITY_POLICY.replace("img-src 'self'", "img-src 'self' https://tiles.example.org"),
  );
  expect((await get('/api/session')).headers['content-security-policy']).toBe(CONTENT_SECURITY_POLICY);
});

it.each([
  ['https://tiles.example.org/{z}/{x}.png', 'must have {z}, {x} and {y} in it'],
  ['file:///{z}/{x}/{y}', 'must be an address such as https://'],
])('refuses %s as an address of tiles', (value, words) => {
  const result = checkSettings(new Map([['map_tiles', { source: '--map-tiles', value }]]));
  expect(result).toMatchObject({
    ok: false,
    faults: [{ source: '--map-tiles', words: expect.stringContaining(words) }],
  });
});
