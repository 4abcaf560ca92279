/** The role that people and programs ask: page, API, and the register, which no other role writes. */
import type { ConsoleDeps } from '../../console/api/console-deps.ts';
import { type Console, createConsole } from '../../console/console.ts';
import { gatewayFile } from '../../edge/gateway-file.ts';
import { hashToken } from '../../register/credentials.ts';
import type { ManifestWatch } from '../../register/manifest-watch.ts';
import type { DiskWatch } from '../../runtime/disk-watch.ts';
import { faultText } from '../../runtime/yaml-file.ts';
import type { SimulatedGateways } from '../../simulators/simulated-gateways.ts';
import { readReferenceTables } from '../tariff-files.ts';
import { VERSION } from '../version.ts';
import type { BrokerPlace } from './broker.ts';
import type { RoleContext } from './role.ts';

export async function consoleRole(
  context: RoleContext,
  deps: Pick<ConsoleDeps, 'register' | 'store' | 'ingest' | 'alerts'> & {
    readonly broker: BrokerPlace;
    readonly simulated: SimulatedGateways | undefined;
    /** Absent where the register follows no file. */
    readonly manifest: ManifestWatch | undefined;
    readonly rollUps: ConsoleDeps['rollUps'];
    readonly disk: DiskWatch;
    readonly operatorToken: string;
  },
): Promise<Console> {
  const { settings, run } = context;
  const { register, store, ingest, alerts, broker, simulated, manifest, rollUps, disk, operatorToken } = deps;
  return await run(
    createConsole({
      ...context,
      register,
      store,
      ingest,
      alerts,
      broker: () => broker.view(),
      rollUps,
      manifestFaults: manifest && (() => manifest.state().faults.map(faultText)),
      disk: () => disk.space,
      ...(simulated === undefined
        ? {}
        : { history: () => simulated.history(), simulatedAccounts: () => simulated.accounts() }),
      operatorTokenSha256: hashToken(operatorToken),
      tables: () => readReferenceTables(settings.data),
      version: VERSION,
      gatewayUrl: broker.url,
      gatewayFile: (gateway) =>
        gatewayFile({
          ...gateway,
          ...broker.forGateways,
          zone: register.site(gateway.site)?.zone ?? 'UTC',
          topicPrefix: settings.topic_prefix,
        }),
      options: { host: settings.host, port: settings.port, mapTiles: settings.map_tiles },
    }),
  );
}
