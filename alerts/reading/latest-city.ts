/** The newest values of every device, by device: what the rules of now look at. */
import type { RegisterView } from '../../register/register-view.ts';
import { siteAt } from '../../register/register-view.ts';
import { isExpectedAt } from '../../register/retirement.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { LatestValue } from '../../store/telemetry-store.ts';

const LAMP_METRICS: ReadonlySet<string> = new Set([
  'lamp_command_percent',
  'lamp_dim_level_percent',
  'lamp_power_w',
  'lamp_failure',
]);
const KINDS = ['building', 'streetlights', 'station'] as const;

export interface LatestDevice {
  readonly gateway: string;
  readonly device: string;
  readonly name: string;
  readonly kind: string | undefined;
  readonly site: string;
  readonly intervalMs: number | undefined;
  readonly nominalW: number | undefined;
  readonly isNew: boolean;
  /** Epoch milliseconds of its newest value. */
  readonly lastTime: number | undefined;
  /** Its metrics, and of lamps their values. */
  readonly metrics: ReadonlySet<string>;
  readonly lamp: ReadonlyMap<string, number>;
}

export interface LatestCity {
  /** In use, by `gateway/device`. */
  readonly devices: readonly LatestDevice[];
  readonly bySite: ReadonlyMap<string, readonly LatestDevice[]>;
  readonly byGateway: ReadonlyMap<string, readonly LatestDevice[]>;
  /** Epoch milliseconds of the newest reading of each gateway, those of retired devices among them. */
  readonly lastByGateway: ReadonlyMap<string, number>;
}

export const NO_CITY: LatestCity = {
  devices: [],
  bySite: new Map(),
  byGateway: new Map(),
  lastByGateway: new Map(),
};

interface Heard {
  lastTime: number;
  metrics: ReadonlySet<string>;
  lamp: Map<string, number> | undefined;
}

const NO_LAMP: ReadonlyMap<string, number> = new Map();

/** Sets of metrics, each made once: a city has tens of thousands of devices, of a few kinds. */
class MetricSets {
  static readonly EMPTY: ReadonlySet<string> = new Set();
  readonly #larger = new Map<ReadonlySet<string>, Map<string, ReadonlySet<string>>>();

  with(metrics: ReadonlySet<string>, metric: string): ReadonlySet<string> {
    if (metrics.has(metric)) return metrics;
    const known = getOrCreate(this.#larger, metrics, () => new Map<string, ReadonlySet<string>>());
    return getOrCreate(known, metric, () => new Set([...metrics, metric]));
  }
}

export function latestCity(register: RegisterView, values: readonly LatestValue[], now: number): LatestCity {
  const sets = new MetricSets();
  const heardByName = new Map<string, Heard>();
  const lastByGateway = new Map<string, number>();
  for (const { gateway, device, metric, time, value } of values) {
    const heard = getOrCreate(
      heardByName,
      `${gateway}/${device}`,
      (): Heard => ({
        lastTime: time,
        metrics: MetricSets.EMPTY,
        lamp: undefined,
      }),
    );
    heard.lastTime = Math.max(heard.lastTime, time);
    heard.metrics = sets.with(heard.metrics, metric);
    if (LAMP_METRICS.has(metric)) {
      heard.lamp ??= new Map();
      heard.lamp.set(metric, value);
    }
    lastByGateway.set(gateway, Math.max(time, lastByGateway.get(gateway) ?? time));
  }
  const devices: LatestDevice[] = [];
  const bySite = new Map<string, LatestDevice[]>();
  const byGateway = new Map<string, LatestDevice[]>();
  for (const listed of register.devices()) {
    if (!isExpectedAt(register, listed, now)) continue;
    const site = siteAt(listed, now);
    if (register.site(site)?.retired === true) continue;
    const heard = heardByName.get(`${listed.gateway}/${listed.id}`);
    const device: LatestDevice = {
      gateway: listed.gateway,
      device: listed.id,
      name: listed.name,
      kind: listed.kind,
      site,
      intervalMs: listed.interval_s === undefined ? undefined : listed.interval_s * 1_000,
      nominalW: listed.nominal_w,
      isNew: listed.is_new,
      lastTime: heard?.lastTime,
      metrics: heard?.metrics ?? MetricSets.EMPTY,
      lamp: heard?.lamp ?? NO_LAMP,
    };
    devices.push(device);
    getOrCreate(bySite, site, () => []).push(device);
    getOrCreate(byGateway, listed.gateway, () => []).push(device);
  }
  return { devices, bySite, byGateway, lastByGateway };
}

export function isLamp({ kind, metrics }: LatestDevice): boolean {
  return kind === 'lamp' || metrics.has('lamp_power_w') || metrics.has('lamp_command_percent');
}

export type SiteKind = (typeof KINDS)[number];
