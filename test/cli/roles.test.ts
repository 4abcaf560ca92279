import { describe, expect, test } from 'vitest';
import { readSettings } from '../../cli/read-settings.ts';
import { CommittedNews } from '../../cli/roles/committed-news.ts';
import { aReading } from '../builders.ts';

function faultsOf(env: Record<string, string>): string {
  const named = Object.fromEntries(Object.entries(env).map(([key, value]) => [`LAMPLIGHTER_${key}`, value]));
  const result = readSettings({ flags: {}, env: named });
  return result.ok ? '' : result.faults.map(({ source, words }) => `${source}: ${words}`).join('\n');
}

const SERVICES = { SERVICE_TOKEN: 'x'.repeat(43) };
const INFLUX = { STORE: 'influxdb', INFLUX_URL: 'http://127.0.0.1:8086', CITY: 'none' };
const CONSOLE = { CONSOLE_URL: 'http://127.0.0.1:8090' };
const INGEST = { INGEST_URL: 'http://127.0.0.1:8091' };
const BROKER = { BROKER_URL: 'mqtt://127.0.0.1' };

describe('roles', () => {
  test('are all in one process by default, in their order', () => {
    const result = readSettings({ flags: {}, env: {} });
    expect(result).toMatchObject({ ok: true, settings: { roles: ['broker', 'ingest', 'analysis', 'console'] } });
    const named = readSettings({ flags: { roles: 'console, analysis,broker,ingest' }, env: {} });
    expect(named).toMatchObject({ ok: true, settings: { roles: ['broker', 'ingest', 'analysis', 'console'] } });
  });

  test.each([
    ['a role that there is not', { ROLES: 'broker,brewer' }, "there is no role 'brewer'"],
    ['none', { ROLES: ',' }, "there is no role ''"],
    [
      'ingest alone on DuckDB',
      { ...SERVICES, ...CONSOLE, ...BROKER, ROLES: 'ingest' },
      'ingest cannot run without analysis,console on DuckDB',
    ],
    [
      'ingest and analysis on DuckDB',
      { ...SERVICES, ...CONSOLE, ROLES: 'broker,ingest,analysis', CITY: 'none' },
      'cannot run without console',
    ],
    ['a broker without the register', { ...SERVICES, ROLES: 'broker' }, '--console-url: is needed'],
    ['parts that do not know each other', { ...CONSOLE, ROLES: 'broker' }, '--service-token-file: is needed'],
    ['ingest without a broker', { ...SERVICES, ...INFLUX, ...CONSOLE, ROLES: 'ingest' }, '--broker-url: is needed'],
    [
      'a console without ingest',
      { ...SERVICES, ...INFLUX, ...BROKER, ROLES: 'console' },
      '--ingest-url: is needed: console asks',
    ],
    [
      'a console that cannot tell gateways where to connect',
      { ...SERVICES, ...INFLUX, ...INGEST, ROLES: 'console' },
      '--gateway-url: is needed',
    ],
    [
      'analysis without ingest',
      { ...SERVICES, ...INFLUX, ...CONSOLE, ROLES: 'analysis' },
      '--ingest-url: is needed: analysis asks',
    ],
    [
      'a broker that is another',
      { ...SERVICES, ...CONSOLE, ...BROKER, ROLES: 'broker' },
      '--broker-url: names another broker',
    ],
    [
      'simulated gateways beside a console without a broker',
      { ...SERVICES, ...INFLUX, ...INGEST, ...BROKER, ROLES: 'console', CITY: 'demo' },
      '--roles demo',
    ],
    ['a token given twice', { ...SERVICES, SERVICE_TOKEN_FILE: 'x', ...CONSOLE, ROLES: 'broker' }, 'given twice'],
  ])('refuses %s', (_, env, words) => {
    expect(faultsOf(env)).toContain(words);
  });

  test.each([
    ['broker', { ...SERVICES, ...CONSOLE, ROLES: 'broker' }],
    ['the rest on DuckDB', { ...SERVICES, ...BROKER, ROLES: 'ingest,analysis,console', CITY: 'none' }],
    ['ingest', { ...SERVICES, ...INFLUX, ...CONSOLE, ...BROKER, ROLES: 'ingest' }],
    ['broker and ingest', { ...SERVICES, ...INFLUX, ...CONSOLE, ROLES: 'broker,ingest' }],
    ['analysis', { ...SERVICES, ...INFLUX, ...CONSOLE, ...INGEST, ROLES: 'analysis' }],
    ['console', { ...SERVICES, ...INFLUX, ...INGEST, ...BROKER, ROLES: 'console' }],
    ['the demo city', { ...SERVICES, ...CONSOLE, ...BROKER, ROLES: 'demo' }],
  ])('takes %s', (_, env) => {
    expect(faultsOf(env)).toBe('');
  });
});

describe('news of commits for another process', () => {
  const DAY_MS = 86_400_000;
  const now = Date.parse('2026-11-10T12:00:00Z');

  test('are the readings themselves while there are few', () => {
    const news = new CommittedNews();
    const committed = { gateway: 'library', readings: [aReading({ time: now })] };
    news.add(committed, now);
    expect(news.take()).toEqual({ committed: [committed], late: [] });
    expect(news.take()).toEqual({ committed: [], late: [] });
  });

  test('are the days of late readings when there are many', () => {
    const news = new CommittedNews();
    const many = Array.from({ length: 5_000 }, () => aReading({ time: now }));
    news.add({ gateway: 'library', readings: many }, now);
    news.add(
      {
        gateway: 'school',
        readings: [now, now - 2 * DAY_MS, now - 2 * DAY_MS + 1, now - DAY_MS].map((time) => aReading({ time })),
      },
      now,
    );
    const { committed, late } = news.take();
    expect(committed).toHaveLength(1);
    const midnight = Date.parse('2026-11-10T00:00:00Z');
    expect(late).toEqual([
      ['school', midnight - 2 * DAY_MS],
      ['school', midnight - DAY_MS],
    ]);
  });
});
