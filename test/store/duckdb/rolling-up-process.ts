/**
 * A process that puts updates of roll-ups, beside commits of readings, until it is killed. Arguments: file, bytes of
 * log that make a checkpoint due, number of the last update. Prints one JSON line per update once it is resolved.
 */
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { theCommit } from './numbered-commits.ts';
import { theUpdate } from './numbered-updates.ts';

const [path = '', checkpointBytes = '', last = ''] = process.argv.slice(2);
const store = new DuckDBStore({ options: { path, checkpointBytes: Number(checkpointBytes) }, log: silentLog });
await store.open();
const [ledger] = await store.ledger();
let seq = ledger?.range[1] ?? 0;
for (let n = Number(last) + 1; ; n++) {
  await Promise.all([store.commit(theCommit(++seq), async () => {}), store.putRollUps(theUpdate(n))]);
  console.log(JSON.stringify({ updated: n }));
}
