import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { beforeEach, expect, test } from 'vitest';
import { type GatewayConfig, readGatewayConfig } from '../../edge/gateway-config.ts';
import { faultText } from '../../runtime/yaml-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

function read(text: string): { value?: GatewayConfig; faults: string[] } {
  const path = join(folder, 'gateway.yaml');
  writeFileSync(path, text);
  const result = readGatewayConfig(path);
  if (result.ok) return { value: result.value, faults: [] };
  return { faults: result.faults.map((fault) => faultText(fault).replaceAll(`${folder}/`, '')) };
}

test('what a console writes for a new gateway is enough', () => {
  const { value, faults } = read('gateway: library\nbroker:\n  url: mqtt://127.0.0.1:1883\n  token: abc\n');
  expect(faults).toEqual([]);
  expect(value).toMatchObject({
    id: 'library',
    broker: { url: 'mqtt://127.0.0.1:1883', token: 'abc' },
    topicPrefix: 'city/v1',
    dataFolder: join(folder, 'data'),
    outbox: { capacityBytes: 1024 * 1024 * 1024, dropPolicy: 'oldest' },
    uplink: { window: 32, backlogReadingsPerS: 5_000, laterRetryMs: 60_000 },
    sources: [],
  });
});

test('everything can be said, and paths are relative to the file', () => {
  mkdirSync(join(folder, 'secrets'));
  writeFileSync(join(folder, 'secrets/token'), 'very-secret\n');
  writeFileSync(join(folder, 'plugs.password'), 'hush\n');
  writeFileSync(join(folder, 'ca.pem'), rootCertificates[0] ?? '');
  const { value, faults } = read(`
gateway: library
broker: { url: "mqtts://city.example:8883", token_file: secrets/token, ca_file: ca.pem }
topic_prefix: boston/v1
data: /var/lib/lamplighter
zone: America/New_York
outbox: { capacity_mib: 64, drop_policy: newest }
uplink: { window: 8, backlog_readings_per_s: 100, later_retry_s: 5 }
sources:
  - kind: mqtt
    name: plugs
    url: mqtt://192.168.1.10
    username: gateway
    password_file: plugs.password
    subscriptions:
      - { topic: tele/+/SENSOR, codec: tasmota, device: "{1}" }
  - { kind: simulated, name: school, profile: school }
`);
  expect(faults).toEqual([]);
  expect(value).toMatchObject({
    broker: { token: 'very-secret', caFile: join(folder, 'ca.pem') },
    topicPrefix: 'boston/v1',
    dataFolder: '/var/lib/lamplighter',
    outbox: { capacityBytes: 64 * 1024 * 1024, dropPolicy: 'newest' },
    sources: [
      { kind: 'mqtt', name: 'plugs', needsZone: true },
      { kind: 'simulated', name: 'school' },
    ],
  });
});

test('all faults are told at once, with line, field and mend, and without the secret', () => {
  const { faults } = read(`gateway: Main Library
broker:
  url: http://hunter2@broker
  token: hunter2
  token_file: nowhere
zone: Boston
outbox:
  drop_policy: random
uplink:
  windows: 3
sources:
  - kind: mqtt
    name: plugs
    url: mqtt://10.0.0.1
    subscriptions:
      - { topic: "tele/#/SENSOR", codec: shelly, device: "{1}" }
  - kind: modbus
    name: meter
`);
  expect(faults).toEqual([
    'gateway.yaml:1: gateway: must be 1 to 63 characters of a-z, 0-9 and "-", starting with a letter or digit',
    'gateway.yaml:3: broker.url: is not the address of a broker. Write one such as mqtt://192.168.1.10:1883 or mqtts://city.example:8883.',
    `gateway.yaml:5: broker.token_file: there is no such file. Check the path nowhere.`,
    'gateway.yaml:5: broker.token_file: stands beside token. Keep one of the two.',
    'gateway.yaml:6: zone: is not a time zone. Write one such as America/New_York.',
    'gateway.yaml:8: outbox.drop_policy: must be oldest or newest.',
    'gateway.yaml:10: uplink.windows: is not a known setting here. Remove it, or correct its spelling.',
    'gateway.yaml:16: sources[0].subscriptions[0].topic: is not an MQTT topic filter. "#" stands last, "+" for a whole level.',
    'gateway.yaml:16: sources[0].subscriptions[0].codec: must be tasmota.',
    'gateway.yaml:17: sources[1].kind: must be mqtt or simulated.',
  ]);
  expect(faults.join()).not.toContain('hunter2');
});

test('a password in an address, a missing token, a name used twice and a missing zone are told', () => {
  const source = (name: string) => `
  - kind: mqtt
    name: ${name}
    url: mqtt://me:hunter2@10.0.0.1
    subscriptions: [{ topic: tele/+/SENSOR, codec: tasmota, device: "{1}" }]`;
  const first = read(`gateway: library\nbroker: { url: mqtt://b }\nsources:${source('plugs')}\n`);
  expect(first.faults).toEqual([
    'gateway.yaml:2: broker.token: is missing. Add token or token_file; a new token comes from the console.',
    'gateway.yaml:6: sources[0].url: must not hold a user name or password: addresses are logged. Give them in fields of their own.',
  ]);
  const twice = `gateway: library\nzone: America/New_York\nbroker: { url: mqtt://b, token: t }\nsources:${source('plugs')}${source('plugs')}\n`;
  expect(read(twice.replaceAll('me:hunter2@', '')).faults).toEqual([
    'gateway.yaml:10: sources[1].name: is the name of two sources. Their places in the data would be mixed up: rename one.',
  ]);
  const zoneless = `gateway: library\nbroker: { url: mqtt://b, token: t }\nsources:${source('plugs')}\n`;
  expect(read(zoneless.replaceAll('me:hunter2@', '')).faults).toEqual([
    'gateway.yaml:1: zone: is missing: the devices of source plugs write local time. Add it, such as America/New_York.',
  ]);
});
