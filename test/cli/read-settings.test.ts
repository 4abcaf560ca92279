import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readSettings } from '../../cli/read-settings.ts';
import { temporaryFolder } from '../temporary-folder.ts';

function faultsOf(input: Parameters<typeof readSettings>[0]): string[] {
  const result = readSettings(input);
  return result.ok ? [] : result.faults.map(({ source, words }) => `${source}: ${words}`);
}

test('without anything, the embedded default on loopback', () => {
  const result = readSettings({ flags: {}, env: {} });
  expect(result).toMatchObject({
    ok: true,
    settings: { store: 'duckdb', host: '127.0.0.1', port: 8080, mqtt_host: '127.0.0.1', mqtt_port: 1883, city: 'demo' },
  });
});

test('flags win over the environment, the environment over the file', () => {
  const file = join(temporaryFolder(), 'lamplighter.yaml');
  writeFileSync(file, 'port: 1\nmqtt_port: 1\nseed: 1\n');
  const result = readSettings({
    flags: { config: file, port: '3' },
    env: { LAMPLIGHTER_PORT: '2', LAMPLIGHTER_MQTT_PORT: '2', PORT: '9' },
  });
  expect(result).toMatchObject({ ok: true, settings: { port: 3, mqtt_port: 2, seed: 1 } });
});

describe('faults', () => {
  test('are all told at once, each with where it stands', () => {
    const file = join(temporaryFolder(), 'lamplighter.yaml');
    writeFileSync(file, 'colour: red\nseed: many\n');
    const faults = faultsOf({
      flags: { config: file, port: '99999' },
      env: { LAMPLIGHTER_STORE: 'paper', LAMPLIGHTER_COLOR: 'x' },
    });
    expect(faults).toHaveLength(5);
    for (const place of ['--port', 'LAMPLIGHTER_STORE', `${file}: seed`, `${file}: colour`, 'LAMPLIGHTER_COLOR']) {
      expect(
        faults.some((fault) => fault.startsWith(place)),
        place,
      ).toBe(true);
    }
  });

  test.each([
    ['a store without its address', { store: 'influxdb' }, {}, '--influx-url: is needed'],
    ['an address without its store', { influx_url: 'http://127.0.0.1:8086' }, {}, '--store influxdb'],
    ['the demo city on a foreign broker', { broker_url: 'mqtt://127.0.0.1' }, {}, '--city none'],
    ['an address that is none', { influx_url: 'localhost' }, {}, 'must be an address'],
    ['a secret given twice', { influx_token_file: 'x' }, { LAMPLIGHTER_INFLUX_TOKEN: 'y' }, 'given twice'],
    ['a missing file', { config: '/nowhere/lamplighter.yaml' }, {}, '/nowhere/lamplighter.yaml'],
  ])('%s', (_, flags, env, words) => {
    expect(faultsOf({ flags, env }).join('\n')).toContain(words);
  });

  test('a secret is never taken from a flag', () => {
    const result = readSettings({ flags: { influx_token: 'seen-in-ps' }, env: {} });
    expect(result).toMatchObject({ ok: true, settings: { influx_token: undefined } });
  });
});
