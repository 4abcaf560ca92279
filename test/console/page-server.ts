/** A server that answers as the console does, from fixtures that a test may change, with the built page beside it. */
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { CONTENT_SECURITY_POLICY } from '../../console/api/security-headers.ts';
import { metricById } from '../../contract/metrics.ts';
import * as fixtures from './page-fixtures.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

export interface PageServer {
  readonly address: string;
  /** Answers that replace the fixtures, by path without its query; an Error is answered with status 503. */
  readonly answers: Map<string, unknown>;
  /** The clock of the city. */
  now: () => number;
  close(): Promise<void>;
}

export async function startPageServer(webFolder: string, now: () => number = Date.now): Promise<PageServer> {
  const answers = new Map<string, unknown>();
  const streams = new Set<ServerResponse>();
  const page: { now: () => number } = { now };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
    if (url.pathname === '/api/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      streams.add(response);
      response.on('close', () => streams.delete(response));
      return tell(response, page.now());
    }
    if (url.pathname.startsWith('/api/')) {
      const answer = answers.has(url.pathname) ? answers.get(url.pathname) : reply(url, page.now());
      if (answer === 'never') return;
      const fault =
        answer instanceof Error
          ? { status: 503, error: { code: 'store-unavailable', message: answer.message } }
          : undefined;
      const missing = { status: 404, error: { code: 'not-found', message: `There is no ${url.pathname}.` } };
      const { status, ...body } = fault ?? (answer === undefined ? missing : { status: 200, ...(answer as object) });
      response.writeHead(status, { 'content-type': 'application/json' });
      return response.end(JSON.stringify(body));
    }
    const isFile = extname(url.pathname) !== '';
    try {
      const body = readFileSync(join(webFolder, isFile ? url.pathname : 'index.html'));
      response.writeHead(200, { 'content-type': TYPES[isFile ? extname(url.pathname) : '.html'] ?? 'text/plain' });
      return response.end(body);
    } catch {
      response.writeHead(404);
      return response.end();
    }
  });
  const ticking = setInterval(() => {
    for (const stream of streams) tell(stream, page.now());
  }, 1_000);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    get now() {
      return page.now;
    },
    set now(clock) {
      page.now = clock;
    },
    async close() {
      clearInterval(ticking);
      for (const stream of streams) stream.end();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function tell(stream: ServerResponse, now: number): void {
  const status = {
    at_ms: now,
    version: '0.1.0',
    since_ms: now - 7_200_000,
    received_per_s: 812,
    stored_per_s: 809,
    acknowledgement: { p50_ms: 14, p99_ms: 62 },
    queue: { batches: 1, readings: 40, bytes: 20_000, capacity_bytes: 67_108_864 },
    accepting: true,
    store_fault: '',
    broker_fault: '',
    stored: 5_802_113,
    rejected: 3,
    dead_letters: 3,
  };
  stream.write(`event: status\ndata: ${JSON.stringify(status)}\n\n`);
  stream.write(`event: gateways\ndata: ${JSON.stringify(gateways(now))}\n\n`);
}

function gateways(now: number) {
  const none = { received: 41_022, stored: 41_019, duplicate: 3, rejected: {}, later: {}, shed: 0, queued: 0 };
  const rows = fixtures.sites(now).map((site) => {
    const isSilent = site.state === 'silent';
    const at_ms = now - (isSilent ? 93_600_000 : 8_000);
    const outbox = {
      produced: 41_040,
      stored: 41_019,
      rejected: {},
      dropped: 0,
      buffered: isSilent ? 0 : 21,
      set_aside: 0,
      undated: 0,
      batches: 1,
      bytes: 4_096,
      capacity_bytes: 268_435_456,
      oldest_s: 2,
    };
    const source = { name: 'meters', kind: 'modbus', state: 'running', detail: '', readings: 41_040, refused: 0 };
    return {
      id: `gw-${site.id}`,
      name: `Gateway, ${site.name}`,
      site: site.id,
      registered: true,
      retired: false,
      state: isSilent ? 'silent' : 'online',
      silent: isSilent,
      since: null,
      since_ms: now - 7_200_000,
      version: '0.1.0',
      two_epochs: false,
      health: {
        at: new Date(at_ms).toISOString(),
        at_ms,
        age_s: 8,
        uptime_s: 7_200,
        outbox,
        later: {},
        clock_offset_ms: 6,
        memory_mib: 61,
        sources: [source],
      },
      counts: none,
    };
  });
  return {
    summary: {
      gateways: rows.length,
      by_state: { online: rows.length - 1, silent: 1 },
      two_epochs: 0,
      buffered: 800,
      oldest_s: 3,
      set_aside: 0,
      dropped: 0,
    },
    rows,
    refetch: false,
  };
}

function reply(url: URL, now: number): unknown {
  const { pathname, searchParams } = url;
  const [, , section, one, two] = pathname.split('/');
  const at = { at: new Date(now).toISOString(), at_ms: now };
  if (pathname === '/api/session') return { signed_in: false, may_read: true, may_write: false };
  if (pathname === '/api/sites') return { sites: fixtures.sites(now) };
  if (pathname === '/api/latest') return { ...at, values: latest(now) };
  if (pathname === '/api/devices') return { devices: [] };
  if (pathname === '/api/city') return fixtures.city(now);
  if (pathname === '/api/city/sites') return { ...at, sites: fixtures.sites(now) };
  if (section === 'city' && one === 'sites' && two !== undefined) {
    const site = fixtures.siteDetail(two, now);
    return site && { ...site, gateways: gateways(now).rows.filter((row) => row.site === two) };
  }
  if (pathname === '/api/problems') return { ...at, problems: fixtures.PROBLEMS(now) };
  if (pathname === '/api/energy') return fixtures.energy(searchParams, now);
  if (pathname === '/api/analytics') return fixtures.analytics(searchParams, now);
  if (pathname === '/api/lights') return fixtures.lights(now);
  if (section === 'lights' && one !== undefined) return fixtures.circuit(one, now);
  if (pathname === '/api/air') return fixtures.air(now);
  if (pathname === '/api/dead-letters') return { counts: { 'value-out-of-range': 3 }, letters: [], next: null };
  if (pathname === '/api/series') return series(searchParams, now);
  return undefined;
}

function latest(now: number) {
  const time_ms = now - 5_000;
  return fixtures.sites(now).flatMap((site) =>
    site.power_kw === null
      ? []
      : [
          {
            site: site.id,
            gateway: `gw-${site.id}`,
            device: 'main-meter',
            metric: 'active_power_kw',
            label: 'Active power',
            value: site.power_kw,
            unit: 'kW',
            time: new Date(time_ms).toISOString(),
            time_ms,
            age_s: 5,
          },
        ],
  );
}

function series(query: URLSearchParams, now: number) {
  const metric = query.get('metric') ?? '';
  const instant = (text: string) => (text.startsWith('-') ? now - 900_000 : text === 'now' ? now : Number(text));
  const from_ms = instant(query.get('from') ?? '-15m');
  const to_ms = Math.min(now, instant(query.get('to') ?? 'now'));
  const every = query.get('every');
  const every_ms = every === null ? null : Number.parseInt(every, 10) * 1_000;
  const points = [];
  for (let time_ms = from_ms; time_ms < to_ms; time_ms += every_ms ?? 10_000) {
    // A hole of two hours, a day and a half ago, and one of ten minutes.
    const ago = now - time_ms;
    if ((ago > 36 * 3_600_000 && ago < 41 * 3_600_000) || (ago > 1_500_000 && ago < 2_100_000)) continue;
    points.push({
      time: new Date(time_ms).toISOString(),
      time_ms,
      value: valueAt(metric, time_ms, query.get('device') ?? ''),
    });
  }
  const [gateway = '', device = ''] = (query.get('device') ?? '').split('/');
  const isTotal = query.get('total') === 'true';
  return {
    metric,
    label: metric,
    unit: metricById.get(metric)?.symbol ?? '',
    from: new Date(from_ms).toISOString(),
    from_ms,
    to: new Date(to_ms).toISOString(),
    to_ms,
    every_ms,
    points: points.length,
    series: isTotal ? [] : [{ site: null, gateway, device, points }],
    ...(isTotal ? { total: points.map((point) => ({ ...point, devices: 24 })) } : {}),
  };
}

function valueAt(metric: string, time: number, device: string): number {
  const night = fixtures.isNight(time);
  if (metric === 'active_power_kw') return fixtures.loadAt(time, device.startsWith('*') ? 2_400 : 92);
  if (metric === 'co2_ppm') return 450 + fixtures.loadAt(time, 1_700);
  if (metric === 'pm2_5_ug_per_m3') return 6 + 9 * Math.abs(Math.sin(time / 17_000_000));
  if (metric === 'lamp_power_w') return night ? 2_400 : 12;
  if (metric === 'lamp_dim_level_percent') return device.includes('lamp-17') ? 100 : night ? 70 : 0;
  if (metric === 'lamp_command_percent') return night ? 70 : 0;
  return fixtures.loadAt(time, 20);
}
