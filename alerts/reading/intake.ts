/** What is asked of ingest: its IngestView, or what its process says of it, fits. */
import type { DiskSpace } from '../../contract/disk-space.ts';
import type { GatewayStateWord } from '../../contract/gateway-state.ts';
import type { Health } from '../../contract/health.ts';

export interface HeardGateway {
  readonly gateway: string;
  readonly online: boolean | undefined;
  readonly health: Health | undefined;
  readonly healthAt: number | undefined;
  readonly twoEpochs: boolean;
}

export interface Intake {
  status(): {
    readonly storeFault: string;
    readonly unreachable?: string | undefined;
    readonly disk?: DiskSpace | undefined;
  };
  gateways(): readonly HeardGateway[];
  readonly deadLetters: { counts(): Readonly<Record<string, number>> };
}

export type { GatewayStateWord };
