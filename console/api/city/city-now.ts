/**
 * What every device of the city says now: the newest values, from the memory of the store, joined with the register.
 * Made once for all who ask within a second, and less often where the city is so large that making it takes time.
 */
import { METRICS } from '../../../contract/metrics.ts';
import { nameOf } from '../../../energy/rollup/device-facts.ts';
import type { RegisterView } from '../../../register/register-view.ts';
import { isExpectedAt } from '../../../register/retirement.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { DeviceKey, TelemetryStore } from '../../../store/telemetry-store.ts';
import { siteOf } from '../site-finder.ts';
import { Breather } from './breather.ts';
import { SharedAnswer } from './shared-answer.ts';

/** What the city's pages show, and every counter. */
const METRICS_SHOWN: readonly string[] = [
  'active_power_kw',
  'solar_power_kw',
  'gas_flow_m3_per_h',
  'water_flow_m3_per_h',
  'heat_power_kw',
  'temperature_c',
  'humidity_percent',
  'co2_ppm',
  'pm2_5_ug_per_m3',
  'pm10_ug_per_m3',
  'no2_ppb',
  'o3_ppb',
  'noise_db',
  'pressure_hpa',
  'illuminance_lx',
  'wind_speed_m_per_s',
  'wind_direction_deg',
  'lamp_command_percent',
  'lamp_dim_level_percent',
  'lamp_power_w',
  'lamp_failure',
  ...METRICS.filter(({ kind, id }) => kind === 'counter' && id !== 'uptime_s' && id !== 'lamp_switch_count').map(
    ({ id }) => id,
  ),
];

const ROWS_A_BREATH = 500;

export interface ValueNow {
  readonly value: number;
  /** Epoch milliseconds. */
  readonly time: number;
}

export interface DeviceNow extends DeviceKey {
  readonly name: string;
  readonly kind: string | undefined;
  readonly site: string | null;
  readonly intervalMs: number | undefined;
  readonly nominalW: number | undefined;
  /** By metric. */
  readonly values: ReadonlyMap<string, ValueNow>;
  /** Epoch milliseconds of the newest value. */
  readonly lastTime: number;
}

export interface CityNow {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly devices: readonly DeviceNow[];
  /** Those that are out of use, which counts for the past only. */
  readonly retired: readonly DeviceNow[];
  readonly bySite: ReadonlyMap<string, readonly DeviceNow[]>;
  /** Epoch milliseconds of the newest reading, by gateway. */
  readonly lastByGateway: ReadonlyMap<string, number>;
  /** Why the store did not answer; empty when it did. */
  readonly fault: string;
}

export class CityNowMaker {
  readonly #deps: { readonly register: RegisterView; readonly store: TelemetryStore; readonly clock: Clock };
  readonly #shared: SharedAnswer<CityNow>;

  constructor(deps: { register: RegisterView; store: TelemetryStore; clock: Clock }) {
    this.#deps = deps;
    this.#shared = new SharedAnswer({ clock: deps.clock, make: () => this.#make(), keepMs: 1_000 });
  }

  /** Never throws: what is wrong is in `fault`. */
  get(): Promise<CityNow> {
    return this.#shared.get();
  }

  async #make(): Promise<CityNow> {
    const { register, store, clock } = this.#deps;
    const at = clock.now();
    const valuesByName = new Map<string, { key: DeviceKey; values: Map<string, ValueNow>; last: number }>();
    const breather = new Breather();
    let fault = '';
    try {
      for (const metric of METRICS_SHOWN) {
        for (const [row, { gateway, device, time, value }] of (await store.latest({ metric })).entries()) {
          if (row % ROWS_A_BREATH === 0) await breather.breathe();
          const name = `${gateway}/${device}`;
          const known = getOrCreate(valuesByName, name, () => ({
            key: { gateway, device },
            values: new Map(),
            last: Number.NEGATIVE_INFINITY,
          }));
          known.values.set(metric, { value, time });
          known.last = Math.max(known.last, time);
        }
      }
    } catch (error) {
      fault = error instanceof Error ? error.message : String(error);
    }
    const devices: DeviceNow[] = [];
    const retired: DeviceNow[] = [];
    const bySite = new Map<string, DeviceNow[]>();
    const lastByGateway = new Map<string, number>();
    const addDevice = (key: DeviceKey): void => {
      const known = valuesByName.get(nameOf(key));
      valuesByName.delete(nameOf(key));
      if (known !== undefined) {
        lastByGateway.set(key.gateway, Math.max(known.last, lastByGateway.get(key.gateway) ?? known.last));
      }
      const listed = register.device(key.gateway, key.device);
      const site = siteOf(register, key.gateway, key.device, at);
      const device: DeviceNow = {
        gateway: key.gateway,
        device: key.device,
        name: listed?.name ?? key.device,
        kind: listed?.kind,
        site,
        intervalMs: listed?.interval_s === undefined ? undefined : listed.interval_s * 1_000,
        nominalW: listed?.nominal_w,
        values: known?.values ?? new Map(),
        lastTime: known?.last ?? Number.NEGATIVE_INFINITY,
      };
      if (!isExpectedAt(register, listed ?? key, at)) {
        retired.push(device);
        return;
      }
      devices.push(device);
      if (site !== null) getOrCreate(bySite, site, () => []).push(device);
    };
    for (const [row, { gateway, id }] of register.devices().entries()) {
      addDevice({ gateway, device: id });
      if (row % ROWS_A_BREATH === 0) await breather.breathe();
    }
    // Devices that nobody listed; rare, since ingest lists what it meets.
    for (const { key } of [...valuesByName.values()]) addDevice(key);
    return { at, devices, retired, bySite, lastByGateway, fault };
  }
}
