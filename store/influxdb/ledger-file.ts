/**
 * The ledger of what is settled, in an LMDB file beside the ingest role: InfluxDB has no transaction that could hold
 * readings and ledger together, so the ledger follows the server's 2xx and precedes the acknowledgement.
 *
 * Keys: [gateway, epoch, 0, first seq] → last seq; [gateway, epoch, 1, seq] → [[index, reason], …].
 */
import { join } from 'node:path';
import type { SeqRange } from '../../contract/acknowledgement.ts';
import { isServerEpoch } from '../../contract/ids.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import { LmdbFile, type LmdbWrite } from '../../runtime/lmdb-file.ts';
import { type AdmittedBatch, type LedgerEntry, StoreFailure } from '../telemetry-store.ts';
import { rangeChanges, withSeqs } from './settled-ranges.ts';
import type { RefusedByBatch } from './write-lanes.ts';

const RANGE = 0;
const REJECTED = 1;

type LedgerKey = [gateway: string, epoch: string, kind: typeof RANGE | typeof REJECTED, seq: number];
type Rejections = (readonly [index: number, reason: string])[];

interface Settled {
  readonly seqs: number[];
  readonly rejected: Map<number, Rejections>;
}

export class LedgerFile {
  readonly #file: LmdbFile<number | Rejections, LedgerKey>;
  readonly #rangesByEpoch = new Map<string, Map<string, readonly SeqRange[]>>();
  #tail: Promise<void> = Promise.resolve();

  /** `folder` is the data folder; the file is `ingest-ledger` in it, for this process alone. */
  constructor(folder: string) {
    this.#file = new LmdbFile(join(folder, 'ingest-ledger'));
  }

  /** Throws StoreFailure when the file cannot be opened. */
  open(): void {
    try {
      this.#file.open();
      this.#load();
    } catch (error) {
      throw this.#failure('cannot be opened', error);
    }
  }

  async close(): Promise<void> {
    await this.#tail;
    this.#rangesByEpoch.clear();
    await this.#file.close();
  }

  /** Settles batches; resolves when they are flushed to disk. Rejections of both sides are kept with them. */
  settle(batches: readonly AdmittedBatch[], refused: RefusedByBatch): Promise<void> {
    const settled = new Map<string, Map<string, Settled>>();
    for (const batch of batches) {
      const { seqs, rejected } = settledOf(settled, batch.gateway, batch.epoch);
      seqs.push(batch.seq);
      const rejections = [...batch.rejected, ...(refused.get(batch) ?? [])]
        .sort((a, b) => a.index - b.index)
        .map(({ index, reason }) => [index, reason] as const);
      if (rejections.length > 0) rejected.set(batch.seq, rejections);
    }
    return this.#change(({ put: write, remove: erase }) => {
      const after: { gateway: string; epoch: string; ranges: readonly SeqRange[] }[] = [];
      for (const [gateway, epochs] of settled) {
        for (const [epoch, { seqs, rejected }] of epochs) {
          const before = this.#ranges(gateway, epoch);
          const ranges = withSeqs(before, seqs);
          const { put, remove } = rangeChanges(before, ranges);
          for (const first of remove) erase([gateway, epoch, RANGE, first]);
          for (const [first, last] of put) write([gateway, epoch, RANGE, first], last);
          for (const [seq, rejections] of rejected) write([gateway, epoch, REJECTED, seq], rejections);
          after.push({ gateway, epoch, ranges });
        }
      }
      return () => {
        for (const { gateway, epoch, ranges } of after) this.#epochs(gateway).set(epoch, ranges);
      };
    });
  }

  /** Forgets the epochs of a gateway that are not in `held`, but never the server's own. */
  forgetEpochs(gateway: string, held: readonly string[]): Promise<void> {
    return this.#change(({ remove }) => {
      const known = [...(this.#rangesByEpoch.get(gateway)?.keys() ?? [])];
      const gone = known.filter((epoch) => !isServerEpoch(epoch) && !held.includes(epoch));
      for (const epoch of gone) {
        const bounds = { start: [gateway, epoch, RANGE, 0], end: [gateway, epoch, REJECTED, Number.MAX_VALUE] };
        for (const key of this.#file.db.getKeys(bounds)) remove(key);
      }
      return () => {
        for (const epoch of gone) this.#rangesByEpoch.get(gateway)?.delete(epoch);
      };
    });
  }

  /** Everything settled, by gateway, epoch and seq. */
  async entries(): Promise<readonly LedgerEntry[]> {
    await this.#tail;
    const rejections = new Map<string, (readonly [seq: number, index: number, reason: string])[]>();
    this.#mustBeOpen();
    for (const { key, value } of this.#file.db.getRange({})) {
      const [gateway, epoch, kind, seq] = key;
      if (kind !== REJECTED) continue;
      const name = `${gateway}/${epoch}`;
      const list = rejections.get(name) ?? [];
      list.push(...(value as Rejections).map(([index, reason]) => [seq, index, reason] as const));
      rejections.set(name, list);
    }
    const entries: LedgerEntry[] = [];
    for (const [gateway, epochs] of this.#rangesByEpoch) {
      for (const [epoch, ranges] of epochs) {
        const own = rejections.get(`${gateway}/${epoch}`) ?? [];
        let next = 0;
        for (const range of ranges) {
          const start = next;
          while (next < own.length && (own[next]?.[0] ?? 0) <= range[1]) next++;
          entries.push({ gateway, epoch, range, rejected: own.slice(start, next) });
        }
      }
    }
    return entries;
  }

  /** One change at a time, all or nothing; what is in memory follows only after the flush. */
  #change(change: (write: LmdbWrite<number | Rejections, LedgerKey>) => () => void): Promise<void> {
    const changed = this.#tail.then(async () => {
      this.#mustBeOpen();
      let follow = (): void => {};
      try {
        await this.#file.write((write) => {
          follow = change(write);
        });
      } catch (error) {
        throw this.#failure('cannot be written; is the disk full?', error);
      }
      follow();
    });
    this.#tail = changed.catch(() => {});
    return changed;
  }

  #load(): void {
    let [atGateway, atEpoch]: [string?, string?] = [];
    let ranges: SeqRange[] = [];
    // Merged once more: a commit whose flush failed may have left a range that a later one covers.
    const keep = () => {
      if (atGateway !== undefined && atEpoch !== undefined) this.#epochs(atGateway).set(atEpoch, withSeqs(ranges, []));
    };
    for (const { key, value } of this.#file.db.getRange({})) {
      const [gateway, epoch, kind, seq] = key;
      if (kind !== RANGE) continue;
      if (gateway !== atGateway || epoch !== atEpoch) {
        keep();
        [atGateway, atEpoch, ranges] = [gateway, epoch, []];
      }
      ranges.push([seq, value as number]);
    }
    keep();
  }

  #mustBeOpen(): void {
    if (!this.#file.isOpen) throw new StoreFailure('unavailable', 'The store is closed: its ledger is not open.');
  }

  #epochs(gateway: string): Map<string, readonly SeqRange[]> {
    return getOrCreate(this.#rangesByEpoch, gateway, () => new Map());
  }

  #ranges(gateway: string, epoch: string): readonly SeqRange[] {
    return this.#rangesByEpoch.get(gateway)?.get(epoch) ?? [];
  }

  #failure(what: string, error: unknown): StoreFailure {
    const words = error instanceof Error ? error.message : String(error);
    return new StoreFailure('unavailable', `The ledger ${this.#file.folder} ${what} (${words})`, { cause: error });
  }
}

function settledOf(settled: Map<string, Map<string, Settled>>, gateway: string, epoch: string): Settled {
  const epochs = getOrCreate(settled, gateway, () => new Map<string, Settled>());
  return getOrCreate(epochs, epoch, () => ({ seqs: [], rejected: new Map() }));
}
