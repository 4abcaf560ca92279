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
  /** Main meters whose register does not simply go on. */
  readonly registers: readonly RegisterFault[];
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

export const NO_FAULTS: CityFaults = {
  afterHours: [],
  dayBurners: [],
  darkCircuits: [],
  silent: [],
  stale: [],
  registers: [],
};

/** A register of five digits, kWh. */
export const FIVE_DIGITS = 100_000;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * The six that a visitor finds (docs/demo.md lists them). They last, so that they are there on any later day; they
 * begin before the city was founded, so that they are there at once.
 */
export function treasureHunt(founded: number): CityFaults {
  return {
    afterHours: [{ site: 'madison-park-high', from: founded - 4 * DAY_MS }],
    dayBurners: [{ site: 'commonwealth-circuit-2', lamp: 16, from: founded - 6 * DAY_MS }],
    darkCircuits: [{ site: 'hyde-park-circuit-21', from: founded - 3 * DAY_MS }],
    silent: [{ site: 'tobin-center', from: founded - 7 * HOUR_MS }],
    stale: [{ site: 'menino-pavilion', room: 0, from: founded - 5 * DAY_MS }],
    registers: [{ kind: 'reset', site: 'charlestown-high', from: founded - 5 * DAY_MS, restart: 0 }],
  };
}

/** Where a meter is swapped and where a register rolls over, when that is asked for. */
const SWAP_SITE = 'bolling-building';
const ROLLOVER_SITE = 'police-headquarters';
/** What the register of the new meter shows. */
const SWAP_RESTART_KWH = 12.3;

/**
 * A register fault that begins at `from`, after which nothing may have been told yet. A roll-over comes `delayMs` later.
 */
export function registerFault(kind: 'rollover' | 'swap', from: number, delayMs: number): RegisterFault {
  if (kind === 'swap') return { kind, site: SWAP_SITE, from: from + delayMs, restart: SWAP_RESTART_KWH };
  return { kind, site: ROLLOVER_SITE, from, limit: FIVE_DIGITS, at: from + delayMs };
}
