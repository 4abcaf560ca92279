/** An InfluxDB store on a database of its own. */
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../runtime/clock.ts';
import { silentLog } from '../../../runtime/log.ts';
import type { InfluxdbOptions } from '../../../store/influxdb/influxdb-options.ts';
import { InfluxdbStore } from '../../../store/influxdb/influxdb-store.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

let databases = 0;

export interface StoreFixture {
  readonly store: InfluxdbStore;
  readonly bucket: string;
  readonly folder: string;
}

/** Not opened; closed when the test is finished. */
export function aStore(options: InfluxdbOptions, folder = temporaryFolder()): StoreFixture {
  const bucket = options.bucket ?? `city_${process.pid}_${databases++}`;
  const store = new InfluxdbStore({
    options: { ...options, bucket },
    folder: join(folder, 'data'),
    clock: systemClock,
    random: Math.random,
    log: silentLog,
  });
  onTestFinished(() => store.close());
  return { store, bucket, folder };
}

/** Open, with its database created. */
export async function anOpenStore(options: InfluxdbOptions, folder?: string): Promise<StoreFixture> {
  const fixture = aStore(options, folder);
  await fixture.store.open();
  const { ok, words } = await fixture.store.init();
  if (!ok) throw new Error(words);
  return fixture;
}
