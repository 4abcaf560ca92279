/**
 * What the counters of a simulated city truly counted, and what of it can be known from what they told.
 *
 * Between two readings nobody knows more than their difference, so what can be known runs in a straight line from each
 * right reading to the next. Across a reset the difference itself is unknown: those kWh are lost, and named here. Readings
 * that are wrong (a glitch, a spike) tell nothing; roll-overs and announced exchanges hide nothing.
 */
import { metricById } from '../contract/metrics.ts';
import { getOrCreate } from '../runtime/get-or-create.ts';
import type { DisplayFault, RegisterFault } from './city-faults.ts';
import { firstFrom, type GroundTruth, lastBefore } from './ground-truth.ts';
import type { SimulatedDevice } from './simulated-devices.ts';

export interface CounterName {
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
}

/** A stretch of time, epoch milliseconds. */
interface Stretch {
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** What passed through a meter between two of its readings, in the metric's unit. */
export interface HiddenAmount extends Stretch {
  readonly amount: number;
}

export interface LostAmount extends HiddenAmount {
  /**
   * `exchange`: up to an exchange of the meter whose last reading nobody wrote down. `untold`: before its first reading, or
   * after its last.
   */
  readonly kind: 'reset' | 'exchange' | 'untold';
}

/** Faults of registers and displays are those of main meters' imported energy. */
const FAULTY = { device: 'main-meter', metric: 'active_energy_kwh' } as const;

export class MeterTruth {
  readonly #truth: GroundTruth;
  readonly #told: Stretch;
  readonly #meters = new Map<string, ToldMeter>();

  /** `told`: the stretch of which readings were told. */
  constructor(truth: GroundTruth, told: Stretch) {
    this.#truth = truth;
    this.#told = told;
  }

  /** Every counter of the city. */
  counters(): CounterName[] {
    return this.#truth.devices().flatMap((device) =>
      Object.keys(device.valuesAt(this.#told.from))
        .filter((metric) => metricById.get(metric)?.kind === 'counter')
        .map((metric) => ({ gateway: device.gateway, device: device.id, metric })),
    );
  }

  /** What truly passed through in [from, to). */
  counted({ gateway, device, metric }: CounterName, from: number, to: number): number {
    const meter = this.#truth.device(gateway, device);
    return meter.countedAt(metric, to) - meter.countedAt(metric, from);
  }

  /** What its readings let know of it. */
  known(name: CounterName, from: number, to: number): number {
    const meter = this.#meter(name);
    return meter.knownAt(to) - meter.knownAt(from);
  }

  /** What nobody can know: each loss that touches [from, to), whole, in order of time. */
  lost(name: CounterName, from: number, to: number): readonly LostAmount[] {
    const meter = this.#meter(name);
    return [...meter.untold({ from, to }), ...meter.losses]
      .filter((one) => one.from < to && one.to > from)
      .sort((one, other) => one.from - other.from);
  }

  /** What was counted while it said nothing: known as a sum, not when. Pauses in [from, to) that no reset fell into. */
  gaps(name: CounterName, from: number, to: number): readonly HiddenAmount[] {
    return this.#meter(name).gaps.filter((one) => one.from < to && one.to > from);
  }

  #meter({ gateway, device, metric }: CounterName): ToldMeter {
    return getOrCreate(this.#meters, `${gateway}/${device}/${metric}`, () => {
      const { faults } = this.#truth.city;
      const found = this.#truth.device(gateway, device);
      const isHere = ({ site }: { readonly site: string }) =>
        device === FAULTY.device && metric === FAULTY.metric && site === found.site;
      const { registers, displays } = faults;
      return new ToldMeter(found, metric, this.#told, registers.filter(isHere), displays.filter(isHere));
    });
  }
}

/** One counter, as its readings tell of it. */
class ToldMeter {
  readonly #device: SimulatedDevice;
  readonly #metric: string;
  readonly #displays: readonly DisplayFault[];
  readonly #exchanges: readonly number[];
  /** Its first and its last right reading; undefined when there is none. */
  readonly #spoke: { readonly first: number; readonly last: number } | undefined;
  /** In order, apart from each other. */
  readonly losses: readonly LostAmount[];
  readonly gaps: readonly HiddenAmount[];

  constructor(
    device: SimulatedDevice,
    metric: string,
    told: Stretch,
    registers: readonly RegisterFault[],
    displays: readonly DisplayFault[],
  ) {
    this.#device = device;
    this.#metric = metric;
    this.#displays = displays;
    const [first, last] = [this.#rightFrom(told.from), this.#rightBefore(told.to)];
    this.#spoke = first <= last ? { first, last } : undefined;
    const inOrder = [...registers].sort((one, other) => one.from - other.from);
    this.#exchanges = inOrder.filter(({ kind }) => kind !== 'reset').map(({ from }) => from);
    const resets = inOrder.filter(({ kind }) => kind === 'reset').map(({ from }) => this.#around(from, from));
    const swaps = device.meter?.swaps?.filter((swap) => swap.metric === metric && swap.last === undefined) ?? [];
    const unread = swaps.map(({ at }) => ({ from: this.#rightBefore(at), to: at, amount: this.#since(at) }));
    this.losses = [
      ...apart(resets.filter((pair) => this.#isTold(pair))).map((pair) => ({ kind: 'reset' as const, ...pair })),
      ...unread.filter((pair) => this.#isTold(pair)).map((pair) => ({ kind: 'exchange' as const, ...pair })),
    ];
    const silences = device.pauses.map(({ from, to }) => this.#around(from, to));
    const isLost = ({ from }: Stretch) => this.losses.some((loss) => loss.from === from);
    this.gaps = apart(silences.filter((pair) => this.#isTold(pair) && !isLost(pair)));
  }

  /** What can be known to have been counted up to an instant, but for a constant. */
  knownAt(time: number): number {
    if (this.#spoke === undefined) return 0;
    const { first, last } = this.#spoke;
    if (time <= first) return this.#countedAt(first);
    const from = time >= last ? last : this.#rightBefore(time + 1);
    const lost = this.losses.reduce((sum, { to, amount }) => sum + (to <= time ? amount : 0), 0);
    const height = this.#countedAt(from) - lost;
    if (from === last) return height;
    // While something is lost, what is known stands still.
    const loss = this.losses.find((one) => one.from === from && one.to > time);
    if (loss !== undefined) return height;
    // Of an exchange the readings of the old and of the new meter are known as well.
    const ends = [...this.#exchanges, this.#rightFrom(time + 1)].filter((end) => end > from);
    const edges = [from, ...ends.sort((one, other) => one - other)];
    const next = edges.findIndex((edge) => edge > time);
    const [start = from, end = from] = [edges[next - 1], edges[next]];
    const share = (time - start) / (end - start);
    return height + this.#between(from, start) + share * this.#between(start, end);
  }

  /** What lies before the first reading and after the last. */
  untold({ from, to }: Stretch): LostAmount[] {
    const before = { from, to: Math.min(to, this.#spoke?.first ?? to) };
    const after = { from: Math.max(from, this.#spoke?.last ?? to), to };
    return [before, after]
      .filter((stretch) => stretch.from < stretch.to)
      .map((stretch) => ({ kind: 'untold', ...stretch, amount: this.#between(stretch.from, stretch.to) }));
  }

  #isTold({ from, to }: Stretch): boolean {
    return this.#spoke !== undefined && from >= this.#spoke.first && to <= this.#spoke.last;
  }

  /** What was counted since the last reading before an instant. */
  #since(time: number): number {
    return this.#between(this.#rightBefore(time), time);
  }

  #around(from: number, to: number): HiddenAmount {
    const pair = { from: this.#rightBefore(from), to: this.#rightFrom(to) };
    return { ...pair, amount: Number.isFinite(pair.to) ? this.#between(pair.from, pair.to) : 0 };
  }

  #between(from: number, to: number): number {
    return this.#countedAt(to) - this.#countedAt(from);
  }

  #countedAt(time: number): number {
    return this.#device.countedAt(this.#metric, time);
  }

  /** Infinity when it never speaks again. */
  #rightFrom(time: number): number {
    const first = firstFrom(this.#device, time) ?? Number.POSITIVE_INFINITY;
    const wrong = this.#wrongAt(first);
    return wrong === undefined ? first : this.#rightFrom(wrong.to);
  }

  #rightBefore(time: number): number {
    const last = lastBefore(this.#device, time);
    const wrong = this.#wrongAt(last);
    return wrong === undefined ? last : this.#rightBefore(wrong.from);
  }

  #wrongAt(time: number): DisplayFault | undefined {
    return this.#displays.find(({ from, to }) => from <= time && time < to);
  }
}

/** In order, each once. */
function apart<T extends Stretch>(pairs: readonly T[]): T[] {
  const byStart = new Map(pairs.map((pair) => [pair.from, pair]));
  return [...byStart.values()].sort((one, other) => one.from - other.from);
}
