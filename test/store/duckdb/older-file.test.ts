import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it, onTestFinished } from 'vitest';
import { ROLL_UP_WIDTHS } from '../../../contract/roll-up.ts';
import { silentLog } from '../../../runtime/log.ts';
import { DuckDBStore } from '../../../store/duckdb/duckdb-store.ts';
import { anAdmittedBatch, NOON } from '../../builders.ts';
import { aMeterEvent, anUpdate, aRollUp } from '../../roll-up-builders.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

/** As schema 1 was written. */
const SCHEMA_1 = `
  CREATE TABLE meta (key VARCHAR NOT NULL, value BIGINT NOT NULL);
  CREATE TABLE series (
    id UINTEGER NOT NULL, gateway VARCHAR NOT NULL, device VARCHAR NOT NULL, metric VARCHAR NOT NULL
  );
  CREATE TABLE reading_values (
    time BIGINT NOT NULL USING COMPRESSION bitpacking,
    series UINTEGER NOT NULL USING COMPRESSION bitpacking,
    value DOUBLE NOT NULL USING COMPRESSION alp,
    commit_order BIGINT NOT NULL USING COMPRESSION bitpacking
  );
  CREATE TABLE latest_values (series UINTEGER NOT NULL, time BIGINT NOT NULL, value DOUBLE NOT NULL);
  CREATE TABLE epochs (id UINTEGER NOT NULL, gateway VARCHAR NOT NULL, epoch VARCHAR NOT NULL);
  CREATE TABLE settled (epoch UINTEGER NOT NULL, first_seq BIGINT NOT NULL, last_seq BIGINT NOT NULL);
  CREATE TABLE rejected (
    epoch UINTEGER NOT NULL, seq BIGINT NOT NULL, reading INTEGER NOT NULL, reason VARCHAR NOT NULL
  );
  INSERT INTO meta VALUES ('schema_version', 1), ('openings', 3);
  INSERT INTO series VALUES (0, 'library', 'main-meter', 'active_power_kw');
  INSERT INTO reading_values VALUES (${NOON}, 0, 41.2, 3 * 4294967296), (${NOON + 1}, 0, 42, 3 * 4294967296 + 1);
  INSERT INTO epochs VALUES (0, 'library', 'epoch1');
  INSERT INTO settled VALUES (0, 1, 7);
`;

it('a file of schema 1 keeps its readings and gets the tables of roll-ups', async () => {
  const path = `${temporaryFolder()}/telemetry.duckdb`;
  await run(path, SCHEMA_1);
  const update = anUpdate({ '15m': [aRollUp()], '1d': [aRollUp({ position: null })], events: [aMeterEvent()] });
  const settledNow = { gateway: 'library', epoch: 'epoch1', range: [1, 8] };

  const store = await openStore(path);
  expect(await store.ledger()).toMatchObject([{ ...settledNow, range: [1, 7] }]);
  expect(await timesOf(store)).toEqual([NOON, NOON + 1]);
  expect(await store.latest({})).toMatchObject([{ time: NOON + 1, value: 42 }]);
  await store.putRollUps(update);
  const reading = { device: 'main-meter', time: NOON + 2, values: { active_power_kw: 43 } };
  await store.commit([anAdmittedBatch({ seq: 8, readings: [reading] })], async () => {});
  await store.close();
  expect(await run(path, "SELECT value FROM meta WHERE key = 'schema_version'")).toEqual([[2n]]);

  const again = await openStore(path);
  expect(await again.ledger()).toMatchObject([settledNow]);
  expect(await timesOf(again)).toEqual([NOON, NOON + 1, NOON + 2]);
  for (const width of ROLL_UP_WIDTHS) {
    expect(await again.rollUps({ width, from: 0, to: NOON + 1 })).toEqual(update.rows[width]);
  }
  expect(await again.meterEvents({ from: 0, to: NOON + 1 })).toEqual(update.events);
});

async function openStore(path: string): Promise<DuckDBStore> {
  const store = new DuckDBStore({ options: { path }, log: silentLog });
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

async function timesOf(store: DuckDBStore): Promise<number[]> {
  const devices = [{ gateway: 'library', device: 'main-meter' }];
  const [values] = await store.values({ devices, metrics: ['active_power_kw'], from: 0, to: NOON + 9 });
  return [...(values?.times ?? [])];
}

/** Rows of the last statement. */
async function run(path: string, sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  const rows = await (await connection.run(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}
