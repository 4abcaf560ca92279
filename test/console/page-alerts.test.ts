/** The page of alerts in a browser, on a server that answers from fixtures. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { AlertsReply, OpenAlertReply } from '../../console/api/replies-alerts.ts';
import { startChromium } from '../real-servers/chromium.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { startPageServer } from './page-server.ts';

const NOW = Date.parse('2026-11-23T22:40:00Z');
const HOUR = 3_600_000;

function anAlert(change: Partial<OpenAlertReply> = {}): OpenAlertReply {
  return {
    id: 'after-hours/latin-school',
    rule: 'after-hours',
    rule_title: 'Running after hours',
    severity: 'warning',
    owner: 'facilities',
    site: 'latin-school',
    gateway: null,
    device: null,
    devices: [],
    title: 'Latin School runs after hours',
    words: 'When it was last closed it took 310 kW.',
    what_to_do: 'Look at the time programmes.',
    figures: [{ label: 'Closed', value: 310, unit: 'kW' }],
    since: new Date(NOW - 5 * HOUR).toISOString(),
    since_ms: NOW - 5 * HOUR,
    state: 'firing',
    firing: new Date(NOW - 3 * HOUR).toISOString(),
    firing_ms: NOW - 3 * HOUR,
    unjudged: '',
    ...change,
  };
}

function someAlerts(change: Partial<AlertsReply> = {}): AlertsReply {
  return {
    at: new Date(NOW).toISOString(),
    at_ms: NOW,
    evaluated: new Date(NOW - 20_000).toISOString(),
    evaluated_ms: NOW - 20_000,
    fault: '',
    by_severity: { info: 0, warning: 1, critical: 1 },
    open: [
      anAlert({
        id: 'circuit-dark/lights-seaport',
        rule: 'circuit-dark',
        severity: 'critical',
        site: 'lights-seaport',
        title: 'Seaport is dark',
        unjudged: 'Lamp 4 says nothing',
      }),
      anAlert(),
      anAlert({ id: 'pending', state: 'pending', firing: null, firing_ms: null, title: 'Not yet' }),
    ],
    history: [
      {
        ...anAlert({ id: 'two-epochs/library', rule: 'two-epochs', gateway: 'library', title: 'Library ran twice' }),
        firing: new Date(NOW - 9 * HOUR).toISOString(),
        firing_ms: NOW - 9 * HOUR,
        resolved: new Date(NOW - 2 * HOUR).toISOString(),
        resolved_ms: NOW - 2 * HOUR,
      },
    ],
    cannot_be_judged: [],
    webhook: { set: false, waiting: 0, dropped: 0, fault: '' },
    ...change,
  };
}

describeWithServer('chromium')('the page of alerts', () => {
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

  async function open(answer: unknown, window: BrowserContextOptions = {}) {
    const server = await startPageServer(webFolder, () => NOW);
    onTestFinished(() => server.close());
    server.answers.set('/api/alerts', answer);
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', ...window });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(`${server.address}/alerts`);
    return { page, faults };
  }

  it('lists what is open, the worst first, with why it matters, what to do and where it shows', async () => {
    const { page, faults } = await open(someAlerts());
    await page.locator('[data-alert]').first().waitFor();
    expect(await page.locator('.problem h3').allTextContents()).toEqual([
      'Seaport is dark',
      'Latin School runs after hours',
    ]);
    const [dark, school] = [page.locator('.problem').nth(0), page.locator('.problem').nth(1)];
    expect(await dark.textContent()).toContain('Whether it is still so cannot be said now: Lamp 4 says nothing.');
    expect(await dark.locator('.problem-link').getAttribute('href')).toBe('/lights/lights-seaport');
    expect(await school.textContent()).toMatch(/Latin School · for 5.0\sh · for facilities/);
    expect(await school.textContent()).toContain('310 kW');
    expect(await school.locator('.problem-link').getAttribute('href')).toBe('/sites/latin-school?range=24h#load');
    expect(await page.locator('.page-head .note').textContent()).toMatch(/1 critical · 1 warning · judged 2\d s ago/);
    expect(await page.locator('main').textContent()).toContain(
      '1 more alert may open within minutes: it has not lasted',
    );
    expect(await page.locator('table .lead').textContent()).toContain('Library ran twice');
    expect(await page.locator('nav.pages a[aria-current]').textContent()).toBe('Alerts');
    expect(faults).toEqual([]);
  });

  it('says when nothing is open, when that cannot be judged, and when it may be old', async () => {
    const nothing = { open: [], history: [], by_severity: {} };
    const well = await open(someAlerts(nothing));
    await well.page.getByText('No alert is open: by every rule the city is well.').waitFor();
    await well.page.getByText('Nothing has ended yet.').waitFor();
    const doubtful = await open(
      someAlerts({
        ...nothing,
        cannot_be_judged: [{ rule: 'high-co2', rule_title: 'CO₂ over limit', why: 'the store cannot be read' }],
        fault: 'the analysis, in its own process, has said nothing for 4 minutes',
        webhook: { set: true, waiting: 2, dropped: 0, fault: 'http://127.0.0.1:9 does not answer' },
      }),
    );
    await doubtful.page.getByText('No alert is open, as far as that can be judged.').waitFor();
    await doubtful.page.getByText('Cannot be judged now, the store cannot be read: CO₂ over limit.').waitFor();
    await doubtful.page.getByText('This may be old: the analysis').waitFor();
    await doubtful.page.getByText('2 messages to the webhook wait: http://127.0.0.1:9 does not answer.').waitFor();
  });

  it('shows that it waits, and why it got no answer', async () => {
    const waiting = await open('never');
    await waiting.page.locator('.skeleton').first().waitFor();
    const failing = await open(new Error('The server is starting.'));
    await failing.page.getByText('The server is starting.').first().waitFor();
  });

  it('fits a phone of 360 pixels', async () => {
    const long = anAlert({ words: `${'a'.repeat(60)} ${'word '.repeat(50)}`, title: 'A'.repeat(80) });
    const { page } = await open(someAlerts({ open: [long] }), { viewport: { width: 360, height: 740 } });
    await page.locator('[data-alert]').first().waitFor();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
});
