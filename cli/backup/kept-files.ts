/**
 * What lies in a data folder, and what a backup takes of it: the one list, in the order of copying. A name that is not
 * here is not ours, is not taken, and is said (a test holds the list to real data folders).
 *
 * The order is what makes a restored folder true, each copy being one state of its file, and later ones of later states:
 *
 * 1. Outboxes of simulated gateways, first. What they still hold when copied and the store's copy has, comes again and
 *    is a duplicate; copied after the store they would lack readings acknowledged in between.
 * 2. The ledger, with the readings: in DuckDB both are one file, held at one instant, T. With InfluxDB the ledger is
 *    copied here and the server's own backup is made after ours: what the ledger calls stored was answered by a 2xx
 *    before T and is in any later backup of that server. The other way round the ledger would call readings stored
 *    that the older backup of the server lacks, and gateways that still hold them would delete them.
 * 3. The state of roll-ups after T: it notes a device before its first rows are written, so that no row of the store's
 *    copy is without its note.
 * 4. The marks after both. A mark is on disk before its readings, so the copy has every mark of readings stored before
 *    T; clearing waits from before T until the marks are copied, so none is missing whose rows came after T, or for
 *    changed facts that the copied state of roll-ups says are applied. A mark too many costs counting again, no more.
 * 5. Dead letters after T: a letter is on disk before the ledger says rejected.
 * 6. The rest, which refers to nothing by instant: the register (roll-ups compare it with their state at each start),
 *    alerts, what was seen of gateways. Plain files (certificates, tables, tokens) the command copies before all else.
 */

/**
 * `lmdb`: a folder with one LMDB file. `duckdb`: the file of DuckDB. `files`: a file, or a folder of files, that are
 * only ever replaced whole. `gateways`: a folder for each simulated gateway. `not taken`: made anew, or part of another.
 */
export type Keeping = 'lmdb' | 'duckdb' | 'files' | 'gateways' | 'not taken';

export interface KeptName {
  /** In the data folder. */
  readonly name: string;
  readonly keeping: Keeping;
}

export const STORE_FILE = 'telemetry.duckdb';
export const LEDGER_FOLDER = 'ingest-ledger';
export const MARKS_FOLDER = 'roll-up-marks';
export const REGISTER_FOLDER = 'register';
export const REGISTER_SNAPSHOT = 'register-snapshot.json';
/** Where the running server takes orders for a backup. */
export const DOOR = 'backup.sock';
/** Beginning of the name of what is not finished, beside what it will be. */
export const UNFINISHED = '.backup-';

export const KEPT_FILES: readonly KeptName[] = [
  { name: 'gateways', keeping: 'gateways' },
  { name: STORE_FILE, keeping: 'duckdb' },
  { name: LEDGER_FOLDER, keeping: 'lmdb' },
  { name: 'roll-up-state', keeping: 'lmdb' },
  { name: MARKS_FOLDER, keeping: 'lmdb' },
  { name: 'dead-letters', keeping: 'lmdb' },
  { name: REGISTER_FOLDER, keeping: 'lmdb' },
  { name: 'alerts', keeping: 'lmdb' },
  { name: 'gateway-history', keeping: 'lmdb' },
  { name: REGISTER_SNAPSHOT, keeping: 'files' },
  { name: 'demo-city.json', keeping: 'files' },
  { name: 'tls', keeping: 'files' },
  { name: 'tariffs', keeping: 'files' },
  { name: 'factors', keeping: 'files' },
  { name: 'operator-token', keeping: 'files' },
  // Tokens of the light gateways of `lamplighter simulate`, which the register goes on to know.
  { name: 'simulate-tokens.csv', keeping: 'files' },
  // Empty at the held instant; what is in it then is moved to the main file.
  { name: `${STORE_FILE}.wal`, keeping: 'not taken' },
  { name: `${STORE_FILE}.tmp`, keeping: 'not taken' },
  { name: 'server.sock', keeping: 'not taken' },
  { name: DOOR, keeping: 'not taken' },
];

/** Of a simulated gateway's folder. */
export const OUTBOX = 'outbox';

/** Names of a data folder that a backup does not know: not ours, or a defect of the list. */
export function unknownNames(names: readonly string[]): string[] {
  return names.filter(
    (name) => !name.startsWith(UNFINISHED) && !name.endsWith('.new') && !KEPT_FILES.some((kept) => kept.name === name),
  );
}
