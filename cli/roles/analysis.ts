/** The role that keeps roll-ups true, counting again whatever ingest has marked, and alerts. */
import { join } from 'node:path';
import type { AlertKeeper } from '../../alerts/alert-keeper.ts';
import type { Intake } from '../../alerts/reading/intake.ts';
import type { RollUpMarks } from '../../contract/roll-up-marks.ts';
import { RollUpWorker } from '../../energy/rollup/roll-up-worker.ts';
import { SiteFigureWriter } from '../../energy/rollup/site-figure-writer.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { isPointSink } from '../../store/point-sink.ts';
import type { CityStore } from '../open-store.ts';
import { keptFor } from '../retention.ts';
import { readReferenceTables } from '../tariff-files.ts';
import { keepAlerts } from './alerts.ts';
import type { InternalClient } from './internal-client.ts';
import type { RoleContext } from './role.ts';

export async function analysisRole(
  context: RoleContext,
  deps: {
    readonly register: RegisterView;
    readonly store: CityStore;
    readonly marks: RollUpMarks;
    readonly ingest: Intake;
    /** The store with the newest values, where another process commits them. */
    readonly current?: CityStore | undefined;
    /** The console, where it runs in another process. */
    readonly console?: InternalClient | undefined;
  },
): Promise<{ readonly rollUps: RollUpWorker; readonly alerts: AlertKeeper }> {
  const { settings, run } = context;
  const options = { folder: join(settings.data, 'roll-up-state'), ...keptFor(settings) };
  const { store } = deps;
  const tables = () => readReferenceTables(settings.data);
  // Figures of sites are for Grafana, which does not read DuckDB.
  const figures = isPointSink(store)
    ? await run(new SiteFigureWriter({ ...context, ...deps, store, sink: store, tables }))
    : undefined;
  const afterPass = figures && ((...told: Parameters<SiteFigureWriter['write']>) => figures.write(...told));
  const rollUps = await run(new RollUpWorker({ ...context, ...deps, options, afterPass }));
  return { rollUps, alerts: await keepAlerts(context, { ...deps, store: deps.current ?? store }) };
}
