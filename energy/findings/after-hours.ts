/** A building that takes as much while it is closed as while it is open. */
import { dayFrom, inWords, type Period, startOfDay, wallTime, weekdayOf } from '../calendar.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import {
  aFinding,
  type BuildingInput,
  type Finding,
  figure,
  type OpenHours,
  type QuarterSeries,
  type Rule,
  written,
} from './finding.ts';

/** Closed and with its plant switched off, a building takes a quarter to three fifths of what it takes when open. */
const NEAR_OPEN = 0.7;
/** Manned or kept at their climate around the clock: their nights are like their days. */
const NEVER_ASLEEP: ReadonlySet<string> = new Set(['hospital', 'shelter', 'police', 'fire-station', 'archive']);
/** Plant starts before the doors open and runs out after they close; people stay on. */
const MARGIN_MS = 90 * 60_000;
const SHORTEST_MS = 2 * 3_600_000;
/**
 * Watts per square metre that an empty building takes with everything in it that never sleeps. A school in its holidays
 * takes little by day and by night: that is no fault, though the two are equal.
 */
const EMPTY_W_PER_M2 = 8;
/** A kiosk's refrigerator is not worth a word. */
const WORTH_KW = 2;
const LOOK_BACK_DAYS = 7;

export const afterHours: Rule = ({ now, buildings }) => {
  // A thousand buildings have a dozen schedules, and calendars are slow.
  const openBySchedule = new Map<string, readonly Period[]>();
  const openOf = (schedule: OpenHours, zone: string): readonly Period[] => {
    const key = `${zone} ${schedule.days} ${schedule.open} ${schedule.close}`;
    const open = openBySchedule.get(key) ?? openTimes(schedule, zone, now);
    openBySchedule.set(key, open);
    return open;
  };
  return buildings.flatMap((building) => {
    const found = judge(building, now, openOf);
    return found === undefined ? [] : [found];
  });
};

function judge(
  building: BuildingInput,
  now: number,
  openOf: (schedule: OpenHours, zone: string) => readonly Period[],
): Finding | undefined {
  const { schedule, zone, load, site, name, use, floorAreaM2 } = building;
  if (schedule === undefined || load.values.length === 0) return undefined;
  if (use !== undefined && NEVER_ASLEEP.has(use)) return undefined;
  const open = openOf(schedule, zone);
  // The upper quarter, so that a public holiday in the week does not pass for the usual.
  const openKw = upperQuarter(open.flatMap((period) => known(load, trimmed(period))));
  if (openKw === undefined || openKw < WORTH_KW) return undefined;
  const limitKw = Math.max(NEAR_OPEN * openKw, ((floorAreaM2 ?? 0) * EMPTY_W_PER_M2) / 1_000);

  let since: number | undefined;
  let [times, closedKw, kwh] = [0, 0, 0];
  for (const period of closedTimes(open, now).toReversed()) {
    const inside = trimmed(period);
    const values = known(load, inside);
    if (inside.to - inside.from < SHORTEST_MS || values.length * QUARTER_MS < SHORTEST_MS) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    if (mean < limitKw) break;
    since = period.from;
    if (times++ === 0) [closedKw, kwh] = [mean, (mean * values.length) / 4];
  }
  if (since === undefined) return undefined;
  const share = (100 * closedKw) / openKw;
  return aFinding({
    kind: 'after-hours',
    severity: 'warning',
    site,
    since,
    title: `${name} runs after hours`,
    words:
      `When it was last closed it took ${written(closedKw)} kW, ${written(share)} % of the ${written(openKw)} kW of its ` +
      `open hours${times > 1 ? `; so it was ${times} times in a row, since ${inWords(since, zone)}` : ''}.`,
    whatToDo:
      'Look at the time programmes of ventilation, cooling and lighting: has one been overridden by hand, or does one not know the closing time? If the building is in use at that time, correct its schedule.',
    figures: [
      figure('Closed', closedKw, 'kW', 1),
      figure('Open', openKw, 'kW', 1),
      figure('Taken while last closed', kwh, 'kWh'),
      figure('Times in a row', times, ''),
    ],
  });
}

/** The last week's open times, in order, and the next one. */
function openTimes({ days, open, close }: OpenHours, zone: string, now: number): Period[] {
  const times: Period[] = [];
  for (let offset = -LOOK_BACK_DAYS; offset <= LOOK_BACK_DAYS; offset++) {
    const day = offset === 0 ? startOfDay(now, zone) : dayFrom(now, offset, zone);
    if (!days.includes(weekdayOf(day, zone))) continue;
    times.push({ from: wallTime(day, minutesOf(open), zone), to: wallTime(day, minutesOf(close), zone) });
    if (day > now) break;
  }
  return times;
}

/** Between two open times, as far as they have passed. */
function closedTimes(open: readonly Period[], now: number): Period[] {
  return open.flatMap(({ to }, index) => {
    const next = open[index + 1];
    // A time that is not over yet is looked at as if it ended after now, so that nothing of it is trimmed away.
    const end = next === undefined ? now + MARGIN_MS : Math.min(next.from, now + MARGIN_MS);
    return to < now && to < end ? [{ from: to, to: end }] : [];
  });
}

function trimmed({ from, to }: Period): Period {
  return { from: from + MARGIN_MS, to: to - MARGIN_MS };
}

function known({ firstSlot, values }: QuarterSeries, { from, to }: Period): number[] {
  const begin = Math.max(0, Math.ceil(from / QUARTER_MS) - firstSlot);
  const end = Math.max(begin, Math.floor(to / QUARTER_MS) - firstSlot);
  return [...values.subarray(begin, end)].filter((value) => !Number.isNaN(value));
}

function upperQuarter(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted.length < 8 ? undefined : sorted[Math.floor(0.75 * sorted.length)];
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
