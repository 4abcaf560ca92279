/**
 * Decisions about counters: a record that only grows, and what holds by it. Of each (gateway, device, metric, at) the
 * last decision holds until it is withdrawn.
 */
import type { DecisionRecord, MeterDecision } from './model.ts';

export type DecisionKey = Pick<MeterDecision, 'gateway' | 'device' | 'metric' | 'at'>;

export class Decisions {
  readonly #record: DecisionRecord[] = [];
  readonly #holding = new Map<string, MeterDecision>();
  /** Made once between two changes. */
  #list: readonly MeterDecision[] | undefined;

  add(record: DecisionRecord): void {
    this.#record.push(record);
    this.#list = undefined;
    const key = textOf(record);
    // A decision that takes the place of another is the newer one in the list as well.
    this.#holding.delete(key);
    const { number: _, decision, ...rest } = record;
    if (decision !== 'withdrawn') this.#holding.set(key, { ...rest, decision });
  }

  /** The decision that holds. */
  get(key: DecisionKey): MeterDecision | undefined {
    return this.#holding.get(textOf(key));
  }

  /** Those that hold, in the order in which they were made. */
  list(): readonly MeterDecision[] {
    this.#list ??= [...this.#holding.values()];
    return this.#list;
  }

  /** Everything that was ever decided or withdrawn, oldest first. */
  history(): readonly DecisionRecord[] {
    return this.#record;
  }

  get nextNumber(): number {
    return (this.#record.at(-1)?.number ?? 0) + 1;
  }
}

function textOf({ gateway, device, metric, at }: DecisionKey): string {
  return `${gateway}/${device}/${metric}/${at}`;
}
