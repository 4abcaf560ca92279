/**
 * What the lamps of a circuit did in each quarter hour: service by lamp, not numbers of devices. A lamp that says nothing
 * is a fault of communication, one that is told to burn and takes no power a fault of light.
 */
import type { RollUp } from '../../contract/roll-up.ts';
import type { Period } from '../calendar.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import { DAY_FROM_DEG, isBurning } from '../lamp-state.ts';
import { type Position, sunElevation } from '../sun.ts';

export const LAMP_METRICS = [
  'lamp_command_percent',
  'lamp_dim_level_percent',
  'lamp_power_w',
  'lamp_failure',
  'lamp_energy_kwh',
] as const;

export interface CircuitLamp {
  readonly gateway: string;
  readonly device: string;
  /** Watts at full power, where the register says it. */
  readonly nominalW: number | undefined;
  /** Milliseconds between two words of it; undefined when nobody has said. */
  readonly intervalMs: number | undefined;
  /** When it stood there, epoch milliseconds; may be infinite. */
  readonly stays: readonly Period[];
}

export interface CircuitQuarter {
  /** Epoch milliseconds. */
  readonly start: number;
  readonly lamps: number;
  /** That said anything in three of their intervals; the others are silent. */
  readonly reporting: number;
  /** Told to burn through the whole quarter hour, and of these: that burnt. */
  readonly commanded: number;
  readonly litOfCommanded: number;
  /** That burnt at its end, told or not. */
  readonly lit: number;
  /** That report a failure. */
  readonly failed: number;
  /** Told to burn, without power, and that report no failure: a fuse, a cable. */
  readonly dark: number;
  /** That burnt while the sun was up; 0 where the place is not known. */
  readonly dayBurners: number;
  /** Means over the lamps that report, percent. */
  readonly commandPercent: number;
  readonly levelPercent: number;
  /** What the lamps counted, and what they should have by nominal power and command, kWh. */
  readonly kwh: number;
  readonly expectedKwh: number;
}

/** Share of the nominal power that a driver takes at its lowest; above it LED drivers are near-linear. */
const DRIVER_SHARE = 0.06;

/** Quarter hours for which the last word of a lamp holds: three intervals, so that one lost word is no silence. */
export function heardFor({ intervalMs = 0 }: Pick<CircuitLamp, 'intervalMs'>): number {
  return Math.min(MOST_QUARTERS, Math.max(1, Math.ceil((3 * intervalMs) / QUARTER_MS)));
}

/** A lamp that speaks once a day has said something within it. */
const MOST_QUARTERS = 96;

/**
 * One for each quarter hour of [from, to). `rows`: 15-minute rows of LAMP_METRICS at the site, in any order, from the
 * most that `heardFor` says before `from`.
 */
export function circuitQuarters(
  lamps: readonly CircuitLamp[],
  rows: readonly RollUp[],
  { from, to }: Period,
  position: Position | undefined,
): CircuitQuarter[] {
  const rowOf = new Map(rows.map((row) => [keyOf(row, row.metric, row.start), row]));
  const quarters: CircuitQuarter[] = [];
  for (let start = from; start < to; start += QUARTER_MS) {
    const standing = lamps.filter(({ stays }) => stays.some((stay) => stay.from <= start && start < stay.to));
    const states = standing.map((lamp) =>
      lampIn(lamp, (metric, heard) => {
        for (let back = 0; back < heard; back++) {
          const row = rowOf.get(keyOf(lamp, metric, start - back * QUARTER_MS));
          if (row !== undefined) return row;
        }
        return undefined;
      }),
    );
    quarters.push(summedUp(start, states, position));
  }
  return quarters;
}

interface LampQuarter {
  readonly isReporting: boolean;
  readonly isCommanded: boolean;
  readonly isLit: boolean;
  readonly hasFailed: boolean;
  readonly command: number;
  readonly level: number;
  readonly kwh: number;
  readonly expectedKwh: number;
}

/** `rowOf` gives the newest row of so many quarter hours. */
function lampIn(
  lamp: CircuitLamp,
  rowOf: (metric: (typeof LAMP_METRICS)[number], quarters: number) => RollUp | undefined,
): LampQuarter {
  const heard = heardFor(lamp);
  const command = rowOf('lamp_command_percent', heard);
  const level = rowOf('lamp_dim_level_percent', heard);
  const power = rowOf('lamp_power_w', heard);
  const told = command?.mean ?? 0;
  return {
    isReporting: [command, level, power].some((row) => (row?.count ?? 0) > 0),
    // Switched on or off within it, a quarter hour says nothing about a fault.
    isCommanded: (command?.min ?? 0) > 0,
    isLit: isBurning({ dim: level?.last ?? undefined, powerW: power?.last ?? undefined }),
    hasFailed: (rowOf('lamp_failure', heard)?.last ?? 0) >= 1,
    command: told,
    level: level?.mean ?? 0,
    kwh: rowOf('lamp_energy_kwh', 1)?.consumption ?? 0,
    expectedKwh: ((lamp.nominalW ?? 0) / 1_000) * powerShare(told) * (QUARTER_MS / 3_600_000),
  };
}

function summedUp(start: number, lamps: readonly LampQuarter[], position: Position | undefined): CircuitQuarter {
  const count = (is: (lamp: LampQuarter) => boolean): number => lamps.filter(is).length;
  const reporting = count(({ isReporting }) => isReporting);
  const sum = (of: (lamp: LampQuarter) => number): number => lamps.reduce((total, lamp) => total + of(lamp), 0);
  return {
    start,
    lamps: lamps.length,
    reporting,
    commanded: count(({ isCommanded }) => isCommanded),
    litOfCommanded: count(({ isCommanded, isLit }) => isCommanded && isLit),
    lit: count(({ isLit }) => isLit),
    failed: count(({ hasFailed }) => hasFailed),
    dark: count(({ isCommanded, isLit, hasFailed }) => isCommanded && !isLit && !hasFailed),
    dayBurners: isDay(start, position) ? count(({ isLit }) => isLit) : 0,
    commandPercent: reporting === 0 ? 0 : sum(({ command }) => command) / reporting,
    levelPercent: reporting === 0 ? 0 : sum(({ level }) => level) / reporting,
    kwh: sum(({ kwh }) => kwh),
    expectedKwh: sum(({ expectedKwh }) => expectedKwh),
  };
}

/** The sun is up from its beginning to its end. */
function isDay(start: number, position: Position | undefined): boolean {
  if (position === undefined) return false;
  return sunElevation(start, position) > DAY_FROM_DEG && sunElevation(start + QUARTER_MS, position) > DAY_FROM_DEG;
}

function powerShare(percent: number): number {
  return percent === 0 ? 0 : DRIVER_SHARE + ((1 - DRIVER_SHARE) * percent) / 100;
}

function keyOf({ gateway, device }: { gateway: string; device: string }, metric: string, start: number): string {
  return `${gateway}/${device}/${metric}/${start}`;
}
