/** A circuit whose lamps are told to burn and take no power: now, or by day in the last night. */
import { inWords } from '../calendar.ts';
import { lampState, NIGHT_FROM_DEG, STANDBY_W } from '../lamp-state.ts';
import { sunCrossings, sunElevation } from '../sun.ts';
import { aFinding, type CircuitInput, devicesOf, type Finding, figure, type Rule } from './finding.ts';

/** One lamp of many that still burns hangs on another phase; below this it is a matter of lamps. */
const DARK_SHARE = 0.8;
/** A single lamp without power is a lamp that failed. */
const FEWEST_LAMPS = 2;
const HALF_DAY_MS = 43_200_000;

export const darkCircuit: Rule = ({ now, circuits }) =>
  circuits.flatMap((circuit) => {
    const found = judge(circuit, now);
    return found === undefined ? [] : [found];
  });

function judge(circuit: CircuitInput, now: number): Finding | undefined {
  const { position, lamps, site, name, zone, midnightAt } = circuit;
  if (position === undefined) return undefined;
  const elevation = sunElevation(now, position);
  const isNight = elevation < NIGHT_FROM_DEG;
  if (!isNight && sunElevation(midnightAt, position) >= NIGHT_FROM_DEG) return undefined;
  const told = lamps.filter(({ now: state, midnight }) =>
    isNight
      ? (state.command ?? 0) > 0 && lampState(state, now, elevation) !== 'silent'
      : (midnight?.command ?? 0) > 0 && midnight?.powerW !== undefined,
  );
  const dark = told.filter((lamp) => ((isNight ? lamp.now.powerW : lamp.midnight?.powerW) ?? 0) <= STANDBY_W);
  if (told.length < FEWEST_LAMPS || dark.length < DARK_SHARE * told.length) return undefined;
  const at = isNight ? now : midnightAt;
  const from = Math.floor((at - HALF_DAY_MS) / 60_000) * 60_000;
  const dusk = sunCrossings(from, at, position, NIGHT_FROM_DEG).findLast(({ rises }) => !rises);
  const missing = dark.reduce((sum, { nominalW }) => sum + (nominalW ?? 0), 0) / 1_000;
  return aFinding({
    kind: 'dark-circuit',
    severity: 'critical',
    site,
    gateway: dark[0]?.gateway ?? null,
    devices: devicesOf(dark),
    since: dusk?.time ?? at,
    title: `${name} is dark`,
    words:
      `${dark.length} of ${told.length} lamps are told to burn and take no power ` +
      `${isNight ? 'now' : `(last night, ${inWords(midnightAt, zone)})`}. The street was not lit.`,
    whatToDo:
      'Send a crew to the switch cabinet: main fuse, contactor, residual-current breaker, cable. The lamp controllers answer, so the fault lies between cabinet and drivers.',
    figures: [
      figure('Dark lamps', dark.length, ''),
      figure('Lamps told to burn', told.length, ''),
      ...(missing > 0 ? [figure('Missing power', missing, 'kW', 2)] : []),
    ],
  });
}
