/** InfluxDB 1.x as a child process. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findProgram, freePorts, ServerProcess, serverFolder } from './server-process.ts';

export interface InfluxdOptions {
  /** Switches authentication on and creates this administrator. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Data of an earlier server; absent for a fresh folder that `remove()` deletes. */
  readonly folder?: string;
  /** Further settings, such as INFLUXDB_HTTP_MAX_BODY_SIZE. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Influxd {
  readonly url: string;
  readonly folder: string;
  readonly pid: number | undefined;
  stop(): Promise<void>;
  kill(): Promise<void>;
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** Path of an influxd 1.x; a 2.x is started and set up in another way. */
export function findInfluxd(): string | undefined {
  const path = findProgram('influxd');
  if (path === undefined) return undefined;
  const { stdout } = spawnSync(path, ['version'], { encoding: 'utf8' });
  return /InfluxDB v?1\./.test(stdout) ? path : undefined;
}

export async function startInfluxd(options: InfluxdOptions = {}): Promise<Influxd> {
  const path = findInfluxd();
  if (path === undefined) throw new Error('influxd 1.x is not installed: npm run setup:servers');
  const { folder, ownsFolder } = serverFolder('influxd', options.folder);
  // Another process may take a port between our look and the start.
  for (let attempt = 0; ; attempt++) {
    const [http = 0, rpc = 0] = await freePorts(2);
    const url = `http://127.0.0.1:${http}`;
    const env = {
      ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('INFLUX'))),
      INFLUXDB_HTTP_BIND_ADDRESS: `127.0.0.1:${http}`,
      INFLUXDB_BIND_ADDRESS: `127.0.0.1:${rpc}`,
      INFLUXDB_META_DIR: join(folder, 'meta'),
      INFLUXDB_DATA_DIR: join(folder, 'data'),
      INFLUXDB_DATA_WAL_DIR: join(folder, 'wal'),
      INFLUXDB_DATA_INDEX_VERSION: 'tsi1',
      INFLUXDB_IFQL_ENABLED: 'false',
      INFLUXDB_MONITOR_STORE_ENABLED: 'false',
      INFLUXDB_REPORTING_DISABLED: 'true',
      INFLUXDB_HTTP_LOG_ENABLED: 'false',
      INFLUXDB_DATA_QUERY_LOG_ENABLED: 'false',
      INFLUXDB_HTTP_AUTH_ENABLED: options.auth === undefined ? 'false' : 'true',
      ...options.env,
    };
    const server = new ServerProcess(
      { path, args: ['run', '-config', '/dev/null'], env, isReady: () => answersPing(url) },
      folder,
      ownsFolder,
    );
    try {
      await server.start();
      if (options.auth !== undefined) await createAdministrator(url, options.auth);
      return Object.assign(server, { url });
    } catch (error) {
      const isPortTaken = /address already in use/.test(String(error));
      if (!isPortTaken || attempt === 2) {
        await server.remove();
        throw error;
      }
    }
  }
}

export interface InfluxqlResult {
  readonly error?: string;
  readonly series?: { name: string; tags?: Record<string, string>; columns: string[]; values: unknown[][] }[];
}

/** Sends InfluxQL past the store under test; throws on any error in the answer. */
export async function influxql(
  url: string,
  query: string,
  options: { database?: string; auth?: { username: string; password: string } } = {},
): Promise<InfluxqlResult> {
  const { database, auth } = options;
  const response = await fetch(`${url}/query?epoch=ms${database === undefined ? '' : `&db=${database}`}`, {
    method: 'POST',
    headers: auth === undefined ? {} : { authorization: basic(auth) },
    body: new URLSearchParams({ q: query }),
  });
  const answer = (await response.json()) as { error?: string; results?: InfluxqlResult[] };
  const error = answer.error ?? answer.results?.[0]?.error;
  if (error !== undefined) throw new Error(error);
  return answer.results?.[0] ?? {};
}

async function answersPing(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/ping`)).status === 204;
  } catch {
    return false;
  }
}

async function createAdministrator(url: string, auth: { username: string; password: string }): Promise<void> {
  const query = `CREATE USER "${auth.username}" WITH PASSWORD '${auth.password}' WITH ALL PRIVILEGES`;
  try {
    await influxql(url, query);
  } catch (error) {
    // On data of an earlier server the user is there.
    await influxql(url, 'SHOW DATABASES', { auth }).catch(() => {
      throw error;
    });
  }
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
