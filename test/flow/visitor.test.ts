/**
 * A visitor starts the demo city, opens the page, and finds each of the six things that are wrong (docs/demo.md): it
 * stands in words on the first page, and a click leads to the chart, the grid or the table that proves it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isLong } from '../is-long.ts';
import { startChromium } from '../real-servers/chromium.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { ServerProcess } from '../server-process.ts';

/** As far as the findings and the week before reach; the rest of the fortnight would only take longer. */
const HISTORY_DAYS = 9;
/** Loading the past and looking through it, on a machine that does other things as well. */
const FOUND_WITHIN_MS = 300_000;
const SHOWN_WITHIN_MS = 30_000;

/** The values in what a chart says of one instant: that of its line, and that of the line it is compared with. */
function pair(words: string, unit: string): number[] {
  const values = words.matchAll(new RegExp(`(\\u2212?[\\d,]+(?:\\.\\d+)?) ${unit}`, 'g'));
  return [...values].map(([, text = '']) => Number(text.replaceAll(',', '').replace('\u2212', '-')));
}

(isLong ? describeWithServer('chromium') : describe.skip)('a visitor of the demo city', () => {
  let folder: string;
  let server: ServerProcess;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lamplighter-'));
    server = await ServerProcess.start({
      data: join(folder, 'data'),
      args: ['--city', 'demo', '--seed', '1', '--history-days', String(HISTORY_DAYS)],
    });
    browser = await startChromium();
    // The visitor sits elsewhere; the city's times are Boston's all the same.
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin' });
    page = await context.newPage();
    page.setDefaultTimeout(SHOWN_WITHIN_MS);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
    });
    page.on('request', (request) => {
      const isOwn = request.url().startsWith(server.console) || /^(data|blob):/.test(request.url());
      if (!isOwn) faults.push(`asked somebody else: ${request.url()}`);
    });
    await page.goto(server.console);
  }, FOUND_WITHIN_MS);

  afterAll(async () => {
    await browser?.close();
    await server?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(() => {
    expect(faults).toEqual([]);
  });

  /** From the City page, over the words of the problem, to where it shows. */
  async function follow(kind: string, words: RegExp): Promise<void> {
    await page.getByRole('link', { name: 'City', exact: true }).first().click();
    const problem = page.locator(`[data-problem="${kind}"]`, { hasText: words }).first();
    await problem.waitFor({ timeout: FOUND_WITHIN_MS });
    expect(await problem.textContent()).toMatch(/What to do:/);
    await problem.locator('.problem-link').click();
  }

  /** Walks along a chart by its keys until what stands under the cursor is what is looked for. */
  async function findOnChart(chart: string, isIt: (words: string) => boolean, key = 'PageDown'): Promise<void> {
    const readout = page.locator(`${chart} .readout`).first();
    const plot = page.locator(`${chart} .plot-area`).first();
    await readout.locator('.number').first().waitFor();
    await expect
      .poll(
        async () => {
          // The cursor starts anew when the chart is drawn anew.
          await plot.focus();
          await page.keyboard.press('Home');
          for (let step = 0; step < 60; step++) {
            const words = (await readout.textContent()) ?? '';
            if (isIt(words)) return true;
            await page.keyboard.press(key);
          }
          return false;
        },
        { timeout: FOUND_WITHIN_MS, interval: 1_000 },
      )
      .toBe(true);
  }

  it('sees the city move, and its past arrive', { timeout: FOUND_WITHIN_MS }, async () => {
    await page.locator('[data-connection="live"]').waitFor();
    await page.locator('.headline .figure .number').first().waitFor();
    await expect.poll(() => page.locator('.marker').count(), { timeout: SHOWN_WITHIN_MS }).toBe(49);
    await expect
      .poll(async () => await server.api.get<{ history: { state: string } }>('/api/city'), {
        timeout: FOUND_WITHIN_MS,
        interval: 1_000,
      })
      .toMatchObject({ history: { state: 'done' } });
    await page.locator('.history').waitFor({ state: 'detached' });
    // Problems are found bit by bit while the past arrives; what is looked for now stays where it is in the list.
    const toldAt = Date.now();
    await expect
      .poll(async () => Date.parse((await server.api.get<{ checked: string | null }>('/api/problems')).checked ?? ''), {
        timeout: FOUND_WITHIN_MS,
        interval: 1_000,
      })
      .toBeGreaterThan(toldAt);
  });

  it('finds the school that runs after hours, on its load curve', { timeout: FOUND_WITHIN_MS }, async () => {
    await follow('after-hours', /Madison Park/);
    await page.waitForURL(/\/sites\/madison-park-high/);
    await page.locator('#load .segment', { hasText: '7 d' }).click();
    await page.locator('#load .legend', { hasText: 'closed' }).waitFor();
    // More than twice of what it took a week before, at the same hour.
    await findOnChart('#load', (words) => {
      const [now = 0, before = 0] = pair(words, 'kW');
      return before > 0 && now > 2 * before;
    });
  });

  it('finds the lamp that burns by day, on the chart of its level', { timeout: FOUND_WITHIN_MS }, async () => {
    await follow('day-burner', /Lamp 17 .*Commonwealth Avenue/);
    await page.waitForURL(/\/lights\/commonwealth-circuit-2\?lamp=lamp-17/);
    await page.locator('[data-lamp="lamp-17"].chosen').waitFor();
    await findOnChart('[data-lamp-panel="lamp-17"]', (words) => {
      const [level, command] = pair(words, '%');
      return level === 100 && command === 0;
    });
  });

  it('finds the dark circuit, on the chart of its power', { timeout: FOUND_WITHIN_MS }, async () => {
    await follow('dark-circuit', /Hyde Park Avenue is dark/);
    await page.waitForURL(/\/lights\/hyde-park-circuit-21/);
    await expect.poll(() => page.locator('.lamp-grid button').count(), { timeout: SHOWN_WITHIN_MS }).toBe(40);
    await findOnChart('section[aria-labelledby="circuit-power-title"]', (words) => {
      const [now = 0, before = 0] = pair(words, 'W');
      return now < 100 && before > 1_000;
    });
  });

  it('finds the room with bad air, on the chart with its bands', { timeout: FOUND_WITHIN_MS }, async () => {
    await follow('high-co2', /Emergency waiting/);
    await page.waitForURL(/\/sites\/menino-pavilion\?room=/);
    await page.locator('.room.chosen', { hasText: 'Emergency waiting' }).waitFor();
    await findOnChart('#rooms', (words) => (pair(words, 'ppm')[0] ?? 0) > 1_000);
  });

  it('finds the meter that began again, on the bars and in words', { timeout: FOUND_WITHIN_MS }, async () => {
    await follow('meter-reset', /Charlestown High School/);
    await page.waitForURL(/\/sites\/charlestown-high\?meter=/);
    await page.locator('#energy [data-event="reset"]').waitFor();
    await findOnChart('#energy', (words) => /kWh.*reset/.test(words), 'ArrowRight');
    await page.locator('tr.chosen[data-meter="charlestown-high-gateway/main-meter"]').first().waitFor();
  });

  it('finds the silent gateway, in the table and in full', { timeout: FOUND_WITHIN_MS }, async () => {
    await follow('silent-gateway', /Tobin Community Center/);
    await page.waitForURL(/\/gateways\/tobin-center-gateway/);
    const panel = page.locator('[data-gateway="tobin-center-gateway"]');
    await panel.locator('[data-problem="silent-gateway"]').waitFor();
    // It fell silent seven hours before the city was founded.
    await panel.getByText(/^[78](\.\d)? h ago, /).waitFor();
    await page.locator('table.gateways tr.chosen', { hasText: 'Tobin' }).waitFor();
  });
});
