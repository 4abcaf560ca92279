/** What every lamp did at the last noon and at the last midnight: day burners and dark circuits are found at any hour. */
import { dayFrom, startOfDay, wallTime } from '../../../energy/calendar.ts';
import { QUARTER_MS } from '../../../energy/counter-rules.ts';
import type { LampSample } from '../../../energy/findings/finding.ts';
import { nameOf } from '../../../energy/rollup/device-facts.ts';
import type { Clock } from '../../../runtime/clock.ts';
import { getOrCreate } from '../../../runtime/get-or-create.ts';
import type { DeviceKey, TelemetryStore } from '../../../store/telemetry-store.ts';
import { Breather } from './breather.ts';

const SAMPLE_MS = 2 * QUARTER_MS;
const DEVICES_A_QUERY = 1_000;
/** Lamps of which a sample lacks something are asked for again, since history may be on its way. */
const AGAIN_MS = 10_000;
const COMMAND = 'lamp_command_percent';
const POWER = 'lamp_power_w';

/** `values`: by metric, what it says at all. */
export type SampledLamp = DeviceKey & { readonly values: Pick<ReadonlyMap<string, unknown>, 'has'> };

interface Taken {
  readonly readAt: number;
  readonly byName: ReadonlyMap<string, LampSample>;
}

export class LampSamples {
  readonly #store: Pick<TelemetryStore, 'series'>;
  readonly #clock: Clock;
  readonly #takenByKey = new Map<string, Taken>();

  constructor(deps: { store: Pick<TelemetryStore, 'series'>; clock: Clock }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
  }

  /** By `gateway/device`. `place` names the lamps; `from` is when the sample begins. Throws StoreFailure. */
  async take(place: string, lamps: readonly SampledLamp[], from: number): Promise<ReadonlyMap<string, LampSample>> {
    const key = `${place} ${from}`;
    const known = this.#takenByKey.get(key);
    const readAt = this.#clock.monotonicMs();
    if (known !== undefined && readAt - known.readAt < AGAIN_MS) return known.byName;
    const missing = lamps.filter((lamp) => !isWhole(lamp, known?.byName.get(nameOf(lamp))));
    const byName = new Map<string, { command?: number; powerW?: number }>();
    const breather = new Breather();
    for (let start = 0; start < missing.length; start += DEVICES_A_QUERY) {
      const devices = missing.slice(start, start + DEVICES_A_QUERY);
      for (const metric of [COMMAND, POWER] as const) {
        const to = from + SAMPLE_MS;
        for (const series of await this.#store.series({ metric, devices, from, to, every: QUARTER_MS, limit: 8 })) {
          const last = series.points.at(-1);
          if (last === undefined) continue;
          const sample = getOrCreate(byName, nameOf(series), (): { command?: number; powerW?: number } => ({}));
          if (metric === POWER) sample.powerW = last.value;
          else sample.command = last.last ?? last.value;
        }
        await breather.breathe();
      }
    }
    const samples = new Map(known?.byName);
    for (const [name, { command, powerW }] of byName) samples.set(name, { command, powerW });
    for (const old of this.#takenByKey.keys()) if (old.startsWith(`${place} `)) this.#forget(old, from);
    this.#takenByKey.set(key, { readAt, byName: samples });
    return samples;
  }

  /** Samples of days ago are not asked for again. */
  #forget(key: string, from: number): void {
    if (from - Number(key.split(' ').at(-1)) > 129_600_000) this.#takenByKey.delete(key);
  }
}

/** Its readings may have come between the questions for one metric and the other. */
function isWhole({ values }: SampledLamp, sample: LampSample | undefined): boolean {
  if (sample === undefined) return false;
  const { command, powerW } = sample;
  return (command !== undefined || !values.has(COMMAND)) && (powerW !== undefined || !values.has(POWER));
}

/** When the sample of the last noon begins, and that of the last midnight, by the wall clock of a zone. */
export function sampleTimes(now: number, zone: string): { noon: number; midnight: number } {
  const noon = wallTime(startOfDay(now, zone), 720, zone);
  const midnight = startOfDay(now, zone);
  return {
    noon: noon + SAMPLE_MS <= now ? noon : wallTime(dayFrom(now, -1, zone), 720, zone),
    midnight: midnight + SAMPLE_MS <= now ? midnight : dayFrom(now, -1, zone),
  };
}
