/** Which roles may run apart, and what each process must then be told of the others. */
import type { SettingKey, Settings } from '../settings.ts';
import { isSplit, type Role, STORING_ROLES } from './role-names.ts';

export interface RoleFault {
  readonly key: SettingKey;
  readonly words: string;
}

export function roleFaults(settings: Settings): RoleFault[] {
  const { roles, store, broker_url, service_token, service_token_file } = settings;
  const faults: RoleFault[] = [];
  const tell = (key: SettingKey, words: string): void => {
    faults.push({ key, words });
  };
  const has = (role: Role): boolean => roles.includes(role);

  if (store === 'duckdb' && STORING_ROLES.some(has) && !STORING_ROLES.every(has)) {
    const here = STORING_ROLES.filter(has).join(',');
    tell(
      'roles',
      `${here} cannot run without ${STORING_ROLES.filter((role) => !has(role)).join(',')} on DuckDB, whose file one process opens. ` +
        `Run ${STORING_ROLES.join(',')} together (the broker may run apart), or use InfluxDB: --store influxdb`,
    );
  }
  if (isSimulatedElsewhere(settings)) {
    const remedy = isSplit(roles)
      ? ', and run the simulated gateways as a process of their own: --roles demo'
      : ' or a manifest';
    tell(
      broker_url === undefined ? 'city' : 'broker_url',
      `does not go with --city demo, whose gateways need the built-in broker; add --city none${remedy}`,
    );
  }
  if (!isSplit(roles)) return faults;

  const needs = (key: SettingKey, why: string): void => {
    if (settings[key] === undefined) tell(key, `is needed: ${why}`);
  };
  if (service_token === undefined && service_token_file === undefined) {
    tell(
      'service_token_file',
      'is needed: the processes of one city know each other by it (lamplighter compose init makes one)',
    );
  }
  if (!has('console')) needs('console_url', 'the register is with the console, which another process runs');
  if (!has('ingest') && (has('console') || has('analysis'))) {
    needs('ingest_url', `${has('console') ? 'console' : 'analysis'} asks ingest, which another process runs`);
  }
  if (!has('broker') && (has('ingest') || has('demo'))) needs('broker_url', 'another process runs the broker');
  if (has('console') && !has('broker') && broker_url === undefined) {
    needs('gateway_url', 'the console tells it to new gateways, and another process runs the broker');
  }
  if (has('broker') && broker_url !== undefined) {
    tell('broker_url', 'names another broker, and --roles says that it runs here; leave one of the two out');
  }
  if (has('demo') && has('console'))
    tell('roles', 'demo runs apart from the console; or run all roles in one process with --city demo');
  return faults;
}

/** The simulated gateways would run here, beside a console that has no broker of its own. */
function isSimulatedElsewhere({ roles, city, broker_url }: Settings): boolean {
  if (city !== 'demo' || !roles.includes('console')) return false;
  return broker_url !== undefined || !roles.includes('broker');
}
