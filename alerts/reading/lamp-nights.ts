/** What every lamp did at the last noon and the last midnight, from its quarter hours: found at any hour of the day. */
import type { RollUp } from '../../contract/roll-up.ts';
import { dayFrom, startOfDay, wallTime } from '../../energy/calendar.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import type { LampSample } from '../../energy/findings/finding.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { DeviceKey } from '../../store/telemetry-store.ts';

const COMMAND = 'lamp_command_percent';
const POWER = 'lamp_power_w';
const SAMPLE_MS = 2 * QUARTER_MS;
/** A quarter hour is rolled up within this time after its end. */
const GRACE_MS = 3 * 60_000;
const LAMPS_AT_ONCE = 1_000;
const KEPT_MS = 3 * 86_400_000;

export interface SampleTimes {
  /** When the sample begins, epoch milliseconds. */
  readonly noon: number;
  readonly midnight: number;
}

/** Of the last noon and the last midnight whose quarter hours are rolled up by now. */
export function sampleTimes(now: number, zone: string): SampleTimes {
  const past = now - GRACE_MS - SAMPLE_MS;
  const [noon, midnight] = [wallTime(startOfDay(now, zone), 720, zone), startOfDay(now, zone)];
  return {
    noon: noon <= past ? noon : wallTime(dayFrom(now, -1, zone), 720, zone),
    midnight: midnight <= past ? midnight : dayFrom(now, -1, zone),
  };
}

export class LampNights {
  readonly #store: Pick<RollUpStore, 'rollUps'>;
  /** By the beginning of the sample, by `gateway/device`. */
  readonly #samples = new Map<number, Map<string, LampSample>>();

  constructor(store: Pick<RollUpStore, 'rollUps'>) {
    this.#store = store;
  }

  /** Lamps of which something is not known yet are asked for; what is known does not change. Throws StoreFailure. */
  async read(lamps: readonly DeviceKey[], from: number): Promise<void> {
    const known = this.#samples.get(from) ?? new Map<string, LampSample>();
    this.#samples.set(from, known);
    const missing = lamps.filter((lamp) => {
      const sample = known.get(nameOf(lamp));
      return sample?.command === undefined || sample.powerW === undefined;
    });
    for (let first = 0; first < missing.length; first += LAMPS_AT_ONCE) {
      const rows = await this.#store.rollUps({
        width: '15m',
        devices: missing.slice(first, first + LAMPS_AT_ONCE),
        metrics: [COMMAND, POWER],
        from,
        to: from + SAMPLE_MS,
      });
      for (const [name, sample] of samplesOf(rows)) known.set(name, sample);
    }
    for (const start of this.#samples.keys()) if (start < from - KEPT_MS) this.#samples.delete(start);
  }

  sample(lamp: DeviceKey, from: number): LampSample | undefined {
    return this.#samples.get(from)?.get(nameOf(lamp));
  }
}

/** Rows come in rising order of start: the last one counts. */
function samplesOf(rows: readonly RollUp[]): Map<string, LampSample> {
  const samples = new Map<string, { command: number | undefined; powerW: number | undefined }>();
  for (const row of rows) {
    if (row.count === 0) continue;
    const name = nameOf(row);
    const sample = samples.get(name) ?? { command: undefined, powerW: undefined };
    if (row.metric === POWER) sample.powerW = row.mean ?? undefined;
    else sample.command = row.last ?? undefined;
    samples.set(name, sample);
  }
  return samples;
}

function nameOf({ gateway, device }: DeviceKey): string {
  return `${gateway}/${device}`;
}
