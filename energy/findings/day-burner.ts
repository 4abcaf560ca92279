/** Lamps that burn while the sun is up: now, or by night at the last noon. */
import { inWords } from '../calendar.ts';
import { DAY_FROM_DEG, lampState, STANDBY_W } from '../lamp-state.ts';
import { sunCrossings, sunElevation } from '../sun.ts';
import {
  aFinding,
  type CircuitInput,
  devicesOf,
  type Finding,
  figure,
  type LampInput,
  type Rule,
  written,
} from './finding.ts';

const HALF_DAY_MS = 43_200_000;

export const dayBurner: Rule = ({ now, circuits }) =>
  circuits.flatMap((circuit) => {
    const found = judge(circuit, now);
    return found === undefined ? [] : [found];
  });

function judge(circuit: CircuitInput, now: number): Finding | undefined {
  const { position, lamps, site, name, zone, noonAt } = circuit;
  if (position === undefined) return undefined;
  const elevation = sunElevation(now, position);
  const isDay = elevation > DAY_FROM_DEG;
  if (!isDay && sunElevation(noonAt, position) <= DAY_FROM_DEG) return undefined;
  const burning = lamps.filter((lamp) =>
    isDay ? lampState(lamp.now, now, elevation) === 'day-burner' : (lamp.noon?.powerW ?? 0) > STANDBY_W,
  );
  if (burning.length === 0) return undefined;
  const watts = burning.reduce((sum, lamp) => sum + powerOf(lamp, isDay), 0);
  const at = isDay ? now : noonAt;
  const rise = sunCrossings(floorMinute(at - HALF_DAY_MS), at, position, DAY_FROM_DEG).findLast(({ rises }) => rises);
  const [only] = burning;
  const isOne = burning.length === 1 && only !== undefined;
  const which = isOne ? only.name : `${burning.length} of ${lamps.length} lamps`;
  return aFinding({
    kind: 'day-burner',
    severity: 'warning',
    site,
    ...(isOne ? { gateway: only.gateway, device: only.device } : {}),
    devices: devicesOf(burning),
    since: rise?.time ?? at,
    title: `${which} of ${name} ${isOne ? 'burns' : 'burn'} by day`,
    words:
      `${isDay ? 'Now, with the sun up' : `At noon (${inWords(noonAt, zone)})`}, ${names(burning)} ` +
      `${isOne ? 'takes' : 'take'} ${written(watts)} W that nobody sees.`,
    whatToDo:
      'Send somebody to the lamp controller: a stuck relay or a lost dimming bus keeps the lamp on. When a whole circuit burns, look at its switch cabinet and its light sensor.',
    figures: [figure('Lamps that burn', burning.length, ''), figure('Power', watts, 'W', 1)],
  });
}

function powerOf(lamp: LampInput, isDay: boolean): number {
  return (isDay ? lamp.now.powerW : lamp.noon?.powerW) ?? lamp.nominalW ?? 0;
}

function names(lamps: readonly LampInput[]): string {
  const first = lamps.slice(0, 5).map(({ name }) => name);
  const more = lamps.length - first.length;
  return `${first.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function floorMinute(time: number): number {
  return Math.floor(time / 60_000) * 60_000;
}
