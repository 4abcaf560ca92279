/**
 * Every setting of `lamplighter start`, one row each: its key in the YAML file, from which the environment variable
 * (LAMPLIGHTER_ and the key in capitals) and the flag (-- and the key with dashes) follow. Flags win over the
 * environment, the environment over the file, the file over the default.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULT_TOPIC_PREFIX } from '../contract/topics.ts';
import { LOG_LEVELS } from '../runtime/log.ts';

const port = z.coerce.number('must be a port number').int().min(0).max(65_535);
const url = (protocols: RegExp, example: string) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocols.test(text), { error: `must be an address such as ${example}` });
const count = (least: number) => z.coerce.number('must be a number').int().min(least);

interface Row {
  readonly schema: z.ZodType;
  readonly help: string;
  /** Shown in the help for the value. */
  readonly value: string;
  /** Never taken as a flag: flags show in process lists. */
  readonly secret?: boolean;
}

export const SETTINGS = {
  data: { schema: z.string().min(1).default('./data'), value: 'folder', help: 'where everything is kept' },
  city: {
    schema: z.string().min(1).default('demo'),
    value: 'demo|none|file',
    help: 'demo: simulated sites; none: start empty; or a manifest such as city.yaml, reloaded when it changes',
  },
  seed: { schema: count(0).default(1), value: 'number', help: 'seed of the simulated sites' },
  host: {
    schema: z.string().min(1).default('127.0.0.1'),
    value: 'address',
    help: 'where the console listens; anything but loopback asks for sign-in',
  },
  port: { schema: port.default(8080), value: 'port', help: 'port of the console; 0 takes a free one' },
  mqtt_host: {
    schema: z.string().min(1).default('127.0.0.1'),
    value: 'address',
    help: 'where the MQTT broker listens',
  },
  mqtt_port: { schema: port.default(1883), value: 'port', help: 'port of the MQTT broker; 0 takes a free one' },
  topic_prefix: {
    schema: z
      .string()
      .regex(/^[a-z0-9-]+(\/[a-z0-9-]+)*$/, 'must be words of a-z, 0-9 and "-" joined by "/"')
      .default(DEFAULT_TOPIC_PREFIX),
    value: 'prefix',
    help: 'first levels of every topic',
  },
  broker_url: {
    schema: url(/^mqtts?:/, 'mqtt://127.0.0.1:1883').optional(),
    value: 'url',
    help: 'use this MQTT broker instead of the built-in one',
  },
  broker_username: { schema: z.string().optional(), value: 'name', help: 'user name at that broker' },
  broker_password: { schema: z.string().optional(), value: 'password', help: 'password at that broker', secret: true },
  broker_password_file: {
    schema: z.string().optional(),
    value: 'file',
    help: 'file that holds the password at that broker',
  },
  broker_ca_file: { schema: z.string().optional(), value: 'file', help: 'certificate authority of that broker, PEM' },
  store: {
    schema: z.enum(['duckdb', 'influxdb']).default('duckdb'),
    value: 'duckdb|influxdb',
    help: 'where readings are stored',
  },
  influx_url: {
    schema: url(/^https?:/, 'http://127.0.0.1:8086').optional(),
    value: 'url',
    help: 'address of the InfluxDB server',
  },
  influx_version: {
    schema: z.enum(['1', '2']).optional(),
    value: '1|2',
    help: 'version of its API; found out when absent',
  },
  influx_database: { schema: z.string().min(1).default('city'), value: 'name', help: 'database (1.x) or bucket (2.x)' },
  influx_org: { schema: z.string().optional(), value: 'name', help: 'organisation (2.x)' },
  influx_token: { schema: z.string().optional(), value: 'token', help: 'API token (2.x)', secret: true },
  influx_token_file: { schema: z.string().optional(), value: 'file', help: 'file that holds the API token (2.x)' },
  influx_username: { schema: z.string().optional(), value: 'name', help: 'user name (1.x)' },
  influx_password: { schema: z.string().optional(), value: 'password', help: 'password (1.x)', secret: true },
  influx_password_file: { schema: z.string().optional(), value: 'file', help: 'file that holds the password (1.x)' },
  duckdb_threads: { schema: count(1).default(2), value: 'number', help: 'threads of DuckDB' },
  duckdb_memory_mb: { schema: count(64).default(1_024), value: 'MB', help: 'memory limit of DuckDB' },
  queue_mb: { schema: count(1).default(64), value: 'MB', help: 'bound of the queue between intake and store' },
  retention_days: {
    schema: count(1).default(400),
    value: 'days',
    help: 'readings older than this are rejected as too-old',
  },
  log_level: { schema: z.enum(LOG_LEVELS).default('warn'), value: LOG_LEVELS.join('|'), help: 'how much is logged' },
} as const satisfies Record<string, Row>;

export type SettingKey = keyof typeof SETTINGS;
export type Settings = { readonly [Key in SettingKey]: z.output<(typeof SETTINGS)[Key]['schema']> };

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];

export const flagOf = (key: SettingKey): string => `--${key.replaceAll('_', '-')}`;
export const variableOf = (key: SettingKey): string => `LAMPLIGHTER_${key.toUpperCase()}`;

export function isSecret(key: SettingKey): boolean {
  return (SETTINGS[key] as Row).secret === true;
}

/** One fault: where the value came from, and what is wrong with it. Never holds the value of a secret. */
export interface SettingFault {
  readonly source: string;
  readonly words: string;
}

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly faults: readonly SettingFault[] };

/** Values by key, with the name of where each came from, such as `--port`, `LAMPLIGHTER_PORT` or `city.yaml:3 port`. */
export type RawSettings = ReadonlyMap<string, { readonly source: string; readonly value: unknown }>;

/** Checks everything at once; paths come back absolute. */
export function checkSettings(raw: RawSettings): SettingsResult {
  const faults: SettingFault[] = [];
  const values: Record<string, unknown> = {};
  for (const key of SETTING_KEYS) {
    const given = raw.get(key);
    const result = SETTINGS[key].schema.safeParse(given?.value);
    if (result.success) values[key] = result.data;
    else
      faults.push({
        source: given?.source ?? flagOf(key),
        words: result.error.issues.map(({ message }) => message).join('; '),
      });
  }
  for (const [key, { source }] of raw) {
    if (!Object.hasOwn(SETTINGS, key)) faults.push({ source, words: `is not a setting; see lamplighter start --help` });
  }
  if (faults.length > 0) return { ok: false, faults };

  const settings = { ...(values as unknown as Settings) };
  const together = faultsTogether(settings);
  if (together.length > 0) return { ok: false, faults: together };
  return { ok: true, settings: { ...settings, data: resolve(settings.data) } };
}

/** Faults that only show when settings are seen side by side. */
function faultsTogether(settings: Settings): SettingFault[] {
  const faults: SettingFault[] = [];
  const { store, influx_url, broker_url } = settings;
  if (store === 'influxdb' && influx_url === undefined) {
    faults.push({
      source: flagOf('influx_url'),
      words: 'is needed with --store influxdb, for example http://127.0.0.1:8086',
    });
  }
  if (store === 'duckdb' && influx_url !== undefined) {
    faults.push({ source: flagOf('influx_url'), words: 'has no effect with --store duckdb; add --store influxdb' });
  }
  if (broker_url !== undefined && settings.city === 'demo') {
    faults.push({
      source: flagOf('broker_url'),
      words: 'does not go with --city demo, whose gateways need the built-in broker; add --city none or a manifest',
    });
  }
  for (const [secret, file] of [
    ['influx_token', 'influx_token_file'],
    ['influx_password', 'influx_password_file'],
    ['broker_password', 'broker_password_file'],
  ] as const) {
    if (settings[secret] !== undefined && settings[file] !== undefined) {
      faults.push({ source: flagOf(file), words: `is given twice: ${variableOf(secret)} is set as well; keep one` });
    }
  }
  return faults;
}
