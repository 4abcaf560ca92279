/** What rules are given: everything that is known of the city at one moment, read once for all of them. */
import type { DiskSpace } from '../contract/disk-space.ts';
import type { Period } from '../energy/calendar.ts';
import type { CityInputs, GatewayInput, QuarterSeries } from '../energy/findings/finding.ts';

/**
 * `intake`: what ingest says of itself. `gateways`: what it hears of them. `latest`: the newest values. The rest is read
 * from roll-ups: `buildings`, `nights`, `lamps` (noons and midnights), `rooms`, `stations`, `counters`, `meter-events`.
 */
export const ALERT_SOURCES = [
  'intake',
  'gateways',
  'latest',
  'buildings',
  'nights',
  'lamps',
  'rooms',
  'stations',
  'counters',
  'meter-events',
] as const;
export type AlertSource = (typeof ALERT_SOURCES)[number];

/** What a gateway says of itself, beside what findings ask. */
export interface GatewayFacts extends GatewayInput {
  /** Age of the oldest reading in its outbox, seconds; undefined when it says nothing. */
  readonly oldestS: number | undefined;
  /** How full its outbox is, 0 to 1. */
  readonly fullShare: number | undefined;
  /** By how much ingest's clock is ahead of its own, milliseconds; undefined until it knows. */
  readonly clockOffsetMs: number | undefined;
  /** Its devices in use. */
  readonly devices: readonly DeviceFacts[];
}

export interface DeviceFacts {
  readonly device: string;
  readonly name: string;
  /** Epoch milliseconds of its newest stored reading; undefined when there is none. */
  readonly lastReading: number | undefined;
  readonly intervalMs: number | undefined;
  /** Listed by what it sent, not by a person who expects it. */
  readonly isNew: boolean;
}

export interface DemandInput {
  readonly site: string;
  readonly name: string;
  readonly zone: string;
  readonly contractKw: number;
  /** Taken from the grid, kW; only quarter hours that were wholly measured are known. */
  readonly demand: QuarterSeries;
}

/** A civil day of a building. */
export interface DayFacts extends Period {
  /** Base load, kW; null when it cannot be said. */
  readonly baseKw: number | null;
  /** The lowest hour between 01:00 and 05:00, m³/h; null when it cannot be said. */
  readonly nightWater: number | null;
  readonly nightGas: number | null;
  /** Mean outdoor temperature between 01:00 and 05:00, °C; null without a station. */
  readonly nightC: number | null;
}

export interface NightsInput {
  readonly site: string;
  readonly name: string;
  readonly zone: string;
  readonly use: string | undefined;
  /** Whole days, oldest first, the last one the day that ended last (night flows: of today, once 05:00 is past). */
  readonly days: readonly DayFacts[];
}

export interface StationInput {
  readonly site: string;
  readonly siteName: string;
  readonly zone: string;
  readonly gateway: string;
  readonly device: string;
  readonly name: string;
  /** Means, µg/m³. */
  readonly particles: QuarterSeries;
}

export interface CounterHour {
  /** Epoch milliseconds. */
  readonly start: number;
  /** In the unit of the counter; null when it is not known. */
  readonly used: number | null;
  readonly coverage: number;
  /** Mean of the gauge beside the counter, unit per hour; null when there is none. */
  readonly rate: number | null;
}

export function hasMoved({ used }: CounterHour): boolean {
  return used !== null && used > 0;
}

export interface CounterInput {
  readonly site: string | null;
  readonly siteName: string;
  readonly zone: string;
  readonly gateway: string;
  readonly device: string;
  readonly name: string;
  readonly metric: string;
  readonly unit: string;
  /** The smallest step it shows. */
  readonly step: number;
  /**
   * Of the last whole hours that are rolled up, oldest first, those from the last one in which it moved on; all of them
   * when it moved in none.
   */
  readonly hours: readonly CounterHour[];
  /** What it counted on each of the last whole civil days that are known, oldest first. */
  readonly days: readonly number[];
}

export interface AlertInputs extends Omit<CityInputs, 'gateways'> {
  readonly gateways: readonly GatewayFacts[];
  readonly demands: readonly DemandInput[];
  readonly nights: readonly NightsInput[];
  readonly stations: readonly StationInput[];
  readonly counters: readonly CounterInput[];
  /** Of the data folder of ingest; undefined when it is not known. */
  readonly disk: DiskSpace | undefined;
  /** Why a source could not be read, in words; what is read of it then is empty or old. */
  readonly unknown: Readonly<Partial<Record<AlertSource, string>>>;
}
