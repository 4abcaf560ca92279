/** The municipal buildings of the demo city: names and places are Boston's, sizes of the right order. */
import type { BuildingUseName } from './uses.ts';

export interface BuildingRow {
  readonly id: string;
  readonly name: string;
  readonly use: BuildingUseName;
  readonly floorAreaM2: number;
  readonly address: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly hasGas: boolean;
  readonly hasWater: boolean;
  /** Peak power of the solar roof; 0 without one. */
  readonly solarKw: number;
  /**
   * Electricity of a fiscal year, from the grid: about a tenth more than such a building takes here. Mason Pool takes a
   * seventh more than it was given.
   */
  readonly budgetKwh: number;
  /** A fifth above the highest quarter hour of a year; the yard in Franklin Park comes as near as 89 %. */
  readonly contractKw: number;
  /** Rooms with an air sensor. */
  readonly rooms: readonly string[];
}

type Supplies = 'gas+water' | 'gas' | 'water';

function row(
  id: string,
  name: string,
  use: BuildingUseName,
  floorAreaM2: number,
  place: readonly [address: string, latitude: number, longitude: number],
  supplies: Supplies,
  solarKw: number,
  plan: readonly [budgetKwh: number, contractKw: number],
  rooms: readonly string[],
): BuildingRow {
  const [address, latitude, longitude] = place;
  const [budgetKwh, contractKw] = plan;
  const hasGas = supplies !== 'water';
  const hasWater = supplies !== 'gas';
  const supplied = { hasGas, hasWater, solarKw, budgetKwh, contractKw };
  return { id, name, use, floorAreaM2, address, latitude, longitude, ...supplied, rooms };
}

// biome-ignore format: one building a line
export const BUILDINGS: readonly BuildingRow[] = [
  row('city-hall', 'City Hall', 'office', 47_500, ['1 City Hall Square', 42.3604, -71.058], 'water', 0, [5_500_000, 2_000], ['Council chamber', 'Registry', 'Lobby']),
  row('bolling-building', 'Bolling Municipal Building', 'office', 18_600, ['2300 Washington Street', 42.3296, -71.0842], 'gas+water', 160, [1_950_000, 750], ['Roxbury hall', 'Open office 4']),
  row('mass-ave-1010', 'Inspectional Services, 1010 Massachusetts Avenue', 'office', 21_000, ['1010 Massachusetts Avenue', 42.3299, -71.0704], 'gas+water', 0, [2_430_000, 900], ['Permit counter', 'Hearing room']),
  row('court-street-26', '26 Court Street', 'office', 13_200, ['26 Court Street', 42.3591, -71.059], 'gas+water', 0, [1_520_000, 570], ['Open office 6', 'Training room']),
  row('central-library', 'Central Library, Copley Square', 'library', 86_000, ['700 Boylston Street', 42.3493, -71.0782], 'gas+water', 0, [9_450_000, 3_400], ['Reading room', 'Children’s library', 'Map room']),
  row('east-boston-library', 'East Boston Branch Library', 'library', 1_500, ['365 Bremen Street', 42.3783, -71.0297], 'water', 45, [112_000, 55], ['Main hall', 'Community room']),
  row('roxbury-library', 'Roxbury Branch Library', 'library', 2_500, ['149 Dudley Street', 42.3285, -71.0853], 'gas+water', 0, [275_000, 100], ['Main hall', 'Teen room']),
  row('latin-school', 'Boston Latin School', 'school', 31_500, ['78 Avenue Louis Pasteur', 42.3381, -71.1021], 'gas+water', 0, [1_810_000, 750], ['Room 114', 'Gymnasium', 'Cafeteria']),
  row('mather-school', 'Mather Elementary School', 'school', 7_800, ['1 Parish Street', 42.3088, -71.0615], 'gas+water', 120, [325_000, 150], ['Room 12', 'Assembly hall']),
  row('madison-park-high', 'Madison Park Technical Vocational High School', 'school', 68_000, ['75 Malcolm X Boulevard', 42.3313, -71.089], 'gas+water', 210, [3_650_000, 1_450], ['Workshop B', 'Room 201', 'Cafeteria']),
  row('east-boston-high', 'East Boston High School', 'school', 21_000, ['86 White Street', 42.3796, -71.0377], 'gas+water', 0, [1_200_000, 480], ['Room 305', 'Gymnasium']),
  row('charlestown-high', 'Charlestown High School', 'school', 24_000, ['240 Medford Street', 42.3796, -71.0626], 'gas+water', 0, [1_370_000, 530], ['Room 118', 'Library']),
  row('mason-pool', 'Mason Pool', 'pool', 1_900, ['176 Norfolk Avenue', 42.3246, -71.0672], 'gas+water', 0, [540_000, 130], ['Pool hall', 'Changing rooms']),
  row('draper-pool', 'Draper Pool', 'pool', 2_100, ['5279 Washington Street', 42.2647, -71.1565], 'gas+water', 60, [690_000, 140], ['Pool hall', 'Lobby']),
  row('curley-center', 'Curley Community Center', 'community', 5_300, ['1663 Columbia Road', 42.3287, -71.0371], 'gas+water', 90, [410_000, 190], ['Sports hall', 'Fitness room']),
  row('tobin-center', 'Tobin Community Center', 'community', 3_900, ['1481 Tremont Street', 42.3328, -71.0985], 'gas+water', 0, [380_000, 145], ['Gymnasium', 'Music room']),
  row('hyde-park-center', 'Hyde Park Community Center', 'community', 4_600, ['1179 River Street', 42.2556, -71.1247], 'gas+water', 75, [360_000, 160], ['Main hall', 'Craft room']),
  row('engine-33', 'Fire Station, Engine 33', 'fire-station', 1_400, ['941 Boylston Street', 42.3479, -71.0869], 'gas+water', 0, [204_000, 50], ['Apparatus floor', 'Bunk room']),
  row('engine-10', 'Fire Station, Engine 10', 'fire-station', 2_300, ['125 Purchase Street', 42.3543, -71.0541], 'gas+water', 0, [335_000, 80], ['Apparatus floor', 'Bunk room']),
  row('fire-headquarters', 'Fire Headquarters', 'fire-station', 6_500, ['115 Southampton Street', 42.3325, -71.0671], 'gas+water', 0, [940_000, 230], ['Fire alarm office', 'Training room']),
  row('police-headquarters', 'Police Headquarters', 'police', 17_000, ['1 Schroeder Plaza', 42.3346, -71.0919], 'gas+water', 0, [3_260_000, 720], ['Dispatch', 'Briefing room', 'Lobby']),
  row('police-a1', 'Police Station, District A-1', 'police', 4_900, ['40 New Sudbury Street', 42.3617, -71.0601], 'gas+water', 0, [935_000, 210], ['Front desk', 'Roll-call room']),
  row('frontage-depot', 'Public Works Depot, Frontage Road', 'depot', 9_200, ['400 Frontage Road', 42.3396, -71.0646], 'gas+water', 140, [440_000, 145], ['Workshop', 'Office']),
  row('franklin-park-yard', 'Parks Maintenance Yard, Franklin Park', 'depot', 3_100, ['Circuit Drive, Franklin Park', 42.3025, -71.089], 'gas+water', 0, [202_000, 50], ['Workshop']),
  row('menino-pavilion', 'City Hospital, Menino Pavilion', 'hospital', 38_000, ['840 Harrison Avenue', 42.3348, -71.073], 'gas+water', 0, [12_700_000, 2_550], ['Emergency waiting', 'Ward 6', 'Cafeteria']),
  row('old-state-house', 'Old State House', 'museum', 1_300, ['206 Washington Street', 42.3588, -71.0575], 'water', 0, [144_000, 50], ['Council chamber', 'Gallery']),
  row('faneuil-hall', 'Faneuil Hall', 'museum', 4_200, ['1 Faneuil Hall Square', 42.36, -71.0563], 'gas+water', 0, [465_000, 160], ['Great hall', 'Armory museum']),
  row('strand-theatre', 'Strand Theatre', 'theatre', 3_700, ['543 Columbia Road', 42.3164, -71.0657], 'gas+water', 0, [480_000, 200], ['Auditorium', 'Foyer']),
  row('city-archives', 'City Archives', 'archive', 6_100, ['201 Rivermoor Street', 42.2783, -71.165], 'gas', 110, [510_000, 125], ['Stack 1', 'Reading room']),
  row('southampton-shelter', 'Southampton Street Shelter', 'shelter', 4_800, ['112 Southampton Street', 42.3318, -71.0685], 'gas+water', 0, [725_000, 175], ['Dormitory 2', 'Dining room']),
];
