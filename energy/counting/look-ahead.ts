/** Whether a counter is back soon after a fall or spike: the only look into the future that counting takes. */
import { effectiveTime, type MeterRules, type PersonsDecision, registerAt } from './meter-rules.ts';

export interface LookAheadInput {
  /** Stamps in rising order, and the raw values. */
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly rules: MeterRules;
  /** Up to this effective time no value is missing. */
  readonly completeTo: number;
}

export class LookAhead {
  readonly #times: Float64Array;
  readonly #values: Float64Array;
  readonly #rules: MeterRules;
  readonly #completeTo: number;
  readonly #decisionAt: ReadonlyMap<number, PersonsDecision>;
  /** Whether a search ended where values may be missing: they might have changed its answer. */
  ranOut = false;

  constructor({ times, values, rules, completeTo }: LookAheadInput) {
    this.#completeTo = completeTo;
    this.#times = times;
    this.#values = values;
    this.#rules = rules;
    this.#decisionAt = new Map(rules.decisions.map((decision) => [decision.at, decision]));
  }

  decisionAt(time: number): PersonsDecision | undefined {
    return this.#decisionAt.get(time);
  }

  /**
   * Instant of the first value within `rules.glitchMs` after that at `index` which `isBack`; undefined when there is none, or
   * when a swap or a person's decision comes before it.
   */
  backAfter(index: number, isBack: (counts: number, time: number) => boolean): number | undefined {
    const at = effectiveTime(this.#times[index] as number, this.#rules);
    // No further than the next swap: the meter stays the same.
    const { factor } = registerAt(this.#rules, at);
    const swap = this.#rules.swaps.find((announced) => announced.at > at)?.at ?? Number.POSITIVE_INFINITY;
    for (let next = index + 1; next < this.#times.length; next++) {
      const time = effectiveTime(this.#times[next] as number, this.#rules);
      if (time > at + this.#rules.glitchMs || time >= swap) return undefined;
      const decided = this.#decisionAt.get(time)?.decision;
      if (decided === 'glitch-zero') continue;
      if (isBack(Math.round((this.#values[next] as number) * factor), time)) {
        return decided === undefined || decided === 'normal' ? time : undefined;
      }
      if (decided !== undefined) return undefined;
    }
    if (this.#completeTo < at + this.#rules.glitchMs) this.ranOut = true;
    return undefined;
  }
}
