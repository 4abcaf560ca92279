/**
 * A process that commits until it is killed or told to end. Arguments: file, bytes of log that make a checkpoint due, and
 * `stop` to wait for a line on standard input after a failed commit. Prints one JSON line per commit, and nothing of a
 * commit before it is resolved.
 */
import { createInterface } from 'node:readline';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { StoreFailure } from '../../../store/telemetry-store.ts';
import { theCommit } from './numbered-commits.ts';

const [path = '', checkpointBytes = '', onFailure = ''] = process.argv.slice(2);
const store = new DuckDBStore({ options: { path, checkpointBytes: Number(checkpointBytes) }, log: silentLog });
await store.open();

const orders = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const [first] = await store.ledger();
let seq = (first?.range[1] ?? 0) + 1;
for (;;) {
  try {
    await store.commit(theCommit(seq), async () => {});
    console.log(JSON.stringify({ committed: seq }));
    seq++;
  } catch (error) {
    const kind = error instanceof StoreFailure ? error.kind : 'unexpected';
    const totals = await store.totals({});
    const rows = totals.reduce((sum, { count }) => sum + count, 0);
    const { ok } = await store.check();
    console.log(JSON.stringify({ failed: seq, kind, message: (error as Error).message, rows, ok }));
    if (onFailure !== 'stop') break;
    const { value: order, done } = await orders.next();
    if (done === true || order === 'end') break;
  }
}
await store.close();
process.exit(0);
