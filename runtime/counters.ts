/**
 * Counters that cost an addition on the hot path and are read by Prometheus only when scraped.
 * A `Tally` is a family of numbers under one metric name, keyed by label values.
 */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface TallyOptions<Label extends string> {
  /** Prometheus name: snake_case, with unit; counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  readonly kind?: 'counter' | 'gauge';
}

export class Tally<Label extends string> {
  readonly #entries = new Map<string, { labels: Record<Label, string>; value: number }>();
  readonly #labels: readonly Label[];

  constructor(options: TallyOptions<Label>, registry: Registry) {
    this.#labels = options.labels;
    const entries = this.#entries;
    const common = { name: options.name, help: options.help, labelNames: [...options.labels], registers: [registry] };
    if (options.kind === 'gauge') {
      new Gauge({
        ...common,
        collect() {
          this.reset();
          for (const { labels, value } of entries.values()) this.set(labels, value);
        },
      });
    } else {
      new Counter({
        ...common,
        collect() {
          this.reset();
          for (const { labels, value } of entries.values()) this.inc(labels, value);
        },
      });
    }
  }

  add(amount: number, ...values: string[]): void {
    this.#entry(values).value += amount;
  }

  set(amount: number, ...values: string[]): void {
    this.#entry(values).value = amount;
  }

  get(...values: string[]): number {
    return this.#entries.get(values.join('\u0000'))?.value ?? 0;
  }

  remove(...values: string[]): void {
    this.#entries.delete(values.join('\u0000'));
  }

  /** All entries: label values in the order of the options, and the number. */
  all(): { labels: Readonly<Record<Label, string>>; value: number }[] {
    return [...this.#entries.values()];
  }

  #entry(values: string[]): { labels: Record<Label, string>; value: number } {
    const key = values.length === 1 ? (values[0] as string) : values.join('\u0000');
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const labels = Object.fromEntries(this.#labels.map((label, i) => [label, values[i] ?? ''])) as Record<
        Label,
        string
      >;
      entry = { labels, value: 0 };
      this.#entries.set(key, entry);
    }
    return entry;
  }
}
