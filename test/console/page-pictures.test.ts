/**
 * Takes the pictures of docs/images, from the fixtures, so that they are the same city each time. Only when asked:
 *
 *     LAMPLIGHTER_PICTURES=docs/images npx vitest run test/console/page-pictures.test.ts
 *
 * With LAMPLIGHTER_PICTURES_OF=http://127.0.0.1:8080 they are taken of a demo city that runs there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startChromium } from '../real-servers/chromium.ts';
import { startPageServer } from './page-server.ts';

const FOLDER = process.env.LAMPLIGHTER_PICTURES;
const RUNNING = process.env.LAMPLIGHTER_PICTURES_OF;
/** Monday, 17:40 in New York. */
const EVENING = Date.parse('2026-11-23T22:40:00Z');
const MOST_BYTES = 300_000;

const PAGES: readonly (readonly [name: string, fixture: string, demo: string, sign: string])[] = [
  ['city', '/', '/', '.headline .figure'],
  ['site', '/sites/latin-school?range=7d', '/sites/madison-park-high?range=7d', '#load .readout .number'],
  ['figures', '/sites/latin-school#figures', '/sites/madison-park-high#figures', '#figures'],
  ['lights', '/lights', '/lights', '[data-circuit]'],
  [
    'circuit',
    '/lights/lights-jp?lamp=lamp-17',
    '/lights/commonwealth-circuit-2?lamp=lamp-17',
    '.lamp-panel .readout .number',
  ],
  ['air', '/air', '/air', '#station-chart .readout .number'],
  ['alerts', '/alerts', '/alerts', '#open-title'],
  ['gateways', '/gateways/gw-engine-53', '/gateways/tobin-center-gateway', '.gateway-panel .ledger'],
];
const KINDS = {
  light: { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  phone: { viewport: { width: 360, height: 740 }, colorScheme: 'light', deviceScaleFactor: 2 },
} as const;

describe.runIf(FOLDER !== undefined)('pictures', () => {
  it('of every page, in light, dark and on a phone', { timeout: 300_000 }, async () => {
    const webFolder = mkdtempSync(join(tmpdir(), 'lamplighter-web-'));
    onTestFinished(() => rmSync(webFolder, { recursive: true, force: true }));
    const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));
    await build({ configFile, logLevel: 'error', build: { outDir: webFolder, emptyOutDir: true } });
    const started = Date.now();
    const server = await startPageServer(webFolder, () => EVENING + Date.now() - started);
    onTestFinished(() => server.close());
    const browser = await startChromium();
    onTestFinished(() => browser.close());
    for (const [kind, window] of Object.entries(KINDS)) {
      const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...window });
      for (const [name, fixture, demo, sign] of PAGES) {
        // The fixtures know no alerts.
        if (name === 'alerts' && RUNNING === undefined) continue;
        const page = await context.newPage();
        await page.goto(RUNNING === undefined ? server.address + fixture : RUNNING + demo);
        await page.locator('[data-connection="live"]').waitFor();
        await page.locator(sign).first().waitFor();
        await page.waitForLoadState('load');
        await expect.poll(() => page.locator('.skeleton').count(), { timeout: 30_000 }).toBe(0);
        const picture = await page.screenshot({ path: join(FOLDER ?? '', `${name}-${kind}.png`) });
        expect(picture.length, name).toBeLessThan(MOST_BYTES);
        await page.close();
      }
      await context.close();
    }
  });
});
