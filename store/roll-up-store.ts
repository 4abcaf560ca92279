/**
 * RollUpStore: where roll-ups and the events of meters live, beside the readings they are made of. Both engines
 * implement it (test/suites/roll-up-store.ts). Numbers come back exactly as they were written. In every question an
 * empty list asks for nothing, an absent one for all.
 */
import type { MeterEvent, MeterEventKey, RollUp, RollUpWidth } from '../contract/roll-up.ts';
import type { DeviceKey } from './telemetry-store.ts';

export interface ValuesQuery {
  readonly devices: readonly DeviceKey[];
  /** Metric ids; absent for all. */
  readonly metrics?: readonly string[] | undefined;
  /** Epoch milliseconds, inclusive. */
  readonly from: number;
  /** Epoch milliseconds, exclusive. */
  readonly to: number;
}

/** The stored values of one series, in rising order of time; one per instant, the last committed. */
export interface SeriesValues extends DeviceKey {
  readonly metric: string;
  /** Epoch milliseconds. */
  readonly times: Float64Array;
  readonly values: Float64Array;
}

export interface RollUpQuery {
  readonly width: RollUpWidth;
  /** Absent for all. */
  readonly sites?: readonly string[] | undefined;
  readonly devices?: readonly DeviceKey[] | undefined;
  /** Metric ids. */
  readonly metrics?: readonly string[] | undefined;
  /** Rows that begin in [from, to), epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

export interface LatestRollUpQuery {
  readonly devices: readonly DeviceKey[];
  readonly metrics?: readonly string[] | undefined;
  /** Rows of 15 min that begin in [from, before), epoch milliseconds. */
  readonly from: number;
  readonly before: number;
}

export interface RollUpUpdate {
  /**
   * Each replaces the row of its key; an empty one (isEmptyRollUp) takes it away; of two with one key the later counts.
   * What an engine may rely on: min, mean, max and last are null exactly when `count` is 0; consumption, interpolated,
   * estimated, peak and peakAt are known all together or not at all; of one series and start only one site has a row
   * of 15 minutes.
   */
  readonly rows: Readonly<Record<RollUpWidth, readonly RollUp[]>>;
  readonly events: readonly MeterEvent[];
  /** Events that are no longer true. One that `events` names again stays. */
  readonly erasedEvents: readonly MeterEventKey[];
}

export interface MeterEventQuery {
  readonly devices?: readonly DeviceKey[] | undefined;
  readonly metrics?: readonly string[] | undefined;
  /** Of events whose later value lies in [from, to), epoch milliseconds. */
  readonly from: number;
  readonly to: number;
}

/** From when on data are kept: what is older may be deleted. Epoch milliseconds; absent: for ever. Hours and days always stay. */
export interface Kept {
  readonly raw?: number | undefined;
  readonly quarters?: number | undefined;
}

export interface RollUpStore {
  /** Every stored value of some devices, without objects per point. A series without a value in the stretch is absent. */
  values(query: ValuesQuery): Promise<readonly SeriesValues[]>;

  /** In rising order of start within each series and site. */
  rollUps(query: RollUpQuery): Promise<readonly RollUp[]>;
  /** The newest 15-minute row of each series in the stretch. */
  latestRollUps(query: LatestRollUpQuery): Promise<readonly RollUp[]>;

  /**
   * Durable when it resolves. DuckDB: all of a series (rows of every width, events) or nothing of it. InfluxDB:
   * events, then quarter hours, hours and days. The same update made again after a failure gives the same end state.
   * Throws StoreFailure.
   */
  putRollUps(update: RollUpUpdate): Promise<void>;

  /** In rising order of `at` within each series. */
  meterEvents(query: MeterEventQuery): Promise<readonly MeterEvent[]>;

  /**
   * Deletes what is older, or has the server do so. DuckDB deletes rows now; InfluxDB sets the retention of its
   * databases or buckets, rounded up to whole days. The caller asks for no more than is rolled up.
   */
  keep(kept: Kept, now: number): Promise<void>;
}
