/**
 * The server: its roles put together in one process. The order below is the architecture: what stands further down
 * uses what stands above it, and is stopped before it. Each role is a file of `roles/`; `server-part.ts` puts them
 * together when they run in several processes.
 */
import { DiskWatch } from '../runtime/disk-watch.ts';
import type { Log } from '../runtime/log.ts';
import { BackupDoor } from './backup/backup-door.ts';
import { DataFolder } from './data-folder.ts';
import { analysisRole } from './roles/analysis.ts';
import { brokerRole } from './roles/broker.ts';
import { consoleRole } from './roles/console.ts';
import { demoCity } from './roles/demo.ts';
import { ingestRole } from './roles/ingest.ts';
import { ownRegister } from './roles/register.ts';
import { newDeviceReport } from './roles/remote-register.ts';
import { type RunningServer, startRoles } from './roles/role.ts';
import { openStore } from './roles/store.ts';
import { secret } from './secret.ts';
import type { Settings } from './settings.ts';

export async function startServer(settings: Settings, log: Log): Promise<RunningServer> {
  return await startRoles(settings, log, async (context) => {
    const { run } = context;
    const folder = await run(new DataFolder(settings.data));
    const disk = await run(new DiskWatch({ ...context, folder: settings.data }));
    const { register, manifest } = await ownRegister(context);
    const store = await openStore(context);
    const broker = await run(brokerRole(context, register));

    const { ingest, marks } = await ingestRole(context, {
      link: broker.link,
      register,
      store,
      disk,
      onNewDevice: await newDeviceReport(context, register),
    });

    const { rollUps, alerts } = await analysisRole(context, { register, store, marks, ingest });

    await run(new BackupDoor({ ...context, folder: settings.data, roles: settings.roles, store, marks }));

    const simulated =
      settings.city === 'demo' ? demoCity(context, { register, brokerUrl: broker.localUrl }) : undefined;
    const console = await consoleRole(context, {
      register,
      store,
      ingest,
      alerts,
      broker,
      simulated,
      manifest,
      rollUps: () => rollUps.status(),
      disk,
      operatorToken: folder.operatorToken(secret(settings.operator_token, settings.operator_token_file)),
    });

    let city = 'no gateways yet; add one with: lamplighter gateway add';
    if (simulated !== undefined) {
      await run(simulated);
      city = simulated.description;
    } else if (manifest !== undefined) {
      const { file, faults } = manifest.state();
      city = `${register.gateways().length} gateways from ${file}`;
      if (faults.length > 0)
        city = `${file} was not applied, see above; ${register.gateways().length} gateways as before`;
    }

    folder.addresses = {
      roles: settings.roles,
      console: console.address,
      mqtt: broker.localUrl,
      ca: broker.caFile,
      topicPrefix: settings.topic_prefix,
    };
    return {
      console: console.address,
      mqtt: broker.urls.join('  '),
      city,
      ...(simulated === undefined ? {} : { history: () => simulated.history() }),
    };
  });
}
