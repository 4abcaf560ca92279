/** The streetlight circuits and air stations of the demo city. */

export interface CircuitRow {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly lamps: number;
  /** Nominal power of one lamp, watts. */
  readonly lampW: number;
  /** Dimmed between these hours after midnight, to this level. */
  readonly dimFromHour: number;
  readonly dimToHour: number;
  readonly dimPercent: number;
}

const LAMPS = 40;

type DimmingPlan = readonly [fromHour: number, toHour: number, percent: number];
const DOWNTOWN: DimmingPlan = [1.5, 4.5, 70];
const AVENUE: DimmingPlan = [1, 5, 50];
const PARKWAY: DimmingPlan = [0.5, 5.5, 40];

function circuit(
  id: string,
  street: string,
  latitude: number,
  longitude: number,
  lampW: number,
  [dimFromHour, dimToHour, dimPercent]: DimmingPlan,
): CircuitRow {
  const name = `Streetlights, ${street}`;
  return { id, name, address: street, latitude, longitude, lamps: LAMPS, lampW, dimFromHour, dimToHour, dimPercent };
}

export const CIRCUITS: readonly CircuitRow[] = [
  circuit('seaport-circuit-4', 'Seaport Boulevard', 42.3519, -71.0446, 88, AVENUE),
  circuit('jamaicaway-circuit-11', 'Jamaicaway', 42.3195, -71.1163, 54, PARKWAY),
  circuit('commonwealth-circuit-2', 'Commonwealth Avenue', 42.3512, -71.0803, 72, AVENUE),
  circuit('tremont-circuit-6', 'Tremont Street', 42.3442, -71.0716, 88, DOWNTOWN),
  circuit('blue-hill-circuit-9', 'Blue Hill Avenue', 42.3068, -71.0829, 96, AVENUE),
  circuit('dorchester-circuit-14', 'Dorchester Avenue', 42.2996, -71.0605, 72, AVENUE),
  circuit('hyde-park-circuit-21', 'Hyde Park Avenue', 42.2846, -71.1186, 72, AVENUE),
  circuit('washington-circuit-7', 'Washington Street, Roslindale', 42.2869, -71.1283, 72, AVENUE),
  circuit('bennington-circuit-17', 'Bennington Street', 42.3829, -71.0214, 72, AVENUE),
  circuit('main-circuit-3', 'Main Street, Charlestown', 42.3764, -71.0655, 54, AVENUE),
  circuit('centre-circuit-19', 'Centre Street, West Roxbury', 42.2871, -71.1511, 72, AVENUE),
  circuit('brighton-circuit-12', 'Brighton Avenue', 42.3529, -71.1319, 88, DOWNTOWN),
];

export interface StationRow {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly latitude: number;
  readonly longitude: number;
  /** How much of the city's traffic passes, 0 park to 1 motorway. */
  readonly traffic: number;
}

export const STATIONS: readonly StationRow[] = [
  // biome-ignore format: one station a line
  { id: 'kenmore-air', name: 'Air station, Kenmore Square', address: 'Kenmore Square', latitude: 42.3489, longitude: -71.0976, traffic: 0.8 },
  // biome-ignore format: one station a line
  { id: 'nubian-air', name: 'Air station, Nubian Square', address: 'Harrison Avenue', latitude: 42.3295, longitude: -71.0826, traffic: 0.55 },
  // biome-ignore format: one station a line
  { id: 'von-hillern-air', name: 'Air station, Von Hillern Street', address: 'Von Hillern Street', latitude: 42.3257, longitude: -71.0561, traffic: 1 },
  // biome-ignore format: one station a line
  { id: 'chinatown-air', name: 'Air station, Chinatown', address: 'Harrison Avenue, Chinatown', latitude: 42.3513, longitude: -71.0605, traffic: 0.7 },
  // biome-ignore format: one station a line
  { id: 'east-boston-air', name: 'Air station, East Boston', address: 'Condor Street', latitude: 42.3805, longitude: -71.0304, traffic: 0.45 },
  // biome-ignore format: one station a line
  { id: 'allston-air', name: 'Air station, Allston', address: 'Cambridge Street', latitude: 42.3562, longitude: -71.1257, traffic: 0.75 },
  // biome-ignore format: one station a line
  { id: 'arboretum-air', name: 'Air station, Arnold Arboretum', address: 'Arnold Arboretum', latitude: 42.2986, longitude: -71.1246, traffic: 0.12 },
];
