/**
 * A process that puts updates of roll-ups, beside commits of readings, until it is killed. Arguments: file, bytes of
 * log that make a checkpoint due, number of the last update. Prints one JSON line per update once it is resolved; after
 * one that failed it waits for a line on standard input and makes the same update again.
 */
import { createInterface } from 'node:readline';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { StoreFailure } from '../../../store/telemetry-store.ts';
import { theCommit } from './numbered-commits.ts';
import { theUpdate } from './numbered-updates.ts';

const [path = '', checkpointBytes = '', last = ''] = process.argv.slice(2);
const store = new DuckDBStore({ options: { path, checkpointBytes: Number(checkpointBytes) }, log: silentLog });
await store.open();

const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const [ledger] = await store.ledger();
let seq = (ledger?.range[1] ?? 0) + 1;
for (let n = Number(last) + 1; ; ) {
  const committing = store
    .commit(theCommit(seq), async () => {})
    .then(
      () => seq++,
      () => {},
    );
  try {
    await store.putRollUps(theUpdate(n));
    await committing;
    console.log(JSON.stringify({ updated: n }));
    n++;
  } catch (error) {
    await committing;
    const kind = error instanceof StoreFailure ? error.kind : 'unexpected';
    console.log(JSON.stringify({ failed: n, kind, message: (error as Error).message }));
    await orders.next();
  }
}
