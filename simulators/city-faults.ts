/**
 * What is wrong in a simulated city. These are part of its truth: a meter that was reset says so on the wire, and the
 * ground truth with it. What only disturbs the way of the readings is in disturbances.ts.
 */

export interface CityFaults {
  /** A building whose ventilation and cooling run day and night. */
  readonly afterHours: readonly { readonly site: string; readonly from: number }[];
  /** A lamp (0 is the first) that burns by day at full power, whatever it is told. */
  readonly dayBurners: readonly { readonly site: string; readonly lamp: number; readonly from: number }[];
  /** A circuit that is told to burn and has no power. */
  readonly darkCircuits: readonly { readonly site: string; readonly from: number }[];
  /** A site whose gateway says nothing from an instant on. */
  readonly silent: readonly { readonly site: string; readonly from: number }[];
  /** A room (0 is the first) that is no longer aired. */
  readonly stale: readonly { readonly site: string; readonly room: number; readonly from: number }[];
  /** Main meters of buildings whose register does not simply go on. A meter may have several, at different times. */
  readonly registers: readonly RegisterFault[];
  /** Main meters of buildings that say something wrong for a while, and are right again. */
  readonly displays: readonly DisplayFault[];
  /** Sites of which nothing is measured for a while: a power cut, a broken line. No later reading makes up for it. */
  readonly pauses: readonly Pause[];
}

/** From `from` on, a main meter's register counts on from `restart`, and over from `limit` to 0 when it has one. */
export interface RegisterFault {
  readonly kind: 'reset' | 'rollover' | 'swap';
  readonly site: string;
  /** Epoch milliseconds. */
  readonly from: number;
  /** kWh; for a roll-over `undefined`: it stands so that it rolls over at `at`. */
  readonly restart?: number | undefined;
  /** kWh at which the register begins again at 0. */
  readonly limit?: number | undefined;
  /** Epoch milliseconds of the roll-over. */
  readonly at?: number | undefined;
}

/** From `from` (epoch milliseconds, inclusive) to `to` (exclusive). */
export interface DisplayFault {
  /**
   * `glitch-zero`: it says 0. `dip`: it says what it showed a minute before `from`, less a last digit. `spike`: it says
   * `by` too much.
   */
  readonly kind: 'glitch-zero' | 'dip' | 'spike';
  readonly site: string;
  readonly from: number;
  readonly to: number;
  /** Of a spike, kWh; a million when absent. */
  readonly by?: number | undefined;
}

export interface Pause {
  readonly site: string;
  /** One device of the site; absent: all of them. */
  readonly device?: string | undefined;
  /** Epoch milliseconds, inclusive; and exclusive. */
  readonly from: number;
  readonly to: number;
}

export const NO_FAULTS: CityFaults = {
  afterHours: [],
  dayBurners: [],
  darkCircuits: [],
  silent: [],
  stale: [],
  registers: [],
  displays: [],
  pauses: [],
};

/** A register of five digits, kWh. */
export const FIVE_DIGITS = 100_000;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * The six that a visitor finds (docs/demo.md lists them). They last, so that they are there on any later day; they
 * begin before the city was founded, so that they are there at once.
 */
export function treasureHunt(founded: number): CityFaults {
  return {
    ...NO_FAULTS,
    afterHours: [{ site: 'madison-park-high', from: founded - 4 * DAY_MS }],
    dayBurners: [{ site: 'commonwealth-circuit-2', lamp: 16, from: founded - 6 * DAY_MS }],
    darkCircuits: [{ site: 'hyde-park-circuit-21', from: founded - 3 * DAY_MS }],
    silent: [{ site: 'tobin-center', from: founded - 7 * HOUR_MS }],
    stale: [{ site: 'menino-pavilion', room: 0, from: founded - 5 * DAY_MS }],
    registers: [{ kind: 'reset', site: 'charlestown-high', from: founded - 5 * DAY_MS, restart: 0 }],
  };
}

/** Where a meter is swapped, where a register rolls over … when that is asked for. */
const SITE_OF = {
  rollover: 'police-headquarters',
  swap: 'bolling-building',
  reset: 'court-street-26',
  glitch: 'latin-school',
  dip: 'east-boston-library',
  spike: 'mass-ave-1010',
  gap: 'curley-center',
} as const;
/** What the register of the new meter shows. */
const SWAP_RESTART_KWH = 12.3;
const GLITCH_FOR_MS = 5 * MINUTE_MS;
const SPIKE_FOR_MS = 3 * MINUTE_MS;
const GAP_FOR_MS = 5 * HOUR_MS;

export const METER_FAULTS = ['rollover', 'swap', 'reset', 'glitch', 'dip', 'spike', 'gap'] as const;
export type MeterFaultName = (typeof METER_FAULTS)[number];

/** The faults of meters that were asked for. */
export type MeterFaults = Pick<CityFaults, 'registers' | 'displays' | 'pauses'>;

/**
 * A fault that begins at `from`, after which nothing may have been told yet. It shows `delayMs` later.
 */
export function meterFault(name: MeterFaultName, from: number, delayMs: number): MeterFaults {
  const site = SITE_OF[name];
  const shows = from + delayMs;
  const display = (kind: DisplayFault['kind'], forMs: number): MeterFaults => ({
    ...NO_METER_FAULTS,
    displays: [{ kind, site, from: shows, to: shows + forMs }],
  });
  switch (name) {
    case 'rollover':
      return { ...NO_METER_FAULTS, registers: [{ kind: name, site, from, limit: FIVE_DIGITS, at: shows }] };
    case 'swap':
      return { ...NO_METER_FAULTS, registers: [{ kind: name, site, from: shows, restart: SWAP_RESTART_KWH }] };
    case 'reset':
      return { ...NO_METER_FAULTS, registers: [{ kind: name, site, from: shows, restart: 0 }] };
    case 'glitch':
      return display('glitch-zero', GLITCH_FOR_MS);
    case 'dip':
      return display('dip', MINUTE_MS);
    case 'spike':
      return display('spike', SPIKE_FOR_MS);
    case 'gap':
      return { ...NO_METER_FAULTS, pauses: [{ site, from: shows, to: shows + GAP_FOR_MS }] };
  }
}

const NO_METER_FAULTS: MeterFaults = { registers: [], displays: [], pauses: [] };

/** Whether the fault is among those of a city already: each can be asked for once. */
export function hasMeterFault({ registers, displays, pauses }: MeterFaults, name: MeterFaultName): boolean {
  const site = SITE_OF[name];
  return [...registers, ...displays, ...pauses].some((fault) => fault.site === site);
}
