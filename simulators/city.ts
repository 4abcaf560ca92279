/**
 * The demo city as data: buildings, streetlight circuits and air stations modelled on Boston, one gateway a site, and
 * what is wrong in it. A pure function of its seed and of the instant at which it was founded. Every figure is made up.
 */
import { BUILDINGS, type BuildingRow } from './buildings.ts';
import { CIRCUITS, type CircuitRow, STATIONS, type StationRow } from './circuits.ts';
import { type CityFaults, NO_FAULTS } from './city-faults.ts';
import { FIRST_DAY } from './civil-days.ts';

export type BuildingSite = BuildingRow & { readonly kind: 'building' };
export type StreetlightSite = CircuitRow & { readonly kind: 'streetlights' };
export type StationSite = StationRow & { readonly kind: 'station' };
export type SimulatedSite = BuildingSite | StreetlightSite | StationSite;

/** Milliseconds between two readings of a device. */
export interface Intervals {
  /** Main meters of buildings and circuits. */
  readonly electricityMs: number;
  /** Gas, water and solar meters. */
  readonly meterMs: number;
  readonly roomMs: number;
  readonly lampMs: number;
  readonly stationMs: number;
}

/** Lively on a page, and a fortnight of it is told within two minutes (docs/demo.md has the readings a day). */
export const INTERVALS: Intervals = {
  electricityMs: 60_000,
  meterMs: 300_000,
  roomMs: 300_000,
  lampMs: 600_000,
  stationMs: 120_000,
};

export interface SimulatedCity {
  readonly seed: number;
  readonly name: string;
  readonly zone: string;
  readonly intervals: Intervals;
  readonly sites: readonly SimulatedSite[];
  readonly faults: CityFaults;
  /** Local day (days since 1970-01-01) on which its counters begin to count. No earlier instant can be asked for. */
  readonly firstDay: number;
}

export interface CityOptions {
  readonly intervals?: Partial<Intervals>;
  /** What is wrong in it; by default nothing. */
  readonly faults?: CityFaults;
  readonly firstDay?: number;
}

export const CITY_NAME = 'Boston';
export const CITY_ZONE = 'America/New_York';

/** The same arguments give the same city, to the last digit. */
export function demoCity(seed: number, options: CityOptions = {}): SimulatedCity {
  return {
    seed,
    name: CITY_NAME,
    zone: CITY_ZONE,
    intervals: { ...INTERVALS, ...options.intervals },
    sites: [
      ...BUILDINGS.map((row) => ({ kind: 'building', ...row }) as const),
      ...CIRCUITS.map((row) => ({ kind: 'streetlights', ...row }) as const),
      ...STATIONS.map((row) => ({ kind: 'station', ...row }) as const),
    ],
    faults: options.faults ?? NO_FAULTS,
    firstDay: options.firstDay ?? FIRST_DAY,
  };
}
