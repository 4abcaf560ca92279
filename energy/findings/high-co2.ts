/** Rooms with stale air, for half an hour and more. */
import { inWords } from '../calendar.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import { aFinding, figure, type QuarterSeries, type RoomInput, type Rule, written } from './finding.ts';

/** Above it the air of a room is no longer fresh by common guidance (Pettenkofer's 1,000 ppm; UBA 2008: 1,000–2,000 "elevated"). */
export const HIGH_PPM = 1_000;
/** A quarter more than people come to in a room aired by its rules: the airing does not work. */
export const CRITICAL_PPM = 1_400;
/** Doors closed for a meeting are no fault. */
const SUSTAINED_QUARTERS = 2;
/** Two runs with a break as short are one: the break is a break. */
const BREAK_QUARTERS = 4;
/** A run that ended this long ago is over. */
const OVER_QUARTERS = 4;
const LOOK_BACK_MS = 86_400_000;

interface Run {
  readonly from: number;
  readonly to: number;
  readonly peak: number;
  readonly quarters: number;
}

export const highCo2: Rule = ({ now, rooms }) =>
  rooms.flatMap((room) => {
    const run = runsOf(room.co2).findLast(({ quarters }) => quarters >= SUSTAINED_QUARTERS);
    if (run === undefined || run.to < now - LOOK_BACK_MS) return [];
    return [tell(room, run, run.to >= now - OVER_QUARTERS * QUARTER_MS)];
  });

function tell(room: RoomInput, run: Run, isNow: boolean) {
  const { site, siteName, zone, gateway, device, name } = room;
  const hours = (run.quarters * QUARTER_MS) / 3_600_000;
  const severe = run.peak > CRITICAL_PPM;
  return aFinding({
    kind: 'high-co2',
    severity: severe ? (isNow ? 'critical' : 'warning') : isNow ? 'warning' : 'info',
    site,
    gateway,
    device,
    since: run.from,
    title: `Stale air: ${name}, ${siteName}`,
    words:
      `CO₂ ${isNow ? 'is' : 'was'} above ${written(HIGH_PPM)} ppm for ${written(hours, 1)} h, ` +
      `at most ${written(run.peak)} ppm; it rose above it on ${inWords(run.from, zone)}${isNow ? '' : ' and is below it now'}.`,
    whatToDo:
      'Open windows now; then look whether the ventilation of the room runs, its dampers open, and whether more people use it than it is made for.',
    figures: [figure('Highest quarter hour', run.peak, 'ppm'), figure('Above 1,000 ppm for', hours, 'h', 2)],
  });
}

function runsOf({ firstSlot, values }: QuarterSeries): Run[] {
  const runs: Run[] = [];
  for (const [place, value] of values.entries()) {
    if (!(value > HIGH_PPM)) continue;
    const from = (firstSlot + place) * QUARTER_MS;
    const last = runs.at(-1);
    if (last !== undefined && from - last.to <= BREAK_QUARTERS * QUARTER_MS) {
      runs[runs.length - 1] = {
        from: last.from,
        to: from + QUARTER_MS,
        peak: Math.max(last.peak, value),
        quarters: last.quarters + 1,
      };
    } else runs.push({ from, to: from + QUARTER_MS, peak: value, quarters: 1 });
  }
  return runs;
}
