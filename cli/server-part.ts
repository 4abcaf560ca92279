/**
 * Some roles of the server in a process of their own, beside others that run the rest. They meet on MQTT, in the store,
 * and at the register's owner, the console. The order is that of `server.ts`; what a role needs of another is that role
 * itself where it runs here, and its remote side where it does not (docs/decisions/0009).
 */
import { gatewayMetrics } from '../ingest/gateway-metrics.ts';
import { RegisterSnapshot } from '../register/register-snapshot.ts';
import { DiskWatch } from '../runtime/disk-watch.ts';
import type { Log } from '../runtime/log.ts';
import { BackupDoor } from './backup/backup-door.ts';
import { DataFolder } from './data-folder.ts';
import { hearAlerts } from './roles/alerts.ts';
import { analysisRole } from './roles/analysis.ts';
import { brokerRole, distantBroker } from './roles/broker.ts';
import { consoleRole } from './roles/console.ts';
import { demoCity } from './roles/demo.ts';
import { ingestRole } from './roles/ingest.ts';
import { openIngestDoor } from './roles/ingest-door.ts';
import { internalServer } from './roles/internal-server.ts';
import { clientOfNeeded, serviceToken } from './roles/other-processes.ts';
import { ownRegister } from './roles/register.ts';
import { enrolServices, openRegisterDoor } from './roles/register-door.ts';
import { RemoteIngest } from './roles/remote-ingest.ts';
import { remoteMarks } from './roles/remote-marks.ts';
import { followRegister, newDeviceReport, remoteEnrolment } from './roles/remote-register.ts';
import { type RunningServer, startRoles } from './roles/role.ts';
import { type Role, STORING_ROLES } from './roles/role-names.ts';
import { hearRollUps, RollUpNews } from './roles/roll-up-news.ts';
import { openStore, withLatestOf } from './roles/store.ts';
import { secret } from './secret.ts';
import type { Settings } from './settings.ts';

export async function startServerPart(settings: Settings, log: Log): Promise<RunningServer> {
  const has = (role: Role): boolean => settings.roles.includes(role);
  return await startRoles(settings, log, async (context) => {
    const { run, clock, registry } = context;
    const folder = await run(new DataFolder(settings.data));
    const operatorToken =
      has('console') || has('demo')
        ? folder.operatorToken(secret(settings.operator_token, settings.operator_token_file))
        : undefined;
    const disk = await run(new DiskWatch({ ...context, folder: settings.data }));
    const door = await run(internalServer(context, operatorToken));

    const { register: owned, manifest } = has('console') ? await ownRegister(context) : {};
    if (owned !== undefined) {
      await enrolServices(owned, serviceToken(settings), clock.now());
      openRegisterDoor(door, { register: owned, clock });
    }
    const register = owned ?? (await followRegister(context, clientOfNeeded(settings, 'console')));

    const store = STORING_ROLES.some(has) ? await openStore(context) : undefined;

    const linked = has('broker') || has('ingest') ? await run(brokerRole(context, register)) : undefined;
    const broker = linked ?? (await run(distantBroker(context)));
    if (has('broker')) door.on('GET', 'broker', () => broker.view());

    const own =
      has('ingest') && store !== undefined && linked !== undefined
        ? await ingestRole(context, {
            link: linked.link,
            register,
            store,
            disk,
            onNewDevice: await newDeviceReport(context, register),
          })
        : undefined;
    if (own !== undefined && store !== undefined) openIngestDoor(door, { ...own, store, clock });

    const ingestClient = own === undefined && store !== undefined ? clientOfNeeded(settings, 'ingest') : undefined;
    const ingest = own?.ingest ?? (ingestClient && (await run(new RemoteIngest({ ...context, client: ingestClient }))));
    // The newest values are in the memory of the process that commits them.
    const current = store && ingestClient ? withLatestOf(ingestClient, store) : store;
    let rollUps = has('console') ? hearRollUps(door, clock) : undefined;
    let alerts = has('console') ? hearAlerts(door, clock) : undefined;
    if (has('analysis') && store !== undefined && current !== undefined && ingest !== undefined) {
      const marks = own?.marks ?? remoteMarks(clientOfNeeded(settings, 'ingest'));
      const console = has('console') ? undefined : clientOfNeeded(settings, 'console');
      const analysis = await analysisRole(context, { register, store, current, marks, ingest, console });
      if (console === undefined) {
        rollUps = () => analysis.rollUps.status();
        alerts = analysis.alerts;
      } else await run(new RollUpNews({ ...context, console, status: () => analysis.rollUps.status() }));
    }
    door.onText('metrics', async function* () {
      yield `${await registry.metrics()}\n`;
      if (own !== undefined) yield* gatewayMetrics(own.ingest.gateways());
    });

    let address: string | undefined;
    if (owned !== undefined && current !== undefined && ingest !== undefined && operatorToken !== undefined) {
      const console = await consoleRole(context, {
        operatorToken,
        register: owned,
        store: current,
        ingest,
        alerts,
        broker,
        simulated: undefined,
        manifest,
        rollUps,
        disk,
      });
      address = console.address;
    }

    let city = `runs ${settings.roles.join(', ')}; the other roles run elsewhere`;
    if (has('demo') && register instanceof RegisterSnapshot && operatorToken !== undefined) {
      const enrolment = remoteEnrolment(register, clientOfNeeded(settings, 'console', operatorToken));
      const simulated = await run(demoCity(context, { register: enrolment, brokerUrl: broker.localUrl }));
      city = simulated.description;
    }

    const marks = own?.marks;
    await run(new BackupDoor({ ...context, folder: settings.data, roles: settings.roles, store, marks }));

    folder.addresses = {
      roles: settings.roles,
      console: address,
      mqtt: broker.url,
      ca: broker.caFile,
      topicPrefix: settings.topic_prefix,
    };
    return { console: address, mqtt: has('broker') ? broker.urls.join('  ') : undefined, internal: door.address, city };
  });
}
