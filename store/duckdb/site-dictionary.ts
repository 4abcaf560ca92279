/** Sites and their ids, as rows of roll-ups name them. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { appendRows } from './table-appender.ts';

export class SiteDictionary {
  readonly #idByName = new Map<string, number>();
  /** By id. */
  readonly #names: string[] = [];
  /** Ids below are in the file. The others go there with the next roll-ups. */
  #written = 0;

  name(id: number): string | undefined {
    return this.#names[id];
  }

  find(site: string): number | undefined {
    return this.#idByName.get(site);
  }

  /** Id of a site, a new one when it has none. */
  id(site: string): number {
    const known = this.#idByName.get(site);
    if (known !== undefined) return known;
    const id = this.#names.push(site) - 1;
    this.#idByName.set(site, id);
    return id;
  }

  async load(connection: DuckDBConnection): Promise<void> {
    const result = await connection.run('SELECT site FROM sites ORDER BY id');
    for (const [site] of (await result.getRows()) as [string][]) this.id(site);
    this.#written = this.#names.length;
  }

  /** Writes those that are not in the file, within the connection's transaction. Returns what to call once it is committed. */
  async writeNew(connection: DuckDBConnection): Promise<() => void> {
    const size = this.#names.length;
    if (this.#written < size) {
      await appendRows(connection, 'sites', (appender) => {
        for (let id = this.#written; id < size; id++) {
          appender.appendUInteger(id);
          appender.appendVarchar(this.#names[id] as string);
          appender.endRow();
        }
      });
    }
    return () => {
      this.#written = size;
    };
  }

  /** After a commit of unknown outcome: sees what the file holds. */
  async reconcile(connection: DuckDBConnection): Promise<void> {
    const result = await connection.run('SELECT count(*)::DOUBLE FROM sites');
    this.#written = ((await result.getRows()) as [number][])[0]?.[0] ?? 0;
  }
}
