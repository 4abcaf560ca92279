/** Dead letters as Prometheus sees them. */
import { Counter, Gauge, type Registry } from 'prom-client';

export interface CountedDeadLetters {
  counts(): Readonly<Record<string, number>>;
  readonly evicted: number;
  readonly notKept: number;
}

export function exportDeadLetterMetrics(letters: CountedDeadLetters, registry: Registry): void {
  new Gauge({
    name: 'lamplighter_dead_letters',
    help: 'Dead letters kept, by reason',
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(letters.counts())) this.set({ reason }, count);
    },
  });
  new Counter({
    name: 'lamplighter_dead_letters_evicted_total',
    help: 'Dead letters that gave way because too many were kept',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(letters.evicted);
    },
  });
  new Counter({
    name: 'lamplighter_dead_letters_not_kept_total',
    help: 'Undecodable messages that were counted and not kept: a flood of them, or a disk that refused',
    registers: [registry],
    collect() {
      this.reset();
      this.inc(letters.notKept);
    },
  });
}
