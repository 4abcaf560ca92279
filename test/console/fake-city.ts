/** A small city for the console's tests: a register that can be written, a store in memory, an ingest that a test feeds. */
import { createHash } from 'node:crypto';
import { Registry } from 'prom-client';
import type { ConsoleDeps } from '../../console/api/console-deps.ts';
import type { NewGateway } from '../../console/api/gateway-file.ts';
import type { RegisterWriter } from '../../console/api/register-writer.ts';
import type { Batch } from '../../contract/batch.ts';
import type { Health } from '../../contract/health.ts';
import type { Reading } from '../../contract/reading.ts';
import { isEmptyRollUp, type MeterEvent, type RollUp } from '../../contract/roll-up.ts';
import { ADMISSION_DEFAULTS } from '../../ingest/admit-batch.ts';
import type { BatchOutcome } from '../../ingest/batch-outcome.ts';
import type {
  Committed,
  DeadLetter,
  DeadLetterFilter,
  DeadLettersView,
  GatewayCounts,
  GatewayStatus,
  IngestStatus,
  IngestView,
  ReplayResult,
} from '../../ingest/ingest-view.ts';
import type { Credential, DecisionRecord, Device, Gateway, MeterDecision, Site } from '../../register/model.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { Clock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import type {
  LatestRollUpQuery,
  MeterEventQuery,
  RollUpQuery,
  RollUpStore,
  RollUpUpdate,
  SeriesValues,
  ValuesQuery,
} from '../../store/roll-up-store.ts';
import type {
  DeviceKey,
  LatestQuery,
  LatestValue,
  Series,
  SeriesPoint,
  SeriesQuery,
  SeriesTotal,
  StoreCheck,
  TelemetryStore,
  TotalsQuery,
} from '../../store/telemetry-store.ts';
import { ManualClock } from '../manual-clock.ts';

export const OPERATOR_TOKEN = 'operator-token-of-the-test';
export const OPERATOR_SHA256 = createHash('sha256').update(OPERATOR_TOKEN).digest('hex');
export const BEARER = { authorization: `Bearer ${OPERATOR_TOKEN}` };

export class CityRegister implements RegisterView, RegisterWriter {
  version = 1;
  readonly siteById = new Map<string, Site>();
  readonly gatewayById = new Map<string, Gateway>();
  readonly deviceByKey = new Map<string, Device>();
  readonly credentialById = new Map<string, Credential>();
  site = (id: string) => this.siteById.get(id);
  sites = () => [...this.siteById.values()];
  gateway = (id: string) => this.gatewayById.get(id);
  gateways = () => [...this.gatewayById.values()];
  device = (gateway: string, device: string) => this.deviceByKey.get(`${gateway}/${device}`);
  devices = (gateway?: string) =>
    [...this.deviceByKey.values()].filter((device) => gateway === undefined || device.gateway === gateway);
  credential = (id: string) => this.credentialById.get(id);
  onChange = () => () => {};
  city = () => undefined;
  origin = () => 'console' as const;
  decisions = (): readonly MeterDecision[] => [];
  decisionHistory = (): readonly DecisionRecord[] => [];
  async putDecision(): Promise<DecisionRecord> {
    throw new Error('decisions are made in tests of the real register');
  }
  async withdrawDecision(): Promise<DecisionRecord> {
    throw new Error('decisions are withdrawn in tests of the real register');
  }
  async write(): Promise<void> {
    throw new Error('lists are written in tests of the real register');
  }
  async putSite(site: Site) {
    this.siteById.set(site.id, site);
    this.version++;
  }
  async putGateway(gateway: Gateway) {
    this.gatewayById.set(gateway.id, gateway);
    this.version++;
  }
  async retireGateway(id: string) {
    this.gatewayById.set(id, { ...this.gatewayById.get(id)!, retired: true });
    this.version++;
  }
  async addCredential({ id, role }: Pick<Credential, 'id' | 'role'>) {
    const token = `token-of-${id}-${this.version++}`;
    const token_sha256 = createHash('sha256').update(token).digest('hex');
    this.credentialById.set(id, { id, role, token_sha256, created: 0 });
    return { token };
  }
  async rotate(id: string) {
    return await this.addCredential(this.credentialById.get(id)!);
  }
}

type Stored = Map<number, number>;

/** Holds what it was fed, and answers as an engine would; `failure` is thrown by every read. */
export class CityStore implements TelemetryStore, RollUpStore {
  readonly engine = 'duckdb' as const;
  readonly series_ = new Map<string, { gateway: string; device: string; metric: string; values: Stored }>();
  failure: Error | undefined;
  initialised = 0;
  readonly rollUpByKey = new Map<string, RollUp & { readonly width: string }>();
  readonly eventByKey = new Map<string, MeterEvent>();

  put(gateway: string, reading: Reading): void {
    for (const [metric, value] of Object.entries(reading.values)) {
      const key = `${gateway}/${reading.device}/${metric}`;
      const known = this.series_.get(key) ?? { gateway, device: reading.device, metric, values: new Map() };
      known.values.set(reading.time, value);
      this.series_.set(key, known);
    }
  }

  async open() {}
  async close() {}
  async init() {
    this.initialised++;
    return this.check();
  }
  async check(): Promise<StoreCheck> {
    return { ok: true, engine: 'duckdb', version: '1.5', words: 'all is well' };
  }
  async commit(): Promise<readonly []> {
    return [];
  }
  async ledger() {
    return [];
  }
  async forgetEpochs() {}

  async latest(query: LatestQuery): Promise<readonly LatestValue[]> {
    if (this.failure) throw this.failure;
    return [...this.series_.values()]
      .filter(
        (one) =>
          (query.gateway ?? one.gateway) === one.gateway &&
          (query.device ?? one.device) === one.device &&
          (query.metric ?? one.metric) === one.metric,
      )
      .map(({ values, ...key }) => {
        const time = Math.max(...values.keys());
        return { ...key, time, value: values.get(time)! };
      });
  }

  async series(query: SeriesQuery): Promise<readonly Series[]> {
    if (this.failure) throw this.failure;
    return query.devices.map(({ gateway, device }) => {
      const values = this.series_.get(`${gateway}/${device}/${query.metric}`)?.values ?? new Map();
      const raw = [...values].filter(([time]) => time >= query.from && time < query.to).sort(([a], [b]) => a - b);
      const points =
        query.every === undefined ? raw.map(([time, value]) => ({ time, value })) : buckets(raw, query.every);
      return { gateway, device, metric: query.metric, points };
    });
  }

  async totals(query: TotalsQuery): Promise<readonly SeriesTotal[]> {
    return [...this.series_.values()]
      .filter((one) => (query.gateway ?? one.gateway) === one.gateway)
      .map(({ values, ...key }) => {
        const inside = [...values].filter(
          ([time]) => time >= (query.from ?? Number.NEGATIVE_INFINITY) && time < (query.to ?? Number.POSITIVE_INFINITY),
        );
        const times = inside.map(([time]) => time);
        const sum = inside.reduce((total, [, value]) => total + value, 0);
        return { ...key, count: inside.length, sum, firstTime: Math.min(...times), lastTime: Math.max(...times) };
      })
      .filter((total) => total.count > 0);
  }

  async values({ devices, metrics, from, to }: ValuesQuery): Promise<readonly SeriesValues[]> {
    if (this.failure) throw this.failure;
    return [...this.series_.values()]
      .filter((one) => isAmong(one, devices) && (metrics?.includes(one.metric) ?? true))
      .map(({ values, ...key }) => {
        const inside = [...values].filter(([time]) => time >= from && time < to).sort(([a], [b]) => a - b);
        const times = Float64Array.from(inside, ([time]) => time);
        return { ...key, times, values: Float64Array.from(inside, ([, value]) => value) };
      })
      .filter(({ times }) => times.length > 0);
  }

  async rollUps({ width, sites, devices, metrics, from, to }: RollUpQuery): Promise<readonly RollUp[]> {
    if (this.failure) throw this.failure;
    return [...this.rollUpByKey.values()]
      .filter(
        (row) =>
          row.width === width &&
          (sites?.includes(row.site) ?? true) &&
          isAmong(row, devices) &&
          (metrics?.includes(row.metric) ?? true) &&
          row.start >= from &&
          row.start < to,
      )
      .sort((one, other) => one.start - other.start);
  }

  async latestRollUps({ before, ...query }: LatestRollUpQuery): Promise<readonly RollUp[]> {
    const rows = await this.rollUps({ ...query, width: '15m', to: before });
    return [...new Map(rows.map((row) => [`${row.gateway}/${row.device}/${row.metric}`, row])).values()];
  }

  async putRollUps({ rows, events, erasedEvents }: RollUpUpdate): Promise<void> {
    if (this.failure) throw this.failure;
    for (const width of ['15m', '1h', '1d'] as const) {
      for (const row of rows[width]) {
        const key = `${width}/${row.site}/${row.gateway}/${row.device}/${row.metric}/${row.start}`;
        if (isEmptyRollUp(row)) this.rollUpByKey.delete(key);
        else this.rollUpByKey.set(key, { ...row, width });
      }
    }
    const keyOf = ({ gateway, device, metric, at }: Pick<MeterEvent, 'gateway' | 'device' | 'metric' | 'at'>) =>
      `${gateway}/${device}/${metric}/${at}`;
    for (const event of events) this.eventByKey.set(keyOf(event), event);
    for (const key of erasedEvents) this.eventByKey.delete(keyOf(key));
  }

  async meterEvents({ devices, metrics, from, to }: MeterEventQuery): Promise<readonly MeterEvent[]> {
    if (this.failure) throw this.failure;
    return [...this.eventByKey.values()]
      .filter(
        (event) =>
          isAmong(event, devices) && (metrics?.includes(event.metric) ?? true) && event.at >= from && event.at < to,
      )
      .sort((one, other) => one.at - other.at);
  }

  async keep(): Promise<void> {}
}

function isAmong({ gateway, device }: DeviceKey, devices: readonly DeviceKey[] | undefined): boolean {
  return devices?.some((each) => each.gateway === gateway && each.device === device) ?? true;
}

function buckets(raw: [number, number][], every: number): SeriesPoint[] {
  const byStart = new Map<number, number[]>();
  for (const [time, value] of raw) {
    const start = Math.floor(time / every) * every;
    byStart.set(start, [...(byStart.get(start) ?? []), value]);
  }
  return [...byStart].map(([time, values]) => ({
    time,
    value: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
    last: values.at(-1)!,
    count: values.length,
  }));
}

export class CityDeadLetters implements DeadLettersView {
  letters: DeadLetter[] = [];
  matching = (filter: DeadLetterFilter) =>
    this.letters.filter(
      (letter) =>
        (filter.gateway ?? letter.gateway) === letter.gateway &&
        (filter.reason ?? letter.reason) === letter.reason &&
        (filter.ids?.includes(letter.id) ?? true),
    );
  list(filter: DeadLetterFilter & { after?: string | undefined; limit: number }) {
    const all = this.matching(filter);
    const start = filter.after === undefined ? 0 : all.findIndex((letter) => letter.id === filter.after) + 1;
    return all.slice(start, start + filter.limit);
  }
  get = (id: string) => this.letters.find((letter) => letter.id === id);
  counts() {
    const counts: Record<string, number> = {};
    for (const { reason } of this.letters) counts[reason] = (counts[reason] ?? 0) + 1;
    return counts;
  }
  async replay(filter: DeadLetterFilter): Promise<ReplayResult> {
    return { stored: await this.drop(filter), rejected: {} };
  }
  async drop(filter: DeadLetterFilter) {
    const gone = new Set(this.matching(filter));
    this.letters = this.letters.filter((letter) => !gone.has(letter));
    return gone.size;
  }
}

export class CityIngest implements IngestView {
  readonly deadLetters = new CityDeadLetters();
  readonly admission = ADMISSION_DEFAULTS;
  readonly imported: { gateway: string; batch: Batch }[] = [];
  outcome: BatchOutcome = { kind: 'settled', rejected: [] };
  async takeImported(gateway: string, batch: Uint8Array): Promise<BatchOutcome> {
    this.imported.push({ gateway, batch: JSON.parse(Buffer.from(batch).toString('utf8')) });
    return this.outcome;
  }
  readonly statusByGateway = new Map<string, GatewayStatus>();
  readonly listeners = new Set<(news: Committed) => void>();
  state: IngestStatus = {
    session: 'session1',
    accepting: true,
    storeFault: '',
    queue: { batches: 0, readings: 0, bytes: 0, capacityBytes: 67_108_864 },
    undecodable: 0,
    storedPerSecond: 0,
    acknowledgement: undefined,
    lastCommitAt: undefined,
  };
  status = () => this.state;
  gateways = () => [...this.statusByGateway.values()];
  gateway = (id: string) => this.statusByGateway.get(id);
  onCommitted(listener: (news: Committed) => void) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  tell(news: Committed): void {
    for (const listener of this.listeners) listener(news);
  }
  set(gateway: string, change: Partial<GatewayStatus>): void {
    const known = this.statusByGateway.get(gateway) ?? aGatewayStatus({ gateway });
    this.statusByGateway.set(gateway, { ...known, ...change });
  }
}

export const NO_COUNTS: GatewayCounts = {
  received: 0,
  stored: 0,
  duplicate: 0,
  rejected: {},
  later: {},
  shed: 0,
  queued: 0,
};

export function aGatewayStatus(change: Partial<GatewayStatus> = {}): GatewayStatus {
  return {
    gateway: 'library',
    online: undefined,
    since: undefined,
    version: undefined,
    health: undefined,
    healthAt: undefined,
    twoEpochs: false,
    counts: NO_COUNTS,
    ...change,
  };
}

export function aHealth(outbox: Partial<Health['outbox']> = {}, change: Partial<Health> = {}): Health {
  return {
    version: '0.1.0',
    epoch: 'epoch1',
    epochs: ['epoch1'],
    at: 0,
    uptime_s: 3_600,
    outbox: {
      produced: 100,
      stored: 90,
      rejected: {},
      dropped: 0,
      buffered: 10,
      set_aside: 0,
      undated: 0,
      batches: 1,
      bytes: 2_048,
      capacity_bytes: 268_435_456,
      oldest_s: 2,
      ...outbox,
    },
    later: {},
    clock_offset_ms: 4,
    memory_mib: 61,
    sources: [],
    ...change,
  };
}

export function aDeadLetter(change: Partial<DeadLetter> = {}): DeadLetter {
  const letter = {
    gateway: 'library',
    epoch: 'epoch1',
    seq: 7,
    index: 3,
    reason: 'value-out-of-range',
    detail: 'values.active_power_kw: 9000000 is above 100000 kW',
    at: Date.parse('2026-11-01T11:59:00Z'),
    content: '{"device":"main-meter","time":1793534340000,"values":{"active_power_kw":9000000}}',
    ...change,
  };
  return { id: `${letter.gateway}/${letter.epoch}/${letter.seq}/${letter.index}`, ...letter };
}

/** One library with a main meter that read 41.2 kW a minute ago. */
export function aCityOfOne<C extends Clock = ManualClock>(change: Partial<ConsoleDeps> & { clock?: C } = {}) {
  const clock = change.clock ?? new ManualClock();
  const register = new CityRegister();
  const store = new CityStore();
  const ingest = new CityIngest();
  register.siteById.set('city-hall', {
    id: 'city-hall',
    name: 'City Hall',
    kind: 'building',
    zone: 'America/New_York',
  });
  register.siteById.set('park', { id: 'park', name: 'Park', kind: 'streetlights', zone: 'America/New_York' });
  register.gatewayById.set('library', { id: 'library', name: 'Library', site: 'city-hall', retired: false });
  register.deviceByKey.set('library/main-meter', {
    gateway: 'library',
    id: 'main-meter',
    name: 'Main meter',
    placements: [{ site: 'city-hall', from: 0 }],
    is_new: false,
  });
  const reading = {
    device: 'main-meter',
    time: clock.now() - 60_000,
    values: { active_power_kw: 41.2, active_energy_kwh: 918_273.5 },
  };
  store.put('library', reading);
  const city = {
    registry: new Registry(),
    log: silentLog,
    operatorTokenSha256: OPERATOR_SHA256,
    version: '0.1.0',
    gatewayUrl: 'mqtt://127.0.0.1:1883',
    gatewayFile: ({ id, url, token }: NewGateway) => `gateway: ${id}\nbroker: { url: ${url}, token: ${token} }\n`,
    ...change,
    register,
    store,
    ingest,
    clock: clock as C,
  };
  return city;
}
