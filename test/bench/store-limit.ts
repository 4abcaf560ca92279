/** What the store alone takes: the same readings committed straight into it, nothing between. */
import type { AdmittedBatch, TelemetryStore } from '../../store/telemetry-store.ts';
import { benchReading } from './batch-templates.ts';

const GATEWAYS = 20;
const READINGS_PER_BATCH = 20;
const BATCHES_PER_COMMIT = 1_000;

/** Readings a second over `seconds`, in commits of 20,000 readings of 4 values. */
export async function storeLimit(store: TelemetryStore, seconds: number): Promise<number> {
  const startTime = Date.UTC(2025, 0, 1);
  const started = performance.now();
  let stored = 0;
  let seq = 1;
  while (performance.now() - started < seconds * 1_000) {
    const batches: AdmittedBatch[] = [];
    for (let i = 0; i < BATCHES_PER_COMMIT; i++) {
      const readings = Array.from({ length: READINGS_PER_BATCH }, (_, device) =>
        benchReading(device, startTime + seq * 1_000),
      );
      batches.push({ gateway: `raw-${i % GATEWAYS}`, epoch: 'raw', seq: seq++, readings, rejected: [] });
    }
    await store.commit(batches, async () => {});
    stored += BATCHES_PER_COMMIT * READINGS_PER_BATCH;
  }
  return stored / ((performance.now() - started) / 1_000);
}
