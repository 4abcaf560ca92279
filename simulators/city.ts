/**
 * The simulated city as data: ten municipal buildings and two streetlight circuits modelled on Boston, one gateway each.
 * Names and places are real, sizes are of the right order, every figure that comes from them is made up.
 */
import type { BuildingUseName } from './uses.ts';

interface SiteBase {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly latitude: number;
  readonly longitude: number;
}

export interface BuildingSite extends SiteBase {
  readonly kind: 'building';
  readonly use: BuildingUseName;
  readonly floorAreaM2: number;
  readonly hasGas: boolean;
  readonly hasWater: boolean;
  /** Peak power of the solar roof; 0 without one. */
  readonly solarKw: number;
  /** Rooms with an air sensor. */
  readonly rooms: readonly string[];
}

export interface StreetlightSite extends SiteBase {
  readonly kind: 'streetlights';
  readonly lamps: number;
  /** Nominal power of one lamp. */
  readonly lampW: number;
  /** Dimmed between these hours after midnight, to this level. */
  readonly dimFromHour: number;
  readonly dimToHour: number;
  readonly dimPercent: number;
}

export type SimulatedSite = BuildingSite | StreetlightSite;

/** Milliseconds between two readings of a device. */
export interface Intervals {
  readonly electricityMs: number;
  readonly airMs: number;
  readonly lampMs: number;
  readonly gasMs: number;
  readonly waterMs: number;
}

export const INTERVALS: Intervals = {
  electricityMs: 10_000,
  airMs: 30_000,
  lampMs: 60_000,
  gasMs: 60_000,
  waterMs: 60_000,
};

export interface SimulatedCity {
  readonly seed: number;
  readonly name: string;
  readonly zone: string;
  readonly intervals: Intervals;
  readonly sites: readonly SimulatedSite[];
}

type Row = readonly [
  id: string,
  name: string,
  use: BuildingUseName,
  floorAreaM2: number,
  address: string,
  latitude: number,
  longitude: number,
  supplies: { readonly gas?: true; readonly water?: true; readonly solarKw?: number },
  rooms: readonly string[],
];

const BUILDINGS: readonly Row[] = [
  // biome-ignore format: one building a line
  ['city-hall', 'City Hall', 'office', 47_500, '1 City Hall Square', 42.3604, -71.058, { water: true }, ['Council chamber', 'Registry', 'Lobby']],
  // biome-ignore format: one building a line
  ['central-library', 'Central Library, Copley Square', 'library', 86_000, '700 Boylston Street', 42.3493, -71.0782, { gas: true, water: true }, ['Reading room', 'Children’s library', 'Map room']],
  // biome-ignore format: one building a line
  ['east-boston-library', 'East Boston Branch Library', 'library', 1_500, '365 Bremen Street', 42.3783, -71.0297, { solarKw: 45 }, ['Main hall', 'Community room']],
  // biome-ignore format: one building a line
  ['latin-school', 'Boston Latin School', 'school', 31_500, '78 Avenue Louis Pasteur', 42.3381, -71.1021, { gas: true, water: true }, ['Room 114', 'Gymnasium', 'Cafeteria']],
  // biome-ignore format: one building a line
  ['mather-school', 'Mather Elementary School', 'school', 7_800, '1 Parish Street', 42.3088, -71.0615, { gas: true, water: true, solarKw: 120 }, ['Room 12', 'Assembly hall']],
  // biome-ignore format: one building a line
  ['mason-pool', 'Mason Pool', 'pool', 1_900, '176 Norfolk Avenue', 42.3246, -71.0672, { gas: true, water: true }, ['Pool hall', 'Changing rooms']],
  // biome-ignore format: one building a line
  ['curley-center', 'Curley Community Center', 'community', 5_300, '1663 Columbia Road', 42.3287, -71.0371, { gas: true, water: true, solarKw: 90 }, ['Sports hall', 'Fitness room']],
  // biome-ignore format: one building a line
  ['engine-33', 'Fire Station, Engine 33', 'fire-station', 1_400, '941 Boylston Street', 42.3479, -71.0869, { gas: true, water: true }, ['Apparatus floor', 'Bunk room']],
  // biome-ignore format: one building a line
  ['police-headquarters', 'Police Headquarters', 'police', 17_000, '1 Schroeder Plaza', 42.3346, -71.0919, { gas: true, water: true }, ['Dispatch', 'Briefing room', 'Lobby']],
  // biome-ignore format: one building a line
  ['frontage-depot', 'Public Works Depot, Frontage Road', 'depot', 9_200, '400 Frontage Road', 42.3396, -71.0646, { gas: true, water: true }, ['Workshop', 'Office']],
];

const CIRCUITS: readonly StreetlightSite[] = [
  {
    kind: 'streetlights',
    id: 'seaport-circuit-4',
    name: 'Streetlights, Seaport Boulevard',
    address: 'Seaport Boulevard',
    latitude: 42.3519,
    longitude: -71.0446,
    lamps: 20,
    lampW: 88,
    dimFromHour: 1,
    dimToHour: 5,
    dimPercent: 50,
  },
  {
    kind: 'streetlights',
    id: 'jamaicaway-circuit-11',
    name: 'Streetlights, Jamaicaway',
    address: 'Jamaicaway',
    latitude: 42.3195,
    longitude: -71.1163,
    lamps: 20,
    lampW: 54,
    dimFromHour: 0.5,
    dimToHour: 5.5,
    dimPercent: 40,
  },
];

/** The same seed gives the same city, to the last digit. */
export function smallCity(seed: number, intervals: Partial<Intervals> = {}): SimulatedCity {
  return {
    seed,
    name: 'Boston (simulated)',
    zone: 'America/New_York',
    intervals: { ...INTERVALS, ...intervals },
    sites: [...BUILDINGS.map(building), ...CIRCUITS],
  };
}

function building(row: Row): BuildingSite {
  const [id, name, use, floorAreaM2, address, latitude, longitude, { gas, water, solarKw }, rooms] = row;
  return {
    kind: 'building',
    id,
    name,
    use,
    floorAreaM2,
    address,
    latitude,
    longitude,
    hasGas: gas ?? false,
    hasWater: water ?? false,
    solarKw: solarKw ?? 0,
    rooms,
  };
}
