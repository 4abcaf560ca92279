import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createConsole } from '../../console/console.ts';
import { systemClock } from '../../runtime/clock.ts';
import { startChromium } from '../real-servers/chromium.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { aCityOfOne, aDeadLetter, aHealth, NO_COUNTS, OPERATOR_TOKEN } from './fake-city.ts';

describeWithServer('chromium')('the page', () => {
  let browser: Browser;
  let webFolder: string;

  beforeAll(async () => {
    webFolder = mkdtempSync(join(tmpdir(), 'lamplighter-web-'));
    const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));
    await build({ configFile, logLevel: 'error', build: { outDir: webFolder, emptyOutDir: true } });
    browser = await startChromium();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    rmSync(webFolder, { recursive: true, force: true });
  });

  /** The page in a window, and everything that went wrong in it. */
  async function open(options: { host?: string; window?: BrowserContextOptions; path?: string } = {}) {
    const city = aCityOfOne({ clock: systemClock });
    const now = Date.now();
    city.ingest.set('library', {
      online: true,
      since: now,
      health: aHealth({ buffered: 1_500, oldest_s: 75, bytes: 100 * 1_048_576 }),
      healthAt: now,
      counts: { ...NO_COUNTS, received: 4_711, stored: 4_700 },
    });
    const console = createConsole({ ...city, options: { host: options.host ?? '127.0.0.1', port: 0, webFolder } });
    await console.start();
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'America/New_York', ...options.window });
    onTestFinished(async () => {
      await context.close();
      await console.stop();
    });
    const page = await context.newPage();
    const faults: string[] = [];
    const foreign: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(address)) foreign.push(request.url());
    });
    const address = console.address.replace('0.0.0.0', '127.0.0.1');
    await page.goto(`${address}${options.path ?? '/gateways'}`);
    const send = (power: number, device = 'main-meter') => {
      const reading = { device, time: Date.now(), values: { active_power_kw: power } };
      city.store.put('library', reading);
      city.ingest.tell({ gateway: 'library', readings: [reading] });
    };
    return { city, console, page, faults, foreign, send };
  }

  const shows = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: 15_000 });

  it('is live, moves with the values, and asks nobody else for anything', async () => {
    const { page, faults, foreign, send } = await open();
    await page.locator('[data-connection="live"]').waitFor();
    const row = page.locator('table.values tr', { hasText: 'Active power' });
    await row.getByText('41.20 kW').waitFor();
    expect(await row.locator('.site').textContent()).toBe('City Hall');
    send(57.25);
    await row.getByText('57.25 kW').waitFor();
    send(58.5);
    await row.getByText('58.50 kW').waitFor();
    await page.locator('.chart .number', { hasText: '58.50' }).waitFor();
    await shows(page, /Time \(E[SD]T\)/);
    expect(await page.locator('.plot canvas').count()).toBe(1);
    expect(faults).toEqual([]);
    expect(foreign).toEqual([]);
  });

  it('filters by keyboard, and says when nothing matches', async () => {
    const { page } = await open();
    const rows = page.locator('table.values tbody tr');
    await rows.nth(1).waitFor();
    await page.getByPlaceholder('Filter by site, device, metric…').focus();
    await page.keyboard.type('energy library');
    await page.getByText('1 of 2 series').waitFor();
    expect(await rows.count()).toBe(1);
    await page.keyboard.type(' nowhere');
    await shows(page, 'No series matches');
    await page.keyboard.press('Escape');
    await rows.nth(1).waitFor();
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Table of the newest values');
  });

  it('shows a gateway with what waits in its outbox', async () => {
    const { city, page } = await open();
    const row = page.locator('table.gateways tbody tr');
    await row.getByText('online').waitFor();
    await row.getByText('1,500 readings, oldest 75 s').waitFor();
    expect(await row.getByRole('meter').getAttribute('aria-valuenow')).toBe('39');
    city.ingest.set('library', { twoEpochs: true, healthAt: Date.now() - 91_000 });
    await row.getByText('silent').waitFor();
    await row.getByText('two at once').waitFor();
    await shows(page, '1 gateway started twice at once');
  });

  it('says in words that the store is away, and that the server is gone', async () => {
    const { city, console, page } = await open();
    await page.locator('[data-connection="live"]').waitFor();
    city.ingest.state = { ...city.ingest.state, storeFault: 'The disk is full.', accepting: false };
    await shows(page, 'The disk is full. Readings wait on the gateways until it can.');
    await console.stop();
    await page.locator('[data-connection="reconnecting"]').waitFor();
    await shows(page, 'The connection was lost');
  });

  it('asks for the operator token before it changes anything', async () => {
    const { city, page } = await open();
    city.ingest.deadLetters.letters = [
      aDeadLetter(),
      aDeadLetter({ seq: 8 }),
      aDeadLetter({ seq: 9, reason: 'too-old' }),
    ];
    await page.locator('.reason', { hasText: 'value-out-of-range' }).click();
    await page.getByRole('button', { name: 'Send all again' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Operator token').fill('wrong');
    await dialog.getByRole('button', { name: 'Sign in' }).click();
    await dialog.getByText('is not the operator token').waitFor();
    await dialog.getByLabel('Operator token').fill(OPERATOR_TOKEN);
    await page.keyboard.press('Enter');
    await shows(page, '2 readings stored.');
    expect(city.ingest.deadLetters.letters).toHaveLength(1);

    await page.locator('.reason', { hasText: 'all' }).click();
    await page.locator('summary').first().click();
    await page.getByRole('button', { name: 'Drop', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Drop' }).click();
    await shows(page, '1 refused reading dropped.');
    expect(city.ingest.deadLetters.letters).toHaveLength(0);
  });

  it('asks to sign in before it shows anything when it is open to the network', async () => {
    const { page } = await open({ host: '0.0.0.0' });
    await page.getByLabel('Operator token').fill(OPERATOR_TOKEN);
    expect(await page.locator('table').count()).toBe(0);
    await page.keyboard.press('Enter');
    await page.locator('[data-connection="live"]').waitFor();
    await shows(page, '41.20');
  });

  it.each(['light', 'dark'] as const)('fits a phone without scrolling sideways, %s', async (colorScheme) => {
    const { city, page, faults } = await open({ window: { viewport: { width: 360, height: 740 }, colorScheme } });
    city.ingest.deadLetters.letters = [aDeadLetter({ gateway: 'a-gateway-with-quite-a-long-name-of-its-own' })];
    await page.locator('table.gateways').getByText('online').waitFor();
    await page.locator('summary').first().click();
    await page.locator('pre').waitFor();
    // As text: the browser's globals are none of this side's.
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(360);
    const background = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(background).toBe(colorScheme === 'dark' ? 'rgb(16, 19, 22)' : 'rgb(244, 243, 240)');
    expect(faults).toEqual([]);
  });

  it('shows the API documentation without asking anybody else', async () => {
    const { page, faults, foreign } = await open({ path: '/api/docs' });
    await page.locator('.opblock', { hasText: '/api/series' }).first().click();
    await page.getByRole('button', { name: 'Execute' }).first().waitFor();
    expect(foreign).toEqual([]);
    expect(faults).toEqual([]);
  });
});
