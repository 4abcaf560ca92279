import { describe, expect, onTestFinished, test } from 'vitest';
import { buildConsoleApp } from '../../console/api/app.ts';
import type { ImportReply } from '../../console/api/import-replies.ts';
import { Register } from '../../register/register.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aCityOfOne, BEARER } from './fake-city.ts';

const BATCH = 'application/vnd.lamplighter.batch+json';

async function aConsole() {
  const clock = new ManualClock();
  const register = new Register({ folder: temporaryFolder(), clock, log: silentLog });
  await register.start();
  await register.putSite({ id: 'school', name: 'School', kind: 'building', zone: 'UTC' });
  const city = { ...aCityOfOne({ clock }), register };
  const app = await buildConsoleApp(city, { host: '127.0.0.1' });
  onTestFinished(async () => {
    await app.close();
    await register.stop();
  });
  const post = async (url: string, type: string, payload: string, headers: object = BEARER) =>
    await app.inject({
      method: 'POST',
      url,
      headers: { host: 'localhost', 'content-type': type, ...headers },
      payload,
    });
  const csv = async (url: string, payload: string) => await post(url, 'text/csv', payload);
  const get = async (url: string) => await app.inject({ method: 'GET', url, headers: { host: 'localhost' } });
  return { clock, register, ingest: city.ingest, post, csv, get };
}

describe('lists', () => {
  test('are looked at, then written; tokens come once', async () => {
    const { register, csv } = await aConsole();
    const text = 'id,site\nroof,school\ncellar,school\n';
    const preview = (await csv('/api/import/gateways?dry_run=true', text)).json<ImportReply>();
    expect(preview).toMatchObject({ written: false, new: 2, changed: 0, tokens_to_make: 2, tokens: [] });
    expect(register.gateways()).toEqual([]);
    const url = `/api/import/gateways?plan=${preview.plan}&gateway_files=true`;
    const done = (await csv(url, text)).json<ImportReply>();
    expect(done).toMatchObject({ written: true, new: 2 });
    expect(done.tokens.map(({ id }) => id)).toEqual(['roof', 'cellar']);
    expect(done.tokens[0]?.gateway_yaml).toContain(done.tokens[0]?.token);
    const again = (await csv('/api/import/gateways', text)).json<ImportReply>();
    expect(again).toMatchObject({ new: 0, unchanged: 2, tokens: [] });
    expect((await csv(url, text)).statusCode).toBe(409);
  });

  test('with faults are refused, each fault named', async () => {
    const { csv } = await aConsole();
    const reply = await csv('/api/import/devices?file=d.csv', 'gateway,id\nroof,A\nroof,b\n');
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error.message).toContain('Nothing was written: 3 faults.\nd.csv:2 gateway "roof": ');
    expect(reply.json().faults).toHaveLength(3);
  });

  test('need the operator token, and a file', async () => {
    const { post } = await aConsole();
    expect((await post('/api/import/sites', 'text/csv', 'id\n', {})).statusCode).toBe(401);
    expect((await post('/api/import/sites', 'application/json', '{}')).json().error.message).toContain('text/csv');
    expect((await post('/api/sites', 'text/csv', 'id\n')).statusCode).toBe(415);
  });

  test('may be larger than other bodies', async () => {
    const { csv } = await aConsole();
    const rows = Array.from({ length: 3_000 }, (_, n) => `site-${n},${'x'.repeat(60)},building,UTC\n`);
    const reply = await csv('/api/import/sites', `id,name,kind,zone\n${rows.join('')}`);
    expect(reply.json()).toMatchObject({ written: true, new: 3_000 });
  });
});

test('a manifest is looked at, taken, and printed again', async () => {
  const { register, post, get } = await aConsole();
  const text = 'city: Boston\nzone: UTC\nsites:\n  - { id: pool, name: Pool, kind: building }\n';
  const send = async (url: string, body = text) => (await post(url, 'application/yaml', body)).json();
  expect(await send('/api/import/manifest?dry_run=true')).toMatchObject({
    written: false,
    changes: [{ kind: 'city' }, { action: 'add', kind: 'site', id: 'pool' }],
  });
  expect(register.site('pool')).toBeUndefined();
  expect(await send('/api/import/manifest')).toMatchObject({ written: true, conflicts: [] });
  expect(register.site('pool')?.name).toBe('Pool');
  expect(await send('/api/import/manifest', text.replace('Pool', 'Bath'))).toMatchObject({ written: true });
  expect(register.site('pool')?.name).toBe('Bath');
  const { error } = await send('/api/import/manifest?file=c.yaml', text.replace('kind: building', 'kind: x'));
  expect(error.message).toContain('c.yaml:4: sites[0].kind');
  const manifest = (await get('/api/export/manifest')).payload;
  expect(manifest).toContain('name: Bath');
  expect(await send('/api/import/manifest', text.replace('pool', 'school'))).toMatchObject({
    conflicts: [{ kind: 'site', id: 'school' }],
  });
});

describe('readings', () => {
  const batch = (epoch = 'import1') => `{"v":1,"epoch":"${epoch}","seq":1,"readings":[]}`;

  test('go to ingest as they are, and the outcome comes back', async () => {
    const { register, ingest, post, get } = await aConsole();
    await register.putGateway({ id: 'roof', name: 'Roof', site: 'school', retired: false });
    const send = async (body = batch()) => await post('/api/import/readings?gateway=roof', BATCH, body);
    ingest.outcome = { kind: 'settled', rejected: [{ index: 2, reason: 'too-old', detail: 'time: …' }] };
    expect((await send()).json()).toEqual({
      outcome: 'settled',
      rejected: [{ index: 2, reason: 'too-old', detail: 'time: …' }],
      words: '',
    });
    expect(ingest.imported).toEqual([{ gateway: 'roof', batch: JSON.parse(batch()) }]);
    ingest.outcome = { kind: 'duplicate', rejected: [[1, 'too-old']] };
    expect((await send()).json()).toMatchObject({ outcome: 'duplicate', rejected: [{ index: 1 }] });
    ingest.outcome = { kind: 'later', reason: 'owner-unknown' };
    expect((await send()).json().words).toContain('lamplighter gateway add');
    ingest.outcome = { kind: 'malformed', detail: 'not JSON' };
    expect((await send()).statusCode).toBe(400);
    expect((await send(batch('k3f9'))).json().error.message).toContain('must begin with "import"');
    expect((await post('/api/import/readings?gateway=attic', BATCH, batch())).statusCode).toBe(404);
    expect((await post('/api/import/readings?gateway=roof', BATCH, batch(), {})).statusCode).toBe(401);
    expect((await get('/api/import/limits?gateway=roof')).json()).toMatchObject({
      retired: false,
      retention_days: 400,
    });
  });

  test('that the store does not take within ten seconds are said to be pending', async () => {
    const { register, ingest, post, clock } = await aConsole();
    await register.putGateway({ id: 'roof', name: 'Roof', site: 'school', retired: false });
    let asked = false;
    ingest.takeImported = () => {
      asked = true;
      return new Promise(() => {});
    };
    ingest.state = { ...ingest.state, storeFault: 'the disk is full' };
    const reply = post('/api/import/readings?gateway=roof', BATCH, batch());
    while (!asked) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(10_000);
    expect((await reply).json()).toMatchObject({
      outcome: 'pending',
      words: expect.stringContaining('the disk is full'),
    });
  });
});
