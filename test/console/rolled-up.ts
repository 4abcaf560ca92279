/** Rolls up everything that a store holds, or one gateway's part of it, with the worker itself, on a clock of its own. */
import { Registry } from 'prom-client';
import { RollUpWorker } from '../../energy/rollup/roll-up-worker.ts';
import { FileRollUpMarks } from '../../ingest/roll-up-marks.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { silentLog } from '../../runtime/log.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { TelemetryStore } from '../../store/telemetry-store.ts';
import { ManualClock } from '../manual-clock.ts';

export async function rollUpAll(
  { store, register }: { store: TelemetryStore & RollUpStore; register: RegisterView },
  { now, folder, gateway }: { now: number; folder: string; gateway?: string },
): Promise<void> {
  const clock = new ManualClock(now);
  const marks = new FileRollUpMarks({ folder: `${folder}/marks`, clock });
  const options = { folder: `${folder}/state` };
  const random = () => 0.5;
  const worker = new RollUpWorker({
    options,
    store: {
      totals: (query) => store.totals({ ...query, gateway }),
      values: (query) => store.values(query),
      rollUps: (query) => store.rollUps(query),
      latestRollUps: (query) => store.latestRollUps(query),
      putRollUps: (update) => store.putRollUps(update),
      meterEvents: (query) => store.meterEvents(query),
      keep: (kept, at) => store.keep(kept, at),
    },
    marks,
    register,
    clock,
    random,
    log: silentLog,
    registry: new Registry(),
  });
  await marks.start();
  await worker.start();
  for (let turn = 0; ; turn++) {
    if (turn > 20_000) throw new Error(`not rolled up: ${JSON.stringify(await worker.status())}`);
    // Slowly: the wall must not reach the end of the running quarter hour.
    await clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const { caughtUpAt, pendingQuarters, fault } = await worker.status();
    if (fault !== '') throw new Error(fault);
    if (caughtUpAt !== undefined && pendingQuarters === 0) break;
  }
  await worker.stop();
  await marks.stop();
}
