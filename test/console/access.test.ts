import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hostName, isLoopback } from '../../console/api/access-control.ts';
import { buildConsoleApp } from '../../console/api/app.ts';
import { createConsole } from '../../console/console.ts';
import { createLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { aCityOfOne, BEARER, OPERATOR_TOKEN } from './fake-city.ts';

async function aConsole(host: string, city = aCityOfOne()) {
  const app = await buildConsoleApp(city, { host });
  onTestFinished(() => app.close());
  const ask = async (method: 'GET' | 'POST' | 'DELETE', url: string, headers = {}, payload?: object) =>
    app.inject({ method, url, headers: { host: 'localhost:8080', ...headers }, ...(payload ? { payload } : {}) });
  return { app, city, ask };
}

async function signIn(ask: Awaited<ReturnType<typeof aConsole>>['ask']) {
  const reply = await ask('POST', '/api/session', {}, { token: OPERATOR_TOKEN });
  const cookie = String(reply.headers['set-cookie']);
  return { reply, cookie, headers: { cookie: cookie.split(';')[0] ?? '' } };
}

const READS = [
  '/metrics',
  '/api/metrics-catalogue',
  '/api/sites',
  '/api/devices',
  '/api/latest',
  '/api/series?metric=active_power_kw&device=library/main-meter',
  '/api/totals',
  '/api/gateways',
  '/api/gateways/library',
  '/api/dead-letters',
  '/api/ingest',
  '/api/store/check',
  '/api/openapi.json',
  '/api/docs',
];
const WRITES: [string, object?][] = [
  ['/api/sites', { id: 'x', name: 'x', kind: 'building', zone: 'UTC' }],
  ['/api/gateways', { site: 'park' }],
  ['/api/gateways/library/retire'],
  ['/api/gateways/library/token'],
  ['/api/observers', { name: 'Ada' }],
  ['/api/dead-letters/replay', { reason: 'too-old' }],
  ['/api/dead-letters/drop', { reason: 'too-old' }],
  ['/api/store/init'],
];

describe('on loopback', () => {
  it.each(READS)('lets anyone read %s', async (url) => {
    const { ask } = await aConsole('127.0.0.1');
    expect((await ask('GET', url)).statusCode).toBe(200);
  });

  it.each(WRITES)('lets only the operator write %s', async (url, body) => {
    const { ask } = await aConsole('127.0.0.1');
    const without = await ask('POST', url, {}, body);
    expect(without.statusCode).toBe(401);
    expect(without.json().error).toMatchObject({ code: 'not-signed-in', retry: false });
    expect(without.headers['www-authenticate']).toContain('Bearer');
    expect((await ask('POST', url, { authorization: 'Bearer wrong' }, body)).statusCode).toBe(401);
    expect((await ask('POST', url, { authorization: `Basic ${OPERATOR_TOKEN}` }, body)).statusCode).toBe(401);
    expect((await ask('POST', url, BEARER, body)).statusCode).toBeLessThan(300);
  });

  it.each(WRITES)('takes a session for %s only with the header no foreign page can send', async (url, body) => {
    const { ask } = await aConsole('127.0.0.1');
    const { headers } = await signIn(ask);
    const without = await ask('POST', url, headers, body);
    expect(without.statusCode).toBe(403);
    expect(without.json().error.field).toBe('x-lamplighter-write');
    expect((await ask('POST', url, { ...headers, 'x-lamplighter-write': '1' }, body)).statusCode).toBeLessThan(300);
  });

  it.each([
    ['localhost', 200],
    ['localhost:8080', 200],
    ['127.0.0.1:8080', 200],
    ['[::1]:8080', 200],
    ['LOCALHOST:1', 200],
    ['evil.example', 403],
    ['evil.example:8080', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost@evil.example', 403],
    ['192.168.1.4:8080', 403],
  ])('answers under the name %s with %i', async (host, status) => {
    const { app } = await aConsole('127.0.0.1');
    for (const url of ['/api/sites', '/api/health', '/api/docs', '/api/nothing-here']) {
      const reply = await app.inject({ url, headers: { host } });
      expect(reply.statusCode).toBe(status === 200 && url === '/api/nothing-here' ? 404 : status);
      if (status === 403) expect(reply.json().error.field).toBe('host');
    }
  });

  it('lets nobody write without an operator token', async () => {
    const { ask } = await aConsole('127.0.0.1', aCityOfOne({ operatorTokenSha256: undefined }));
    const reply = await ask('POST', '/api/store/init', BEARER);
    expect(reply.statusCode).toBe(403);
    expect(reply.json().error.message).toContain('operator token');
    expect((await ask('POST', '/api/session', {}, { token: 'x' })).statusCode).toBe(403);
  });
});

describe('on any other address', () => {
  it.each(READS)('asks for a token or a session to read %s', async (url) => {
    const { ask } = await aConsole('0.0.0.0');
    const host = { host: 'city.example' };
    expect((await ask('GET', url, host)).statusCode).toBe(401);
    expect((await ask('GET', url, { ...host, ...BEARER })).statusCode).toBe(200);
    const { headers } = await signIn(ask);
    expect((await ask('GET', url, { ...host, ...headers })).statusCode).toBe(200);
  });

  it('asks for one on HEAD and on the live stream too', async () => {
    const { app } = await aConsole('0.0.0.0');
    expect((await app.inject({ method: 'HEAD', url: '/api/latest' })).statusCode).toBe(401);
    expect((await app.inject({ url: '/api/live' })).statusCode).toBe(401);
  });

  it('tells strangers no more than whether it is well', async () => {
    const { ask } = await aConsole('0.0.0.0');
    expect((await ask('GET', '/api/health')).json()).toEqual({ status: 'ok' });
    expect((await ask('GET', '/api/health', BEARER)).json().parts).toBeDefined();
    expect((await ask('GET', '/api/session')).json()).toEqual({ signed_in: false, may_read: false, may_write: false });
  });

  it('does not start without an operator token', async () => {
    const city = { ...aCityOfOne({ operatorTokenSha256: undefined }), options: { host: '0.0.0.0', port: 0 } };
    await expect(createConsole(city).start()).rejects.toThrow('operator token');
  });
});

describe('a session', () => {
  it('is a cookie that scripts cannot read and other sites cannot use', async () => {
    const { ask } = await aConsole('127.0.0.1');
    const { cookie, headers } = await signIn(ask);
    expect(cookie).toMatch(/^lamplighter_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/);
    expect(cookie).not.toContain(OPERATOR_TOKEN);
    expect((await ask('GET', '/api/session', headers)).json()).toMatchObject({ signed_in: true, may_write: true });
  });

  it('is refused with a wrong token, naming it', async () => {
    const { ask } = await aConsole('127.0.0.1');
    const reply = await ask('POST', '/api/session', {}, { token: 'guess' });
    expect(reply.statusCode).toBe(401);
    expect(reply.headers['set-cookie']).toBeUndefined();
    expect(reply.json().error.field).toBe('token');
  });

  it('ends after twelve hours, and by signing out', async () => {
    const clock = new ManualClock();
    const { ask } = await aConsole('0.0.0.0', aCityOfOne({ clock }));
    const { headers } = await signIn(ask);
    const other = await signIn(ask);
    expect((await ask('GET', '/api/sites', headers)).statusCode).toBe(200);
    const out = await ask('DELETE', '/api/session', { ...other.headers, 'x-lamplighter-write': '1' });
    expect(String(out.headers['set-cookie'])).toContain('Max-Age=0');
    expect((await ask('GET', '/api/sites', other.headers)).statusCode).toBe(401);
    await clock.advance(12 * 3_600_000);
    expect((await ask('GET', '/api/sites', headers)).statusCode).toBe(401);
  });
});

describe('every answer', () => {
  it.each(['/api/sites', '/api/nothing', '/', '/api/docs/static/swagger-ui.css'])('is guarded: %s', async (url) => {
    const { ask } = await aConsole('127.0.0.1');
    const { headers } = await ask('GET', url);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toMatch(/unsafe|https?:/);
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['referrer-policy']).toBe('no-referrer');
  });

  it('leaves no token in the log', async () => {
    const lines: string[] = [];
    const log = createLog({ level: 'trace', name: 'test' });
    const sink = (log as unknown as Record<symbol, { write(line: string): void }>)[pino.symbols.streamSym]!;
    sink.write = (line) => void lines.push(line);
    const city = aCityOfOne({ log });
    city.store.failure = new Error('disk on fire');
    const { ask } = await aConsole('127.0.0.1', city);
    await signIn(ask);
    await ask('POST', '/api/session', {}, { token: 'a-wrong-token' });
    await ask('GET', '/api/latest', BEARER);
    const created = await ask('POST', '/api/gateways', BEARER, { site: 'park', id: 'lamp-1' });
    expect(lines.join('')).toContain('disk on fire');
    for (const secret of [OPERATOR_TOKEN, 'a-wrong-token', created.json().token, 'lamplighter_session']) {
      expect(lines.join('')).not.toContain(secret);
    }
  });
});

describe('names of hosts', () => {
  it.each([
    ['localhost:80', 'localhost'],
    ['[::1]:80', '::1'],
    ['127.0.0.1', '127.0.0.1'],
    ['a b', ''],
    ['x:y', ''],
  ])('%s is %s', (header, name) => expect(hostName(header)).toBe(name));

  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['localhost', true],
    ['0.0.0.0', false],
    ['::', false],
    ['127.evil.example', false],
    ['10.0.0.1', false],
  ])('%s is loopback: %s', (host, is) => expect(isLoopback(host)).toBe(is));
});
