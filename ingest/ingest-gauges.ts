/** How ingest is, as Prometheus reads it. */
import { Gauge, type Registry } from 'prom-client';
import type { IngestStatus } from './ingest-view.ts';

/** `status` is asked once for each gauge of each scrape. */
export function exportIngestGauges(registry: Registry, status: () => IngestStatus): void {
  const gauge = (name: string, help: string, read: (status: IngestStatus) => number | undefined): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const value = read(status());
        if (value !== undefined) this.set(value);
      },
    });
  };
  gauge('lamplighter_ingest_queue_bytes', 'Bytes taken in and not yet committed', ({ queue }) => queue.bytes);
  gauge('lamplighter_ingest_accepting', '1 while intake is open', ({ accepting }) => (accepting ? 1 : 0));
  gauge('lamplighter_ingest_store_failing', '1 while the store refuses commits', ({ storeFault }) =>
    storeFault === '' ? 0 : 1,
  );
  gauge(
    'lamplighter_ingest_stored_per_second',
    'Readings stored per second over ten seconds',
    (s) => s.storedPerSecond,
  );
  gauge(
    'lamplighter_ingest_acknowledgement_p50_ms',
    'Median time from arrival to acknowledgement',
    (s) => s.acknowledgement?.p50Ms,
  );
  gauge('lamplighter_ingest_acknowledgement_p99_ms', '99th percentile of the same', (s) => s.acknowledgement?.p99Ms);
}
