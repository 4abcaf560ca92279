/**
 * Which batches are settled: `settled` holds ranges of seqs per (gateway, epoch), one row per batch until they are
 * merged; `rejected` names what was refused in them.
 */
import { BIGINT, type DuckDBConnection, UINTEGER } from '@duckdb/node-api';
import { isServerEpoch } from '../../contract/ids.ts';
import type { AdmittedBatch, LedgerEntry } from '../telemetry-store.ts';
import { appendRows, itemsOf, putInteger, TableAppender } from './table-appender.ts';

/** So many rows more than a merge could save are worth the next one. */
const MERGE_ROWS = 100_000;

interface Epoch {
  readonly id: number;
  readonly gateway: string;
  readonly epoch: string;
}

interface Range {
  readonly epoch: number;
  readonly first: number;
  last: number;
}

type Rejection = readonly [seq: number, index: number, reason: string];

export class LedgerTable {
  readonly #appender = new TableAppender('settled', [UINTEGER, BIGINT, BIGINT]);
  readonly #epochs = new Map<string, Map<string, Epoch>>();
  readonly #byId = new Map<number, Epoch>();
  /** Ids that the file does not hold yet. */
  #unwritten = new Set<number>();
  #nextId = 0;
  #rows = 0;
  #mergedRows = 0;

  async load(connection: DuckDBConnection): Promise<void> {
    const result = await connection.run('SELECT id, gateway, epoch FROM epochs');
    for (const [id, gateway, epoch] of (await result.getRows()) as [number, string, string][]) {
      this.#remember({ id, gateway, epoch });
    }
    const count = await connection.run('SELECT count(*)::DOUBLE FROM settled');
    this.#rows = ((await count.getRows()) as [number][])[0]?.[0] ?? 0;
  }

  /** Settles batches within the connection's transaction. Returns what to call once it is committed. */
  async write(connection: DuckDBConnection, batches: readonly AdmittedBatch[]): Promise<() => void> {
    const ids = new Uint32Array(batches.length);
    const seqs = new Uint32Array(2 * batches.length);
    const refused: { id: number; batch: AdmittedBatch }[] = [];
    for (const [row, batch] of batches.entries()) {
      const id = this.#id(batch.gateway, batch.epoch);
      ids[row] = id;
      putInteger(seqs, row, batch.seq);
      if (batch.rejected.length > 0) refused.push({ id, batch });
    }
    const written = await this.#writeNewEpochs(connection);
    await this.#appender.append(connection, [ids, seqs, seqs], batches.length);
    if (refused.length > 0) await writeRejected(connection, refused);
    return () => {
      for (const id of written) this.#unwritten.delete(id);
      this.#rows += batches.length;
    };
  }

  /** All entries, ranges merged. */
  async read(connection: DuckDBConnection): Promise<LedgerEntry[]> {
    const ranges = await readRanges(connection);
    const rejections = await readRejected(connection);
    const entries: LedgerEntry[] = [];
    for (const { epoch: id, first, last } of ranges) {
      const name = this.#byId.get(id);
      if (name === undefined) continue; // forgotten since the rows were read
      const rejected = takeWithin(rejections.get(id) ?? [], last);
      entries.push({ gateway: name.gateway, epoch: name.epoch, range: [first, last], rejected });
    }
    return entries;
  }

  get isWorthMerging(): boolean {
    return this.#rows - 2 * this.#mergedRows > MERGE_ROWS;
  }

  /** Rewrites `settled` with one row per range, within the connection's transaction. Returns what to call once it is committed. */
  async merge(connection: DuckDBConnection): Promise<() => void> {
    const ranges = await readRanges(connection);
    const ids = new Uint32Array(ranges.length);
    const first = new Uint32Array(2 * ranges.length);
    const last = new Uint32Array(2 * ranges.length);
    for (const [row, range] of ranges.entries()) {
      ids[row] = range.epoch;
      putInteger(first, row, range.first);
      putInteger(last, row, range.last);
    }
    await connection.run('DELETE FROM settled');
    await this.#appender.append(connection, [ids, first, last], ranges.length);
    return () => {
      this.#rows = ranges.length;
      this.#mergedRows = ranges.length;
    };
  }

  /** Epochs of a gateway that are neither held nor the server's own. */
  forgettable(gateway: string, held: readonly string[]): number[] {
    const epochs = [...(this.#epochs.get(gateway)?.values() ?? [])];
    return epochs.filter(({ epoch }) => !isServerEpoch(epoch) && !held.includes(epoch)).map(({ id }) => id);
  }

  /** Within the connection's transaction. Returns what to call once it is committed. */
  async forget(connection: DuckDBConnection, ids: readonly number[]): Promise<() => void> {
    const list = ids.join(',');
    await connection.run(`DELETE FROM settled WHERE epoch IN (${list})`);
    await connection.run(`DELETE FROM rejected WHERE epoch IN (${list})`);
    await connection.run(`DELETE FROM epochs WHERE id IN (${list})`);
    return () => {
      for (const id of ids) {
        const epoch = this.#byId.get(id);
        if (epoch === undefined) continue;
        this.#byId.delete(id);
        this.#unwritten.delete(id);
        this.#epochs.get(epoch.gateway)?.delete(epoch.epoch);
      }
    };
  }

  /** After a commit of unknown outcome: sees what the file holds. */
  async reconcile(connection: DuckDBConnection): Promise<void> {
    const result = await connection.run('SELECT id FROM epochs');
    const written = new Set(((await result.getRows()) as [number][]).map(([id]) => id));
    this.#unwritten = new Set([...this.#byId.keys()].filter((id) => !written.has(id)));
  }

  #id(gateway: string, epoch: string): number {
    const known = this.#epochs.get(gateway)?.get(epoch);
    if (known !== undefined) return known.id;
    const id = this.#nextId;
    this.#remember({ id, gateway, epoch });
    this.#unwritten.add(id);
    return id;
  }

  #remember(epoch: Epoch): void {
    const ofGateway = this.#epochs.get(epoch.gateway) ?? new Map<string, Epoch>();
    this.#epochs.set(epoch.gateway, ofGateway.set(epoch.epoch, epoch));
    this.#byId.set(epoch.id, epoch);
    this.#nextId = Math.max(this.#nextId, epoch.id + 1);
  }

  async #writeNewEpochs(connection: DuckDBConnection): Promise<readonly number[]> {
    const ids = [...this.#unwritten];
    if (ids.length === 0) return ids;
    await appendRows(connection, 'epochs', (appender) => {
      for (const id of ids) {
        const { gateway, epoch } = this.#byId.get(id) as Epoch;
        appender.appendUInteger(id);
        appender.appendVarchar(gateway);
        appender.appendVarchar(epoch);
        appender.endRow();
      }
    });
    return ids;
  }
}

/** Takes those up to seq `last` off the front: ranges and rejections both come in rising order. */
function takeWithin(rejections: Rejection[], last: number): Rejection[] {
  const end = rejections.findIndex(([seq]) => seq > last);
  return rejections.splice(0, end < 0 ? rejections.length : end);
}

async function writeRejected(
  connection: DuckDBConnection,
  refused: readonly { id: number; batch: AdmittedBatch }[],
): Promise<void> {
  await appendRows(connection, 'rejected', (appender) => {
    for (const { id, batch } of refused) {
      for (const { index, reason } of batch.rejected) {
        appender.appendUInteger(id);
        appender.appendBigInt(BigInt(batch.seq));
        appender.appendInteger(index);
        appender.appendVarchar(reason);
        appender.endRow();
      }
    }
  });
}

async function readRanges(connection: DuckDBConnection): Promise<Range[]> {
  const result = await connection.run(
    'SELECT epoch, first_seq::DOUBLE, last_seq::DOUBLE FROM settled ORDER BY epoch, first_seq',
  );
  const ranges: Range[] = [];
  let range: Range | undefined;
  for await (const chunk of result) {
    const epochs = itemsOf(chunk, 0) as Uint32Array;
    const firsts = itemsOf(chunk, 1) as Float64Array;
    const lasts = itemsOf(chunk, 2) as Float64Array;
    for (const [row, epoch] of epochs.entries()) {
      const first = firsts[row] as number;
      const last = lasts[row] as number;
      if (range !== undefined && range.epoch === epoch && first <= range.last + 1) {
        range.last = Math.max(range.last, last);
      } else {
        range = { epoch, first, last };
        ranges.push(range);
      }
    }
  }
  return ranges;
}

/** By epoch, in rising order of seq and index. A batch committed twice has them twice: said once. */
async function readRejected(connection: DuckDBConnection): Promise<Map<number, Rejection[]>> {
  const result = await connection.run('SELECT DISTINCT epoch, seq::DOUBLE, reading, reason FROM rejected ORDER BY ALL');
  const byEpoch = new Map<number, Rejection[]>();
  for (const [epoch, ...rejection] of (await result.getRows()) as [number, number, number, string][]) {
    const rejections = byEpoch.get(epoch) ?? [];
    byEpoch.set(epoch, rejections);
    rejections.push(rejection);
  }
  return byEpoch;
}
