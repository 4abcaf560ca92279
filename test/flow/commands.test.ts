/** The commands as a person types them: what they print, what they leave behind, and what they say when it is wrong. */

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { METRICS } from '../../contract/metrics.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { type CommandEnd, lamplighter } from './command.ts';
import { expectBooksBalance, expectExactly, storedSeries } from './ledger.ts';
import { aServer, connected, counted, EdgeProcess, eventually, gatewayOf } from './story.ts';

test.each([[], ['start'], ['gateway', 'add']])('lamplighter %s %s --help explains itself', async (...words) => {
  const { code, stdout, stderr } = await lamplighter([...words, '--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain(`Usage: ${['lamplighter', ...words].join(' ')}`);
});

test('version and metrics need no server', async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
    version: string;
  };
  const plain = await lamplighter(['version']);
  expect(plain.stdout).toMatch(
    new RegExp(`^lamplighter ${version.replaceAll('.', '\\.')} \\(Node \\d+\\.\\d+\\.\\d+, \\w+ \\w+\\)\\n$`),
  );
  expect((await lamplighter(['--version'])).stdout).toBe(`${version}\n`);
  const { stdout } = await lamplighter(['metrics']);
  for (const { id, symbol } of METRICS) expect(stdout).toMatch(new RegExp(`^${id} .*${escaped(symbol)}`, 'm'));
});

describe('a gateway', () => {
  test('is added, delivers with the printed configuration, gets a new token, and is retired', {
    timeout: 120_000,
  }, async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    const server = await aServer({ data });

    const unknown = await lamplighter(['gateway', 'add', '--site', 'library', '--data', data]);
    fails(unknown, /the city has no site 'library'\. Give its name with --new-site/);

    const out = join(folder, 'gateway.yaml');
    const added = await lamplighter([
      'gateway',
      'add',
      '--data',
      data,
      '--site',
      'library',
      '--new-site',
      'Main library',
      '--zone',
      'America/New_York',
      '--name',
      'Main Library, cellar',
      '--out',
      out,
    ]);
    expect(added).toMatchObject({ code: 0, stdout: '' });
    const [, id = '', token = ''] = /^gateway {2}(\S+)\nsite {5}library\ntoken {4}(\S+)\n/.exec(added.stderr) ?? [];
    expect(id).toBe('main-library-cellar');
    expect(token.length).toBe(43);
    expect(added.stderr).toContain(`Start it with: lamplighter edge --config ${out}`);
    expect(statSync(out).mode & 0o777).toBe(0o600);

    const { feed, entry } = counted({ seed: 1, count: 1_000, t0: Date.now() - 86_400_000, stepMs: 100, devices: 2 });
    writeFileSync(out, readFileSync(out, 'utf8').replace('sources: []', `sources:\n${entry}`));
    const checked = await lamplighter(['edge', '--config', out, '--check']);
    expect(checked).toMatchObject({ code: 0, stderr: '' });
    expect(checked.stdout).toMatch(/^main-library-cellar: the configuration is good; 1 source, outbox in /);
    const edge = new EdgeProcess([out], join(folder, 'edge.log'));
    await eventually(
      async () => (await gatewayOf(server.api, id)).counts.stored,
      (stored) => stored === 1_000,
    );
    await eventually(
      () => edge.log,
      (log) => log.includes(`${id}: works: the city has stored its first readings`),
    );
    expectExactly(await storedSeries(server.api), new Map([[id, feed.expectedSums()]]));
    await expectBooksBalance(server.api);

    const list = await lamplighter(['gateway', 'list', '--data', data]);
    expect(list.stdout).toMatch(/^gateway +site +state +outbox +oldest s +stored +rejected +version\n/);
    expect(list.stdout).toMatch(/^main-library-cellar +library +(online|silent) .*\b1000 +0 +\d/m);

    const taken = await lamplighter(['gateway', 'add', '--data', data, '--site', 'library', '--id', id]);
    fails(taken, /"main-library-cellar" is taken/);
    const covered = await lamplighter(['gateway', 'token', id, '--data', data, '--out', out]);
    fails(covered, /cannot write .*: it is there already\. Nothing was changed/);
    const renewed = await lamplighter(['gateway', 'token', id, '--data', data]);
    expect(renewed.code).toBe(0);
    expect(renewed.stdout).toContain('gateway: main-library-cellar');
    const [, newToken = ''] = /token: (\S+)/.exec(renewed.stdout) ?? [];
    expect(newToken).not.toBe(token);
    // The one before stops working at once.
    await eventually(
      () => edge.child.exitCode === null && edge.log,
      (log) => log !== false && /refuses the user name or its password \(token\)/.test(log),
    );
    expect(await edge.stop()).toBe(0);

    const retired = await lamplighter(['gateway', 'retire', id, '--data', data]);
    expect(retired).toMatchObject({ code: 0, stdout: `${id} is retired; its readings stay.\n` });
    expect(await gatewayOf(server.api, id)).toMatchObject({ state: 'retired' });
    fails(await lamplighter(['gateway', 'token', id, '--data', data]), /is retired/);
    fails(await lamplighter(['gateway', 'retire', 'nobody', '--data', data]), /"nobody" is not in the register/);
    expectExactly(await storedSeries(server.api), new Map([[id, feed.expectedSums()]]));
    for (const secret of [token, newToken]) {
      expect(server.log).not.toContain(secret);
      expect(edge.log).not.toContain(secret);
    }
  });
});

test('dead letters are listed, shown, replayed and dropped', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const server = await aServer({ data });
  const empty = await lamplighter(['dead-letters', 'list', '--data', data]);
  expect(empty).toMatchObject({ code: 0, stderr: '' });
  expect(empty.stdout).toContain('There are no dead letters.');

  const { token } = await addGateway(data, 'library');
  const client = await connected(server, { clientId: 'library', username: 'library', password: token });
  const time = Date.now() - 60_000;
  const reading = (i: number, values: object): object => ({ device: 'air', time: time + i, values });
  const readings = [
    reading(0, { temperature_c: 20 }),
    reading(1, { humidity_percent: 101 }),
    reading(2, { smell: 1 }),
    reading(3, { smell: 2 }),
  ];
  client.publish('city/v1/library/readings', JSON.stringify({ v: 1, epoch: 'a', seq: 1, readings }));
  await eventually(
    () => server.api.get<{ letters: unknown[] }>('/api/dead-letters'),
    ({ letters }) => letters.length === 3,
  );

  const list = await lamplighter(['dead-letters', 'list', '--data', data]);
  expect(list.stdout).toMatch(
    /^library\/a\/1\/1 +\S+ +value-out-of-range +values\.humidity_percent: 101 is outside 0 to 100/m,
  );
  expect(list.stdout).toMatch(
    /In all: (1 value-out-of-range, 2 unknown-metric|2 unknown-metric, 1 value-out-of-range)\./,
  );
  const page = await lamplighter([
    'dead-letters',
    'list',
    '--data',
    data,
    '--reason',
    'unknown-metric',
    '--limit',
    '1',
  ]);
  expect(page.stdout).toMatch(/There are more: go on with --after library\/a\/1\/\d/);

  const shown = await lamplighter(['dead-letters', 'show', 'library/a/1/1', '--data', data]);
  expect(JSON.parse(shown.stdout)).toMatchObject({ reason: 'value-out-of-range', content: readings[1] });
  fails(
    await lamplighter(['dead-letters', 'show', 'library/a/9/9', '--data', data]),
    /no dead letter "library\/a\/9\/9"/,
  );

  fails(
    await lamplighter(['dead-letters', 'replay', '--data', data]),
    /name the ids, or choose by --gateway or --reason/,
  );
  const replayed = await lamplighter(['dead-letters', 'replay', 'library/a/1/1', '--data', data]);
  expect(replayed.stdout).toBe('0 readings stored.\n1 refused again: value-out-of-range\n');

  const asked = await lamplighter(['dead-letters', 'drop', 'library/a/1/1', '--data', data]);
  expect(asked).toMatchObject({ code: 1, stdout: '' });
  expect(asked.stderr).toContain('Add --yes');
  const dropped = await lamplighter(['dead-letters', 'drop', 'library/a/1/1', '--yes', '--data', data]);
  expect(dropped).toMatchObject({ code: 0, stdout: '1 dead letter removed.\n' });
  const all = await lamplighter(['dead-letters', 'drop', '--all', '--yes', '--data', data]);
  expect(all).toMatchObject({ code: 0, stdout: '2 dead letters removed.\n' });
  expect((await storedSeries(server.api)).map(({ metric, count }) => [metric, count])).toEqual([['temperature_c', 1]]);
  await expectBooksBalance(server.api);
});

test('the store is made and checked, with a server and without', { timeout: 60_000 }, async () => {
  const data = join(temporaryFolder(), 'data');
  const missing = await lamplighter(['store', 'check', '--data', data]);
  expect(missing).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/there is no store at .*telemetry\.duckdb/),
  });
  expect(existsSync(data)).toBe(false);
  const made = await lamplighter(['store', 'init', '--data', data]);
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toMatch(/^duckdb \S+: .*telemetry\.duckdb is open and holds 0 series/);
  expect((await lamplighter(['store', 'check', '--data', data])).code).toBe(0);
  const server = await aServer({ data });
  for (const name of ['check', 'init']) {
    const { code, stdout } = await lamplighter(['store', name, '--data', data]);
    expect({ name, code }).toEqual({ name, code: 0 });
    expect(stdout).toMatch(/^duckdb \S+: .* is open and holds 0 series/);
  }
  expect(await server.stop()).toBe(0);
  const elsewhere = ['--store', 'influxdb', '--influx-url', 'http://127.0.0.1:9'];
  const unreachable = await lamplighter(['store', 'check', '--data', data, ...elsewhere]);
  expect(unreachable.code).toBe(1);
  expect(unreachable.stdout).toMatch(/^influxdb unknown: InfluxDB at http:\/\/127\.0\.0\.1:9 cannot be reached/);
});

describe('what is wrong is said in one sentence', () => {
  test('no server runs', async () => {
    const data = join(temporaryFolder(), 'data');
    for (const words of [
      ['gateway', 'list'],
      ['gateway', 'add', '--site', 'x'],
      ['observer', 'add', 'anna'],
      ['dead-letters', 'list'],
    ]) {
      fails(
        await lamplighter([...words, '--data', data]),
        /no server runs on the data folder .* lamplighter start --data/,
      );
    }
    expect(existsSync(data)).toBe(false);
  });

  test('every fault of the configuration at once', async () => {
    const folder = temporaryFolder();
    const config = join(folder, 'lamplighter.yaml');
    writeFileSync(config, 'mqtt_port: 99999\ncolour: red\nstore: sqlite\n');
    const args = ['start', '--data', join(folder, 'data'), '--config', config, '--queue-mb', 'much'];
    const end = await lamplighter(args, { LAMPLIGHTER_SEED: '-1', LAMPLIGHTER_SMELL: 'x' });
    fails(end, /The configuration has 6 faults:/);
    for (const source of [
      `${config}: mqtt_port`,
      `${config}: colour`,
      `${config}: store`,
      '--queue-mb',
      'LAMPLIGHTER_SEED',
      'LAMPLIGHTER_SMELL',
    ]) {
      expect(end.stderr).toMatch(new RegExp(`^  ${escaped(source)}: \\S`, 'm'));
    }
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  test('every fault of a gateway.yaml at once, without its secret', async () => {
    const file = join(temporaryFolder(), 'gateway.yaml');
    const lines = [
      'gateway: Main Library',
      'broker: { url: "http://example", token: swordfish }',
      'zone: Boston',
      'sources:',
      '  - { kind: carrier-pigeon, name: x }',
    ];
    writeFileSync(file, lines.join('\n'));
    const end = await lamplighter(['edge', '--config', file]);
    fails(end, /the configuration cannot be used:/);
    for (const [line, field] of [
      [1, 'gateway'],
      [2, 'broker.url'],
      [3, 'zone'],
      [5, 'sources[0].kind'],
    ]) {
      expect(end.stderr).toMatch(new RegExp(`^  ${escaped(`${file}:${line} ${field} `)}\\S`, 'm'));
    }
    expect(end.stderr).not.toContain('swordfish');
  });

  test('a port in use', { timeout: 60_000 }, async () => {
    const data = join(temporaryFolder(), 'data');
    const holder = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void holder.close());
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as { port: number };
    const mqtt = await lamplighter([
      'start',
      '--data',
      data,
      '--city',
      'none',
      '--port',
      '0',
      '--mqtt-port',
      String(port),
    ]);
    fails(mqtt, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is (in use|taken)`, 'i'));
    const page = await lamplighter([
      'start',
      '--data',
      data,
      '--city',
      'none',
      '--port',
      String(port),
      '--mqtt-port',
      '0',
    ]);
    fails(page, new RegExp(`port ${port} on 127\\.0\\.0\\.1 is (in use|taken)`, 'i'));
    // Nothing stays behind that would keep the next one from starting.
    expect(await (await aServer({ data })).stop()).toBe(0);
  });

  test('a command that does not exist', async () => {
    const { code, stderr } = await lamplighter(['gatway']);
    expect(code).toBe(1);
    expect(stderr).toContain("unknown command 'gatway'");
  });
});

/** One sentence for a person on standard error, no stack, nothing on standard output, exit code 1. */
function fails({ code, stdout, stderr }: CommandEnd, words: RegExp): void {
  expect(stderr).toMatch(words);
  expect(stderr).toMatch(/^lamplighter: /m);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).not.toContain('unexpected');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
}

async function addGateway(data: string, id: string): Promise<{ token: string }> {
  const { stderr } = await lamplighter(['gateway', 'add', '--data', data, '--site', id, '--new-site', id, '--id', id]);
  return { token: /^token {4}(\S+)$/m.exec(stderr)?.[1] ?? '' };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
