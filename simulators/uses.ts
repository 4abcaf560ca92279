/**
 * How buildings of a use behave: one row each. Energy and water per floor area are of the size that city benchmarking
 * shows for such uses; they make a plausible city, not a statistic.
 */

export type Hours = readonly [opens: number, closes: number] | undefined;

export interface BuildingUse {
  /** Electric power when open and at night, watts per square metre. */
  readonly openWPerM2: number;
  readonly baseWPerM2: number;
  /** Additional power per degree above 19 °C outdoors while open, watts per square metre. */
  readonly coolingWPerM2: number;
  /** Gas per degree below 15 °C outdoors, litres an hour per square metre, when open; 60 % of it at night. */
  readonly heatingLPerM2: number;
  /** Water while open, litres an hour per square metre. */
  readonly waterLPerM2: number;
  readonly weekday: Hours;
  readonly saturday: Hours;
  readonly sunday: Hours;
  /** Closed when school is out. */
  readonly followsSchool: boolean;
  /** People of a busy room, as the rise of CO₂ they cause, ppm. */
  readonly crowdPpm: number;
  readonly indoorC: number;
}

const OFFICE: BuildingUse = {
  openWPerM2: 22,
  baseWPerM2: 7,
  coolingWPerM2: 0.9,
  heatingLPerM2: 0.24,
  waterLPerM2: 0.09,
  weekday: [7, 18.5],
  saturday: undefined,
  sunday: undefined,
  followsSchool: false,
  crowdPpm: 520,
  indoorC: 21.5,
};

export const USES = {
  office: OFFICE,
  library: {
    ...OFFICE,
    openWPerM2: 19,
    baseWPerM2: 6,
    waterLPerM2: 0.06,
    weekday: [8.5, 20],
    saturday: [9, 17],
    sunday: [12, 17],
    crowdPpm: 450,
  },
  school: {
    ...OFFICE,
    openWPerM2: 15,
    baseWPerM2: 3.5,
    coolingWPerM2: 0.3,
    waterLPerM2: 0.14,
    weekday: [6.5, 16.5],
    followsSchool: true,
    crowdPpm: 640,
    indoorC: 20.5,
  },
  pool: {
    ...OFFICE,
    openWPerM2: 48,
    baseWPerM2: 27,
    coolingWPerM2: 0.4,
    heatingLPerM2: 0.62,
    waterLPerM2: 0.9,
    weekday: [6, 21],
    saturday: [8, 18],
    sunday: [9, 17],
    crowdPpm: 380,
    indoorC: 27.5,
  },
  community: {
    ...OFFICE,
    openWPerM2: 17,
    baseWPerM2: 5,
    waterLPerM2: 0.16,
    weekday: [9, 21],
    saturday: [10, 18],
    sunday: [10, 14],
    crowdPpm: 600,
  },
  'fire-station': {
    ...OFFICE,
    openWPerM2: 16,
    baseWPerM2: 11,
    heatingLPerM2: 0.36,
    waterLPerM2: 0.2,
    weekday: [6, 23],
    saturday: [6, 23],
    sunday: [6, 23],
    crowdPpm: 300,
    indoorC: 20.5,
  },
  police: {
    ...OFFICE,
    openWPerM2: 21,
    baseWPerM2: 15,
    waterLPerM2: 0.12,
    weekday: [6, 23.5],
    saturday: [6, 23.5],
    sunday: [6, 23.5],
    crowdPpm: 420,
  },
  depot: {
    ...OFFICE,
    openWPerM2: 12,
    baseWPerM2: 4,
    coolingWPerM2: 0.1,
    heatingLPerM2: 0.42,
    waterLPerM2: 0.1,
    weekday: [5, 17],
    saturday: [6, 12],
    crowdPpm: 200,
    indoorC: 18.5,
  },
  hospital: {
    ...OFFICE,
    openWPerM2: 38,
    baseWPerM2: 26,
    coolingWPerM2: 1.1,
    heatingLPerM2: 0.4,
    waterLPerM2: 0.34,
    weekday: [0, 24],
    saturday: [0, 24],
    sunday: [0, 24],
    crowdPpm: 460,
    indoorC: 22,
  },
  museum: {
    ...OFFICE,
    openWPerM2: 18,
    baseWPerM2: 8,
    waterLPerM2: 0.05,
    weekday: [9, 17],
    saturday: [9, 17],
    sunday: [9, 17],
    crowdPpm: 420,
    indoorC: 20.5,
  },
  theatre: {
    ...OFFICE,
    openWPerM2: 31,
    baseWPerM2: 3,
    waterLPerM2: 0.07,
    weekday: [13, 23],
    saturday: [13, 23.5],
    sunday: [12, 20],
    crowdPpm: 640,
    indoorC: 20,
  },
  archive: {
    ...OFFICE,
    openWPerM2: 13,
    baseWPerM2: 10,
    coolingWPerM2: 0.5,
    waterLPerM2: 0.02,
    weekday: [8.5, 16.5],
    crowdPpm: 120,
    indoorC: 17.5,
  },
  shelter: {
    ...OFFICE,
    openWPerM2: 17,
    baseWPerM2: 11,
    heatingLPerM2: 0.34,
    waterLPerM2: 0.3,
    weekday: [0, 24],
    saturday: [0, 24],
    sunday: [0, 24],
    crowdPpm: 560,
    indoorC: 21.5,
  },
} as const satisfies Readonly<Record<string, BuildingUse>>;

export type BuildingUseName = keyof typeof USES;
