/** What the console is put together from. Everything that takes time, chance or I/O comes in here. */
import type { Registry } from 'prom-client';
import type { AlertsView } from '../../alerts/alerts-view.ts';
import type { DiskSpace } from '../../contract/disk-space.ts';
import type { IngestView } from '../../ingest/ingest-view.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { ReferenceTables } from '../../reports/reference-tables.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { TelemetryStore } from '../../store/telemetry-store.ts';
import type { GatewayFile } from './gateway-file.ts';
import type { RegisterWriter } from './register-writer.ts';

/** What the console shows of the broker. */
export interface BrokerView {
  /** MQTT connections now. */
  readonly connections: number;
  /** Why it does not take connections, in words; empty when all is well. */
  readonly fault: string;
}

/** How far the simulated gateways are with telling their past. */
export interface HistoryView {
  /** `none`: there is no simulated city, or it has no past to tell. */
  readonly state: 'none' | 'loading' | 'done';
  /** Readings that ingest has acknowledged, of those to tell. */
  readonly doneReadings: number;
  readonly totalReadings: number;
  /** Epoch milliseconds from which on every gateway's past is told; undefined before the first day is. */
  readonly oldestDay: number | undefined;
}

/** What a simulated gateway has made of its readings, as it stands now (its health says so only every 30 s). */
export interface SimulatedAccount {
  readonly gateway: string;
  readonly produced: number;
  readonly stored: number;
  readonly rejected: number;
  readonly dropped: number;
  readonly buffered: number;
  /** Every reading before this instant (epoch milliseconds) is produced, but for `pending` ones of its past. */
  readonly liveAt: number;
  readonly pending: number;
}

/** How far roll-ups are behind. */
export interface RollUpView {
  /** Quarter hours of devices that are over and not rolled up. */
  readonly pendingQuarters: number;
  /** Milliseconds that the oldest of them waits; 0 when there is none. */
  readonly oldestMs: number;
  /** Everything that was over and stored at this instant is rolled up, epoch milliseconds; undefined: not since the start. */
  readonly caughtUpAt: number | undefined;
  /** Why nothing can be rolled up; empty when all is well. */
  readonly fault: string;
  /** Devices, `gateway/device`, that could not be counted. */
  readonly failedDevices: readonly string[];
}

export interface ConsoleDeps {
  readonly register: RegisterView & RegisterWriter;
  readonly store: TelemetryStore & RollUpStore;
  readonly ingest: IngestView;
  /** Absent where nothing evaluates alerts. */
  readonly alerts?: AlertsView | undefined;
  /** Absent where the broker runs elsewhere. */
  readonly broker?: (() => BrokerView) | undefined;
  /** Progress of a simulated city's history; absent without one. */
  readonly history?: (() => HistoryView) | undefined;
  /** The books of the simulated gateways; absent without a simulated city. */
  readonly simulatedAccounts?: (() => readonly SimulatedAccount[]) | undefined;
  /** Throws where nobody can say; absent where nothing is rolled up. */
  readonly rollUps?: (() => Promise<RollUpView>) | undefined;
  /** Why the manifest that the register follows was not applied, line by line; absent where it follows none. */
  readonly manifestFaults?: (() => readonly string[]) | undefined;
  /** What is free on the disk of its own data folder; absent where nobody looks. */
  readonly disk?: (() => DiskSpace | undefined) | undefined;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  /** SHA-256 of the operator token, lower-case hex; without it nothing can be written through the console. */
  readonly operatorTokenSha256?: string | undefined;
  /** Tariffs and emission factors, asked for each report; absent: those that come with Lamplighter. */
  readonly tables?: (() => ReferenceTables) | undefined;
  readonly version: string;
  /** The address that gateways connect to, written into their ready configuration. */
  readonly gatewayUrl: string;
  /** Writes the ready configuration file of a new gateway. */
  readonly gatewayFile: GatewayFile;
}
