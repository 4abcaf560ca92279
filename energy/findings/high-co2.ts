/** Rooms with stale air: high for two hours, or far too high for half an hour. */
import { CO2_LIMIT_PPM } from '../../contract/air-bands.ts';
import { inWords } from '../calendar.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import { aFinding, figure, type QuarterSeries, type RoomInput, type Rule, written } from './finding.ts';

/**
 * Above it air is poor: worse than class III of EN 16798-1, to which rooms of existing buildings are aired. A full class
 * comes to 1,000 ppm and more in a room whose airing works.
 */
export const HIGH_PPM = CO2_LIMIT_PPM;
/** More than people come to in a room aired by its rules: the airing does not work. */
export const CRITICAL_PPM = 1_400;
/** A lesson or a meeting with the doors closed is over by then. */
const HIGH_QUARTERS = 8;
const CRITICAL_QUARTERS = 2;
/** Two runs with a break as short are one: the break is a break. */
const BREAK_QUARTERS = 4;
/** A run that ended this long ago is over. */
const OVER_QUARTERS = 4;
const LOOK_BACK_MS = 86_400_000;
const HOUR_MS = 4 * QUARTER_MS;
const DAY_MS = 24 * HOUR_MS;
/** This much is read of every room … */
export const ROOM_READ_MS = 26 * HOUR_MS;
/** … and this much of one where that begins in stale air, or nobody could say since when it is stale. */
export const STALE_ROOM_READ_MS = 14 * DAY_MS;
/** Longer than this is told in days. */
const MOST_HOURS = 48;

interface Run {
  readonly from: number;
  readonly to: number;
  readonly peak: number;
  readonly quarters: number;
  /** Quarter hours of it above CRITICAL_PPM. */
  readonly critical: number;
}

export const highCo2: Rule = ({ now, rooms }) =>
  rooms.flatMap((room) => {
    const run = runsOf(room.co2).findLast(
      ({ quarters, critical }) => quarters >= HIGH_QUARTERS || critical >= CRITICAL_QUARTERS,
    );
    if (run === undefined) return [];
    const isNow = run.to >= now - OVER_QUARTERS * QUARTER_MS;
    const isSevere = run.critical >= CRITICAL_QUARTERS;
    // What was a little high and is over needs nobody.
    if (!isNow && !(isSevere && run.to >= now - LOOK_BACK_MS)) return [];
    return [tell(room, run, { isNow, isSevere })];
  });

/** The air was stale already when what is read of the room begins, and was not fresh and stale again since. */
export function isStaleThroughout(co2: QuarterSeries): boolean {
  const run = runsOf(co2).at(-1);
  return run !== undefined && beginsWith(run, co2);
}

/** What was not measured, or is not rolled up yet, is not below the limit. */
function isKnownAfter({ to }: Run, { firstSlot, values }: QuarterSeries): boolean {
  return values.some((value, place) => !Number.isNaN(value) && (firstSlot + place) * QUARTER_MS >= to);
}

function beginsWith({ from }: Run, { firstSlot }: QuarterSeries): boolean {
  return from <= (firstSlot + BREAK_QUARTERS) * QUARTER_MS;
}

function tell(room: RoomInput, run: Run, { isNow, isSevere }: { isNow: boolean; isSevere: boolean }) {
  const { site, siteName, zone, gateway, device, name } = room;
  const hours = (run.quarters * QUARTER_MS) / HOUR_MS;
  const isOlder = beginsWith(run, room.co2);
  const time = hours <= MOST_HOURS ? `${written(hours, 1)} h` : `${written(hours / 24, 1)} days`;
  return aFinding({
    kind: 'high-co2',
    severity: isSevere && isNow ? 'critical' : 'warning',
    site,
    gateway,
    device,
    since: run.from,
    title: `Stale air: ${name}, ${siteName}`,
    words:
      `CO₂ ${isNow ? 'is' : 'was'} above ${written(HIGH_PPM)} ppm for ${time}${isOlder ? ' or more' : ''}, ` +
      `at most ${written(run.peak)} ppm; it ${isOlder ? 'was above it already' : 'rose above it'} on ` +
      `${inWords(run.from, zone)}${isNow ? '' : isKnownAfter(run, room.co2) ? ' and is below it now' : '; nothing is known since'}.`,
    whatToDo:
      'Open windows now; then look whether the ventilation of the room runs, its dampers open, and whether more people use it than it is made for.',
    figures: [
      figure('Highest quarter hour', run.peak, 'ppm'),
      figure(`Above ${written(HIGH_PPM)} ppm for`, hours, 'h', 2),
    ],
  });
}

function runsOf({ firstSlot, values }: QuarterSeries): Run[] {
  const runs: Run[] = [];
  for (const [place, value] of values.entries()) {
    if (!(value > HIGH_PPM)) continue;
    const from = (firstSlot + place) * QUARTER_MS;
    const last = runs.at(-1);
    const critical = value > CRITICAL_PPM ? 1 : 0;
    if (last !== undefined && from - last.to <= BREAK_QUARTERS * QUARTER_MS) {
      runs[runs.length - 1] = {
        from: last.from,
        to: from + QUARTER_MS,
        peak: Math.max(last.peak, value),
        quarters: last.quarters + 1,
        critical: last.critical + critical,
      };
    } else runs.push({ from, to: from + QUARTER_MS, peak: value, quarters: 1, critical });
  }
  return runs;
}
