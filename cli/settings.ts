/**
 * Every setting of `lamplighter start`, one row each: its key in the YAML file, from which the environment variable
 * (LAMPLIGHTER_ and the key in capitals) and the flag (-- and the key with dashes) follow. Flags win over the
 * environment, the environment over the file, the file over the default.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULT_TOPIC_PREFIX } from '../contract/topics.ts';
import { LOG_LEVELS } from '../runtime/log.ts';
import { type AskedFault, CITY_FAULTS, readAskedFault } from '../simulators/asked-faults.ts';
import { HISTORY_DAYS } from '../simulators/founding.ts';
import { roleFaults } from './roles/role-faults.ts';
import { ONE_PROCESS, ROLES } from './roles/role-names.ts';

/** A thousand years: what is meant to be longer is off. */
const MOST_DAYS = 365_250;

const port = z.coerce.number('must be a port number').int().min(0).max(65_535);
/** `off` switches a listener off. YAML reads an unquoted off as false. */
const portOrOff = z
  .union([z.literal(['off', false]).transform(() => 'off' as const), port], 'must be a port number or off')
  .optional();
const url = (protocols: RegExp, example: string) =>
  z
    .string()
    .refine((text) => URL.canParse(text) && protocols.test(text), { error: `must be an address such as ${example}` });
const count = (least: number) => z.coerce.number('must be a number').int().min(least);

/** `off` keeps for ever, which is an infinite number of days. */
const daysOrOff = (least: number) =>
  z.union(
    [
      z.literal(['off', false]).transform(() => Number.POSITIVE_INFINITY),
      z.coerce.number().refine((days) => Number.isInteger(days) && days >= least && days <= MOST_DAYS, {
        error: daysFault(least),
      }),
    ],
    daysFault(least),
  );
const daysFault = (least: number) => `must be a whole number of days from ${least} to ${MOST_DAYS}, or off`;

const roleList = z.string().transform((text, context) => {
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (ROLES.some((role) => role === name)) continue;
    context.addIssue({ code: 'custom', message: `there is no role '${name}'; choose of ${ROLES.join(', ')}` });
  }
  return ROLES.filter((role) => names.includes(role));
});

const faultList = z.string().transform((text, context) => {
  const words = text.split(',').map((word) => word.trim());
  return words
    .filter((word) => word !== '')
    .flatMap((word): AskedFault[] => {
      const fault = readAskedFault(word);
      if (!('wrong' in fault)) return [fault];
      context.addIssue({ code: 'custom', message: fault.wrong });
      return [];
    });
});

interface Row {
  readonly schema: z.ZodType;
  readonly help: string;
  /** Shown in the help for the value. */
  readonly value: string;
  /** Never taken as a flag: flags show in process lists. */
  readonly secret?: boolean;
}

export const SETTINGS = {
  data: { schema: z.string().min(1).default('./data'), value: 'folder', help: 'folder in which everything is kept' },
  roles: {
    schema: roleList.default([...ONE_PROCESS]),
    value: ROLES.join(','),
    help: 'parts to run in this process; the others run elsewhere',
  },
  console_url: {
    schema: url(/^https?:/, 'http://console:8090').optional(),
    value: 'url',
    help: 'internal address of the process with the console role, which owns the register',
  },
  ingest_url: {
    schema: url(/^https?:/, 'http://ingest:8090').optional(),
    value: 'url',
    help: 'internal address of the process with the ingest role',
  },
  broker_status_url: {
    schema: url(/^https?:/, 'http://broker:8090').optional(),
    value: 'url',
    help: 'internal address of the process with the broker role, for the console',
  },
  internal_host: {
    schema: z.string().min(1).default('127.0.0.1'),
    value: 'address',
    help: 'address on which this process listens for those with the other roles',
  },
  internal_port: {
    schema: port.default(8090),
    value: 'port',
    help: 'its port, used only when roles run in several processes; 0 takes a free one',
  },
  service_token: {
    schema: z.string().optional(),
    value: 'token',
    help: 'secret that all processes of one city share',
    secret: true,
  },
  service_token_file: {
    schema: z.string().optional(),
    value: 'file',
    help: 'file that holds the secret that all processes of one city share',
  },
  operator_token: {
    schema: z.string().optional(),
    value: 'token',
    help: 'lets people and commands change things through the console',
    secret: true,
  },
  operator_token_file: {
    schema: z.string().optional(),
    value: 'file',
    help: 'file that holds the operator token (default: operator-token in the data folder, made at the first start)',
  },
  city: {
    schema: z.string().min(1).default('demo'),
    value: 'demo|none|file',
    help: 'demo: simulated sites; none: start empty; or a manifest such as city.yaml, reloaded when it changes',
  },
  seed: { schema: count(0).default(1), value: 'number', help: 'seed of the simulated sites' },
  history_days: {
    schema: z.coerce.number('must be a number').min(0.001).max(60).default(HISTORY_DAYS),
    value: 'days',
    help: 'how many days of history the simulated sites fill in at their first start',
  },
  faults: {
    schema: faultList.default([]),
    value: CITY_FAULTS.join(','),
    help: 'extra trouble for the simulated sites, beside what is wrong in them anyway; several with commas',
  },
  host: {
    schema: z.string().min(1).default('127.0.0.1'),
    value: 'address',
    help: 'address on which the console listens; on any but loopback people must sign in',
  },
  port: { schema: port.default(8080), value: 'port', help: 'port of the console; 0 takes a free one' },
  map_tiles: {
    schema: url(/^https?:/, 'https://tiles.example.org/{z}/{x}/{y}.png')
      .refine((text) => ['{z}', '{x}', '{y}'].every((part) => text.includes(part)), {
        error: 'must have {z}, {x} and {y} in it, such as https://tiles.example.org/{z}/{x}/{y}.png',
      })
      .optional(),
    value: 'url',
    help: 'map tile server for the page; without one the page makes no request to any other server',
  },
  mqtt_host: {
    schema: z.string().min(1).default('127.0.0.1'),
    value: 'address',
    help: 'address on which the MQTT broker listens',
  },
  mqtt_port: {
    schema: portOrOff.default(1883),
    value: 'port|off',
    help: 'port of the MQTT broker without TLS; 0 takes a free one',
  },
  mqtt_name: {
    schema: z.string().min(1).optional(),
    value: 'name',
    help: 'name or address by which gateways reach the broker, when it differs from --mqtt-host',
  },
  tls: {
    schema: z.preprocess((value) => (value === false ? 'off' : value), z.enum(['off', 'auto']).default('off')),
    value: 'off|auto',
    help: 'auto: MQTT over TLS, with a certificate authority of its own kept in the data folder',
  },
  tls_cert: { schema: z.string().min(1).optional(), value: 'file', help: 'certificate of the broker, PEM' },
  tls_key: { schema: z.string().min(1).optional(), value: 'file', help: 'its private key, PEM' },
  tls_ca: {
    schema: z.string().min(1).optional(),
    value: 'file',
    help: 'authority of that certificate, handed to new gateways; not needed for a public authority',
  },
  tls_client_cert: {
    schema: z.enum(['required', 'optional', 'instead-of-token']).optional(),
    value: 'required|optional|instead-of-token',
    help: 'ask clients for certificates that carry their user name; without this, none is asked for',
  },
  tls_client_ca: {
    schema: z.string().min(1).optional(),
    value: 'file',
    help: 'authority of client certificates, PEM (default with --tls auto: its own)',
  },
  mqtts_port: { schema: portOrOff, value: 'port|off', help: 'port of MQTT over TLS (default: 8883 when TLS is on)' },
  ws_port: { schema: portOrOff, value: 'port|off', help: 'port of MQTT over WebSocket, path /mqtt (default: off)' },
  wss_port: { schema: portOrOff, value: 'port|off', help: 'the same over TLS (default: off)' },
  gateway_url: {
    schema: url(/^(mqtt|ws)s?:/, 'mqtts://city.example.org').optional(),
    value: 'url',
    help: 'broker address for the files of new gateways, when it differs from the settings above',
  },
  topic_prefix: {
    schema: z
      .string()
      .regex(/^[a-z0-9-]+(\/[a-z0-9-]+)*$/, 'must be words of a-z, 0-9 and "-" joined by "/"')
      .default(DEFAULT_TOPIC_PREFIX),
    value: 'prefix',
    help: 'first levels of every topic',
  },
  broker_url: {
    schema: url(/^(mqtt|ws)s?:/, 'mqtt://127.0.0.1:1883').optional(),
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
  broker_cert_file: {
    schema: z.string().optional(),
    value: 'file',
    help: 'client certificate to show to that broker, PEM',
  },
  broker_key_file: { schema: z.string().optional(), value: 'file', help: 'its private key, PEM' },
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
    help: 'version of its API; detected when left out',
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
  queue_mb: { schema: count(1).default(64), value: 'MB', help: 'most that may wait between intake and store' },
  retention_days: {
    schema: daysOrOff(2).default(400),
    value: 'days|off',
    help: 'how long readings are kept; nothing is deleted before it is rolled up; off: for ever',
  },
  retention_15m_days: {
    schema: daysOrOff(2).default(2_192),
    value: 'days|off',
    help: 'how long quarter-hour roll-ups are kept (those of hours and days: for ever); off: for ever',
  },
  alert_webhook: {
    schema: url(/^https?:/, 'https://chat.example.org/hooks/…').optional(),
    value: 'url',
    help: 'address to which alerts are sent: a POST of JSON, as Alertmanager sends it',
    // Such addresses often hold a token.
    secret: true,
  },
  alert_webhook_file: {
    schema: z.string().min(1).optional(),
    value: 'file',
    help: 'file that holds the address to which alerts are sent',
  },
  log_level: { schema: z.enum(LOG_LEVELS).default('warn'), value: LOG_LEVELS.join('|'), help: 'how much is logged' },
} as const satisfies Record<string, Row>;

export type SettingKey = keyof typeof SETTINGS;
export type Settings = { readonly [Key in SettingKey]: z.output<(typeof SETTINGS)[Key]['schema']> };

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];

export const flagOf = (key: SettingKey): string => `--${key.replaceAll('_', '-')}`;
export const variableOf = (key: SettingKey): string => `LAMPLIGHTER_${key.toUpperCase()}`;

/** `city` names a manifest, instead of the simulated sites or none. */
export function isManifest(city: string): boolean {
  return city !== 'demo' && city !== 'none';
}

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
  const { store, influx_url } = settings;
  if (store === 'influxdb' && influx_url === undefined) {
    faults.push({
      source: flagOf('influx_url'),
      words: 'is needed with --store influxdb, for example http://127.0.0.1:8086',
    });
  }
  if (store === 'duckdb' && influx_url !== undefined) {
    faults.push({ source: flagOf('influx_url'), words: 'has no effect with --store duckdb; add --store influxdb' });
  }
  faults.push(...roleFaults(settings).map(({ key, words }) => ({ source: flagOf(key), words })));
  if (settings.retention_15m_days < settings.retention_days) {
    faults.push({
      source: flagOf('retention_15m_days'),
      words: `must not be shorter than ${flagOf('retention_days')}: quarter hours are kept as long as the readings they are made of; give more days, or off`,
    });
  }
  if (settings.roles.includes('broker')) faults.push(...listenerFaults(settings));
  for (const [secret, file] of [
    ['influx_token', 'influx_token_file'],
    ['influx_password', 'influx_password_file'],
    ['broker_password', 'broker_password_file'],
    ['service_token', 'service_token_file'],
    ['operator_token', 'operator_token_file'],
    ['alert_webhook', 'alert_webhook_file'],
  ] as const) {
    if (settings[secret] !== undefined && settings[file] !== undefined) {
      faults.push({ source: flagOf(file), words: `is given twice: ${variableOf(secret)} is set as well; keep one` });
    }
  }
  return faults;
}

/** What only makes sense together among the listeners and their certificates. */
function listenerFaults(settings: Settings): SettingFault[] {
  const { tls, tls_cert, tls_key, tls_client_cert, tls_client_ca, mqtt_port, broker_url } = settings;
  const faults: SettingFault[] = [];
  const tell = (key: SettingKey, words: string) => faults.push({ source: flagOf(key), words });
  const hasTls = tls === 'auto' || tls_cert !== undefined;
  if (tls === 'auto' && tls_cert !== undefined) tell('tls_cert', 'does not go with --tls auto; keep one of the two');
  if ((tls_cert === undefined) !== (tls_key === undefined)) {
    tell(tls_cert === undefined ? 'tls_cert' : 'tls_key', 'is missing: certificate and key go together');
  }
  for (const key of ['mqtts_port', 'wss_port'] as const) {
    const isOn = settings[key] !== undefined && settings[key] !== 'off';
    if (isOn && !hasTls) tell(key, 'needs certificates; add --tls auto, or --tls-cert and --tls-key');
  }
  if (tls_client_cert !== undefined && !hasTls) tell('tls_client_cert', 'needs TLS; add --tls auto or certificates');
  if (tls_client_cert !== undefined && tls !== 'auto' && tls_client_ca === undefined) {
    tell('tls_client_ca', 'is missing: client certificates are checked with it');
  }
  if (tls_client_ca !== undefined && tls_client_cert === undefined) {
    tell('tls_client_cert', 'is missing beside --tls-client-ca; say required, optional or instead-of-token');
  }
  const isTcpOff = mqtt_port === 'off';
  if (isTcpOff && settings.city === 'demo') {
    tell('mqtt_port', 'off does not go with --city demo, whose gateways use it; add --city none or a manifest');
  }
  const others = [
    hasTls ? (settings.mqtts_port ?? 8883) : 'off',
    settings.ws_port ?? 'off',
    settings.wss_port ?? 'off',
  ];
  if (isTcpOff && broker_url === undefined && others.every((port) => port === 'off')) {
    tell('mqtt_port', 'off leaves no listener; add --tls auto, --ws-port or --broker-url');
  }
  return faults;
}
