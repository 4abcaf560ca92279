/** Who may import whom: the table of docs/architecture.md as data, and the detector that holds the tree to it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative } from 'node:path';

interface FolderRule {
  /** Folders of the project it may import from, besides itself. `folder/file` allows that file or subfolder only. */
  readonly folders: readonly string[];
  /** Packages it may import, besides Node's own modules. */
  readonly packages: readonly string[];
}

export const RULES: Readonly<Record<string, FolderRule>> = {
  contract: { folders: [], packages: ['zod'] },
  runtime: { folders: [], packages: ['csv-parse', 'lmdb', 'luxon', 'mqtt', 'pino', 'prom-client', 'zod', 'yaml'] },
  register: { folders: ['contract', 'runtime'], packages: ['zod', 'yaml'] },
  broker: { folders: ['contract', 'runtime', 'register'], packages: ['aedes', 'mqtt-packet', 'prom-client', 'ws'] },
  edge: { folders: ['contract', 'runtime'], packages: ['lmdb', 'zod'] },
  ingest: { folders: ['contract', 'runtime', 'register', 'store'], packages: ['prom-client', 'zod'] },
  store: { folders: ['contract', 'runtime'], packages: [] },
  'store/duckdb': {
    folders: ['contract', 'runtime', 'store/telemetry-store.ts', 'store/roll-up-store.ts'],
    packages: ['@duckdb/node-api'],
  },
  'store/influxdb': {
    folders: ['contract', 'runtime', 'store/telemetry-store.ts', 'store/roll-up-store.ts', 'store/point-sink.ts'],
    packages: ['@influxdata/influxdb-client', 'zod'],
  },
  energy: { folders: ['contract'], packages: ['luxon', 'zod'] },
  'energy/rollup': { folders: ['contract', 'runtime', 'register', 'store', 'energy'], packages: ['prom-client'] },
  alerts: { folders: ['contract', 'runtime', 'register', 'store', 'energy'], packages: ['prom-client', 'yaml', 'zod'] },
  reports: { folders: ['contract', 'energy', 'store', 'register'], packages: ['write-excel-file', 'zod'] },
  dashboards: { folders: ['contract', 'alerts'], packages: ['@grafana/grafana-foundation-sdk', 'yaml'] },
  console: {
    folders: [
      'contract',
      'runtime',
      'register',
      'ingest',
      'store/telemetry-store.ts',
      'store/roll-up-store.ts',
      'energy',
      'alerts',
      'reports',
    ],
    packages: [
      'fastify',
      '@fastify/static',
      '@fastify/swagger',
      '@fastify/swagger-ui',
      'fastify-type-provider-zod',
      'prom-client',
      'zod',
    ],
  },
  'console/web': {
    folders: ['contract', 'console/api'],
    packages: ['preact', 'preact/hooks', 'uplot', 'uplot/dist/uPlot.min.css'],
  },
  simulators: {
    folders: [
      'contract',
      'runtime',
      'register',
      'energy/sun.ts',
      'edge/gateway.ts',
      'edge/gateway-config.ts',
      'edge/sources',
      'edge/outbox',
    ],
    packages: ['yaml', 'prom-client', 'zod'],
  },
  'simulators/fleet': { folders: ['contract', 'runtime', 'simulators/chance.ts'], packages: ['mqtt-packet'] },
  'cli/certificates': { folders: ['contract'], packages: ['@peculiar/x509', 'reflect-metadata'] },
  cli: {
    folders: [
      'contract',
      'runtime',
      'register',
      'broker',
      'edge',
      'ingest',
      'store',
      'energy',
      'alerts',
      'reports',
      'console',
      'simulators',
    ],
    packages: ['commander', 'prom-client', 'zod', 'yaml'],
  },
};

export interface Breach {
  readonly file: string;
  readonly imports: string;
  readonly words: string;
}

const IMPORT = /(?:^|[\s;}])(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g;

/** The specifiers that a TypeScript text imports. */
export function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '');
}

/** What in a file breaks the table; `file` is relative to the project. */
export function breachesOf(file: string, text: string): Breach[] {
  const folder = ruleFolderOf(file);
  if (folder === undefined) return [{ file, imports: '', words: 'its folder is not in the table' }];
  const rule = RULES[folder] as FolderRule;
  return importsOf(text).flatMap((imports) => {
    const words = imports.startsWith('.')
      ? localBreach(file, imports, folder, rule)
      : packageBreach(imports, rule, folder);
    return words === undefined ? [] : [{ file, imports, words }];
  });
}

function ruleFolderOf(file: string): string | undefined {
  return Object.keys(RULES)
    .filter((folder) => file.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0];
}

function localBreach(file: string, imports: string, folder: string, rule: FolderRule): string | undefined {
  const target = join(dirname(file), imports);
  if (target.startsWith('..')) return 'lies outside the project';
  if (ruleFolderOf(target) === folder) return undefined;
  // A folder may use what lies directly below it.
  if (target.startsWith(`${folder}/`)) return undefined;
  const allowed = rule.folders.some((allowedPath) => target === allowedPath || target.startsWith(`${allowedPath}/`));
  return allowed ? undefined : `${folder}/ may import ${rule.folders.join(', ') || 'nothing of the project'}`;
}

function packageBreach(imports: string, rule: FolderRule, folder: string): string | undefined {
  if (imports.startsWith('node:')) return undefined;
  if (builtinModules.includes(imports)) return 'Node modules are imported with node:';
  if (rule.packages.some((name) => imports === name || imports.startsWith(`${name}/`))) return undefined;
  return `${folder}/ may use the packages ${rule.packages.join(', ') || 'of Node alone'}`;
}

export function allBreaches(root: string): Breach[] {
  return Object.keys(RULES)
    .filter((folder) => !folder.includes('/') && existsSync(join(root, folder)))
    .flatMap((folder) => typeScriptFiles(join(root, folder)))
    .flatMap((path) => breachesOf(relative(root, path), readFileSync(path, 'utf8')));
}

function typeScriptFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));
}
