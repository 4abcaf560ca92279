/**
 * A store that answers as if the simulated city had told everything up to now: roll-ups are worked out from its truth
 * when they are asked for. Gauges have the value of the middle of each quarter hour.
 */
import { metricById } from '../../contract/metrics.ts';
import type { MeterEvent, RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { startOfDay } from '../../energy/calendar.ts';
import type { GroundTruth } from '../../simulators/ground-truth.ts';
import type { SimulatedDevice } from '../../simulators/simulated-devices.ts';
import type { MeterEventQuery, RollUpQuery, RollUpStore } from '../../store/roll-up-store.ts';
import { type LatestValue, StoreFailure, type TelemetryStore } from '../../store/telemetry-store.ts';

const QUARTER = 900_000;
const HOUR = 4 * QUARTER;
/** Of the running quarter hour nothing is rolled up yet. */
const GRACE = 60_000;

type Values = Readonly<Record<string, number>>;

export class TruthStore implements Pick<TelemetryStore, 'latest'>, Pick<RollUpStore, 'rollUps' | 'meterEvents'> {
  isDown = false;
  /** Changes what a device says: a fault that the simulators do not have. */
  change: (device: SimulatedDevice, time: number, values: Values) => Values = (_, __, values) => values;
  readonly #truth: GroundTruth;
  readonly #now: () => number;
  /** Whole periods, by series and start: a month of evaluations asks for each again and again. */
  readonly #rows = new Map<string, RollUp>();
  readonly #metrics = new Map<SimulatedDevice, readonly string[]>();

  constructor(truth: GroundTruth, now: () => number) {
    this.#truth = truth;
    this.#now = now;
  }

  async latest(): Promise<LatestValue[]> {
    this.#check();
    const now = this.#now();
    return this.#truth.devices().flatMap((device) => {
      const last = Math.min(now, device.until - 1);
      const time = device.phaseMs + Math.floor((last - device.phaseMs) / device.intervalMs) * device.intervalMs;
      const values = this.#values(device, time);
      return Object.entries(values).map(([metric, value]) => ({
        gateway: device.gateway,
        device: device.id,
        metric,
        time,
        value,
      }));
    });
  }

  async rollUps({ width, sites, devices, metrics, from, to }: RollUpQuery): Promise<RollUp[]> {
    this.#check();
    const keys = devices && new Set(devices.map(({ gateway, device }) => `${gateway}/${device}`));
    const asked = this.#truth
      .devices()
      .filter(
        (device) =>
          (sites === undefined || sites.includes(device.site)) &&
          (keys === undefined || keys.has(`${device.gateway}/${device.id}`)),
      );
    return asked.flatMap((device) =>
      this.#metricsOf(device)
        .filter((metric) => metrics === undefined || metrics.includes(metric))
        .flatMap((metric) => this.#rowsOf(device, metric, width, from, to)),
    );
  }

  async meterEvents({ metrics, from, to }: MeterEventQuery): Promise<MeterEvent[]> {
    this.#check();
    return this.#truth.devices().flatMap((device) =>
      device.breaksUntil(Math.min(to, this.#now())).flatMap(({ kind, time }): MeterEvent[] => {
        if (kind !== 'reset' || time < from || metrics?.includes('active_energy_kwh') === false) return [];
        const { gateway, id } = device;
        const [before = 0, after = 0] = [time - 1, time].map((at) => device.valuesAt(at).active_energy_kwh);
        const place = { gateway, device: id, metric: 'active_energy_kwh', at: time, from: time - device.intervalMs };
        return [{ ...place, kind, before, after, booked: 0, decidedBy: 'rule' }];
      }),
    );
  }

  #check(): void {
    if (this.isDown) throw new StoreFailure('unavailable', 'InfluxDB does not answer');
  }

  #values(device: SimulatedDevice, time: number): Values {
    return this.change(device, time, device.valuesAt(time));
  }

  #metricsOf(device: SimulatedDevice): readonly string[] {
    const known = this.#metrics.get(device);
    if (known !== undefined) return known;
    const metrics = Object.keys(device.valuesAt(this.#now()));
    this.#metrics.set(device, metrics);
    return metrics;
  }

  #rowsOf(device: SimulatedDevice, metric: string, width: RollUpWidth, from: number, to: number): RollUp[] {
    const end = Math.min(to, device.until, this.#now() - GRACE);
    const rows: RollUp[] = [];
    const first = width === '1d' ? startOfDay(from, this.#truth.city.zone) : from;
    for (let start = first; start < end; ) {
      const next =
        width === '1d'
          ? startOfDay(start + 36 * HOUR, this.#truth.city.zone)
          : start + (width === '1h' ? HOUR : QUARTER);
      if (start >= from && (next <= end || width === '1d')) rows.push(this.#known(device, metric, start, next, end));
      start = next;
    }
    return rows;
  }

  #known(device: SimulatedDevice, metric: string, start: number, next: number, end: number): RollUp {
    if (next > end) return this.#row(device, metric, start, end);
    const key = `${device.gateway}/${device.id}/${metric}/${start}/${next}`;
    const row = this.#rows.get(key) ?? this.#row(device, metric, start, next);
    this.#rows.set(key, row);
    return row;
  }

  #row(device: SimulatedDevice, metric: string, start: number, end: number): RollUp {
    const isCounter = metricById.get(metric)?.kind === 'counter';
    const at = (time: number): number => this.#values(device, time)[metric] ?? 0;
    const used = isCounter ? Math.max(0, Math.round(1_000 * (at(end) - at(start))) / 1_000) : null;
    const gauge = at(start + Math.min(end - start, QUARTER) / 2);
    return {
      site: device.site,
      gateway: device.gateway,
      device: device.id,
      metric,
      start,
      count: 1,
      expected: 1,
      coverage: 100,
      min: gauge,
      mean: gauge,
      max: gauge,
      last: gauge,
      consumption: used,
      interpolated: isCounter ? 0 : null,
      estimated: isCounter ? 0 : null,
      peak: used === null || end - start !== QUARTER ? null : used * 4,
      peakAt: used === null ? null : start,
      position: null,
    };
  }
}
