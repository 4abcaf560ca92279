/** What Docker would say of docker-compose.yml and Dockerfile, as far as it can be said without Docker. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { envLines } from '../cli/commands/compose.ts';
import { readSettings, wordsOfFaults } from '../cli/read-settings.ts';
import { type ComposeService, composeText, interpolate, ROOT, readComposeFile } from './compose-file.ts';

const ENV = Object.fromEntries(envLines('127.0.0.1', 'mqtt://127.0.0.1:1883').map(({ name, value }) => [name, value]));
const compose = readComposeFile(ENV);
const services = Object.entries(compose.services);
const ours = services.filter(([, { image }]) => image?.startsWith('lamplighter:'));
/** Runs to its end and is gone. */
const isOneShot = (service: ComposeService): boolean => service.restart === 'no';

/** The keys of a service that this file uses (Compose specification); anything else is a misspelling. */
const SERVICE_KEYS = new Set([
  ...['image', 'build', 'command', 'restart', 'init', 'stop_grace_period', 'read_only', 'tmpfs', 'cap_drop'],
  ...['security_opt', 'healthcheck', 'logging', 'environment', 'ports', 'volumes', 'ulimits', 'depends_on'],
  ...['deploy', 'profiles'],
]);

describe('docker-compose.yml', () => {
  test('has the services of the stack, and the demo city only when asked for', () => {
    expect(Object.keys(compose.services).toSorted()).toEqual(
      ['analysis', 'broker', 'console', 'demo', 'grafana', 'influxdb', 'ingest', 'store-init'].toSorted(),
    );
    for (const [name, { profiles }] of services) expect(profiles, name).toEqual(name === 'demo' ? ['demo'] : undefined);
  });

  test('uses keys that there are', () => {
    for (const [name, service] of services) {
      expect(
        Object.keys(service).filter((key) => !SERVICE_KEYS.has(key)),
        name,
      ).toEqual([]);
    }
  });

  test('pins every image', () => {
    for (const [name, { image = '' }] of services)
      expect(image, name).toMatch(/^[a-z/]+:\d+\.\d+(\.\d+)?(@sha256:[0-9a-f]{64})?$/);
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    for (const [name, { image }] of ours) expect(image, name).toBe(`lamplighter:${version}`);
  });

  test('gives every service limits, and a health check where it stays', () => {
    for (const [name, service] of services) {
      const { cpus, memory } = service.deploy?.resources?.limits ?? {};
      expect(cpus, name).toMatch(/^\d+(\.\d+)?$/);
      expect(memory, name).toMatch(/^\d+[mg]$/);
      if (isOneShot(service)) continue;
      expect(service.restart, name).toBe('unless-stopped');
      expect(service.healthcheck?.test?.[0], name).toMatch(/^CMD/);
    }
  });

  test('starts in an order: of what is waited for, each can be waited for, and nothing waits for itself', () => {
    const reach = (name: string, seen: readonly string[] = []): void => {
      expect(seen, `${[...seen, name].join(' → ')}`).not.toContain(name);
      for (const [other, { condition }] of Object.entries(compose.services[name]?.depends_on ?? {})) {
        const awaited = compose.services[other];
        expect(awaited, `${name} waits for ${other}`).toBeDefined();
        expect(condition).toBe(awaited && isOneShot(awaited) ? 'service_completed_successfully' : 'service_healthy');
        reach(other, [...seen, name]);
      }
    };
    for (const [name] of services) reach(name);
  });

  test('mounts what exists, and names each volume', () => {
    const named = new Set<string>();
    for (const [name, { volumes = [] }] of services) {
      for (const [source = '', target = ''] of volumes.map((volume) => volume.split(':'))) {
        expect(target, name).toMatch(/^\//);
        if (source.startsWith('.')) expect(existsSync(join(ROOT, source)), `${name}: ${source}`).toBe(true);
        else named.add(source);
      }
    }
    expect([...named].toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    const folders = ours.flatMap(([, { volumes = [] }]) => volumes.filter((volume) => volume.endsWith(':/data')));
    // One owner per file: no two roles share a data folder.
    expect(new Set(folders).size).toBe(folders.length);
  });

  test('reaches loopback only, unless .env says otherwise', () => {
    const addresses = services.flatMap(([, { ports = [] }]) => ports);
    expect(addresses).toEqual(
      expect.arrayContaining(['127.0.0.1:8080:8080', '127.0.0.1:1883:1883', '127.0.0.1:3000:3000']),
    );
    for (const address of addresses) expect(address).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    expect(compose.services.influxdb?.ports).toBeUndefined();
  });

  test('takes from .env what compose init writes, and has no secret of its own', () => {
    const text = composeText();
    const used = new Set([...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name = '']) => name));
    for (const name of Object.keys(ENV)) expect([...used], name).toContain(name);
    for (const { name, value } of envLines('127.0.0.1', 'mqtt://127.0.0.1:1883')) {
      if (!/TOKEN|PASSWORD/.test(name)) continue;
      expect(value.length, name).toBeGreaterThanOrEqual(24);
      expect(value, `${name} is made anew each time`).not.toBe(ENV[name]);
      // Without a value the stack does not start, in words that say what to do.
      for (const [placeholder] of text.matchAll(new RegExp(`\\$\\{${name}[^}]*\\}`, 'g'))) {
        expect(() => interpolate(placeholder, {})).toThrow('lamplighter compose init');
      }
    }
    for (const [name, service] of Object.entries((parse(text, { merge: true }) as typeof compose).services)) {
      for (const [key, value] of Object.entries(service.environment ?? {})) {
        if (/TOKEN|PASSWORD|SECRET/.test(key)) expect(value, `${name} ${key}`).toMatch(/^\$\{[A-Z_]+:\?/);
      }
    }
  });

  test('gives each role settings that are taken', () => {
    for (const [name, { environment = {}, command }] of ours) {
      if (command?.[0] !== 'start') continue;
      const result = readSettings({ flags: {}, env: environment });
      expect(result.ok ? '' : wordsOfFaults(result.faults), name).toBe('');
      if (!result.ok) continue;
      expect(result.settings.roles, name).toEqual([name]);
      for (const key of ['console_url', 'ingest_url', 'broker_status_url', 'broker_url', 'influx_url'] as const) {
        const url = result.settings[key];
        if (url !== undefined) expect(Object.keys(compose.services), `${name} ${key}`).toContain(new URL(url).hostname);
      }
    }
  });

  test('keeps Grafana from asking the internet, and from giving up while its database is busy', () => {
    expect(compose.services.grafana?.environment).toMatchObject({
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
      GF_PLUGINS_PREINSTALL_DISABLED: 'true',
      GF_PLUGINS_PREINSTALL_AUTO_UPDATE: 'false',
      GF_NEWS_NEWS_FEED_ENABLED: 'false',
      GF_SECURITY_DISABLE_GRAVATAR: 'true',
      GF_SNAPSHOTS_EXTERNAL_ENABLED: 'false',
      GF_DATABASE_WAL: 'true',
    });
  });

  test('runs ours without rights and on a file system that cannot be written', () => {
    for (const [name, { read_only, cap_drop, security_opt }] of ours) {
      expect({ name, read_only, cap_drop, security_opt }).toEqual({
        name,
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    }
  });
});

describe('Dockerfile', () => {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const stages = lines.filter((line) => line.startsWith('FROM'));
  const last = lines.slice(lines.lastIndexOf(stages.at(-1) ?? ''));

  test('has two stages on one pinned image of Node', () => {
    expect(stages).toHaveLength(2);
    const images = stages.map((line) => line.split(' ')[1]);
    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(/^node:20\.\d+\.\d+-bookworm-slim/);
  });

  test('runs as somebody without rights, with a health check, and what runs is not theirs', () => {
    const of = (word: string) => last.filter((line) => line.startsWith(`${word} `));
    expect(of('USER')).toEqual(['USER node']);
    expect(last.indexOf('USER node')).toBeLessThan(last.findIndex((line) => line.startsWith('ENTRYPOINT')));
    expect(of('HEALTHCHECK')).toHaveLength(1);
    for (const line of of('COPY')) {
      expect(line).toMatch(/^COPY --from=build /);
      expect(line).not.toContain('--chown');
    }
  });

  test('copies what there is, and what .dockerignore leaves', () => {
    const lines = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    const rules = lines.filter((line) => line !== '' && !line.startsWith('#'));
    // Everything is left out but what is named: secrets and backups get into no layer.
    expect(rules[0]).toBe('*');
    const taken = rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1));
    for (const path of taken) expect(existsSync(join(ROOT, path)), path).toBe(true);
    const { include } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.build.json'), 'utf8')) as { include: string[] };
    // Of what is compiled only the benchmark stays out.
    const needed = include.filter((folder) => !folder.startsWith('test/'));
    const files = ['package.json', 'package-lock.json', '.npmrc', 'LICENSE', 'tsconfig.json', 'tsconfig.build.json'];
    expect(taken.toSorted()).toEqual([...files, 'vite.config.ts', ...needed].toSorted());
  });
});
