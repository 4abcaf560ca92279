/** Water and gas that run at night though nobody is there: leaks, cisterns, valves that do not close. */
import { median, quantile } from '../../energy/analytics/quantile.ts';
import { figure, written } from '../../energy/findings/finding.ts';
import type { AlertInputs, DayFacts, NightsInput } from '../alert-inputs.ts';
import type { AlertPlace, AlertRule, Firing } from '../alert-rule.ts';
import { toldByAnalysis } from '../grafana-form.ts';
import { watchedAtNight } from './energy.ts';

/** 05:00: when the night that is looked at ends (alerts/reading/day-facts.ts). */
const NIGHT_ENDS_MS = 5 * 3_600_000;
const NIGHTS = 2;
const BEFORE_NIGHTS = 28;
const FEWEST_BEFORE = 10;
/** The quiet nights of a building, so that the first weeks of a leak do not pass for the usual. */
const QUIET = 0.25;
const TIMES_THE_QUIET = 2;
/** A cistern that runs takes 0.1 to 0.4 m³/h. */
const WORTH_WATER_M3_PER_H = 0.1;

interface Nights {
  readonly last: readonly DayFacts[];
  readonly before: readonly DayFacts[];
}

function nightsOf({ days }: NightsInput, now: number): Nights {
  const past = days.filter(({ from }) => from + NIGHT_ENDS_MS <= now);
  return { last: past.slice(-NIGHTS), before: past.slice(-NIGHTS - BEFORE_NIGHTS, -NIGHTS) };
}

type Flow = 'nightWater' | 'nightGas';

function known(days: readonly DayFacts[], flow: Flow): number[] {
  return days.flatMap((day) => (day[flow] === null ? [] : [day[flow] as number]));
}

/** What both last nights took at the least. */
function lowest(nights: Nights, flow: Flow): number | undefined {
  const flows = known(nights.last, flow);
  return flows.length < NIGHTS ? undefined : Math.min(...flows);
}

function unknownNight(words: string, flow: Flow) {
  return (inputs: AlertInputs, { site }: AlertPlace): string | undefined => {
    const input = inputs.nights.find((one) => one.site === site);
    if (input === undefined) return undefined;
    const nights = nightsOf(input, inputs.now);
    if (lowest(nights, flow) === undefined) return `${words} of the last two nights is not known`;
    return known(nights.before, flow).length < FEWEST_BEFORE ? `${words} of the nights before is not known` : undefined;
  };
}

export const waterNightFlow: AlertRule = {
  id: 'water-night-flow',
  title: 'Water runs at night',
  summary:
    'In each of the last two nights (01:00 to 05:00) even the lowest hour took twice as much water as on the quiet nights of the four weeks before, and 0.1 m³/h more. Not for buildings in use at night, nor before ten nights are known.',
  whatToDo:
    'Walk the building when it is empty: cisterns, urinal flushing, garden taps, cooling towers, boiler feed. Then close the valves of the floors one by one and watch the meter.',
  severity: 'warning',
  owner: 'facilities',
  forMs: 0,
  keepMs: 0,
  reads: ['nights'],
  place: ['site'],
  evaluate: ({ now, nights }) =>
    nights.filter(watchedAtNight).flatMap((input): Firing[] => {
      const ofSite = nightsOf(input, now);
      const flow = lowest(ofSite, 'nightWater');
      const before = known(ofSite.before, 'nightWater').sort((one, other) => one - other);
      if (flow === undefined || before.length < FEWEST_BEFORE) return [];
      const quiet = quantile(before, QUIET);
      if (flow < TIMES_THE_QUIET * quiet || flow - quiet < WORTH_WATER_M3_PER_H) return [];
      return [
        {
          severity: 'warning',
          site: input.site,
          title: `Water runs at night: ${input.name}`,
          words: `In the last two nights it never took less than ${written(flow, 2)} m³/h; on quiet nights it takes ${written(quiet, 2)} m³/h.`,
          figures: [
            figure('At night', flow, 'm³/h', 2),
            figure('Usual', quiet, 'm³/h', 2),
            figure('A day of the difference', (flow - quiet) * 24, 'm³', 1),
          ],
        },
      ];
    }),
  unknown: unknownNight('its water use', 'nightWater'),
  grafana: toldByAnalysis('water-night-flow'),
};

const WORTH_GAS_M3_PER_H = 0.5;
const TIMES_AS_COLD = 1.5;
const FEWEST_AS_COLD = 3;
/** A night this much warmer still needs about as much heat. */
const WARMER_C = 1;

export const gasNightFlow: AlertRule = {
  id: 'gas-night-flow',
  title: 'Gas runs at night',
  summary:
    'In each of the last two nights (01:00 to 05:00) even the lowest hour took half as much gas again, and 0.5 m³/h more, as the most that any night took that was at least as cold, of the four weeks before. Needs an outdoor temperature and three such nights: of the first cold nights of a season nothing is said.',
  whatToDo:
    'If it smells of gas: leave, open nothing electric, call the utility. Otherwise look at the boiler’s night setback and at hot water that is kept warm for nobody.',
  severity: 'warning',
  owner: 'facilities',
  forMs: 0,
  keepMs: 0,
  reads: ['nights'],
  place: ['site'],
  evaluate: ({ now, nights }) =>
    nights.filter(watchedAtNight).flatMap((input): Firing[] => {
      const ofSite = nightsOf(input, now);
      const flow = lowest(ofSite, 'nightGas');
      const asCold = flowsAsCold(ofSite);
      if (flow === undefined || asCold.length < FEWEST_AS_COLD) return [];
      const most = Math.max(...asCold);
      if (flow < TIMES_AS_COLD * most || flow - most < WORTH_GAS_M3_PER_H) return [];
      return [
        {
          severity: 'warning',
          site: input.site,
          title: `Gas runs at night: ${input.name}`,
          words: `In the last two nights it never took less than ${written(flow, 2)} m³/h; nights as cold took at most ${written(most, 2)} m³/h.`,
          figures: [
            figure('At night', flow, 'm³/h', 2),
            figure('Nights as cold, at most', most, 'm³/h', 2),
            figure('Nights as cold, usual', median(asCold), 'm³/h', 2),
          ],
        },
      ];
    }),
  unknown: (inputs, place) => {
    const why = unknownNight('its gas use', 'nightGas')(inputs, place);
    const input = inputs.nights.find((one) => one.site === place.site);
    if (why !== undefined || input === undefined) return why;
    return flowsAsCold(nightsOf(input, inputs.now)).length < FEWEST_AS_COLD
      ? 'too few of the nights before were as cold'
      : undefined;
  },
  grafana: toldByAnalysis('gas-night-flow'),
};

/** Of the nights before that were at least as cold as the colder one of the last. */
function flowsAsCold({ last, before }: Nights): number[] {
  const temperatures = last.flatMap(({ nightC }) => (nightC === null ? [] : [nightC]));
  if (temperatures.length < NIGHTS) return [];
  const coldest = Math.min(...temperatures);
  return known(
    before.filter(({ nightC }) => nightC !== null && nightC <= coldest + WARMER_C),
    'nightGas',
  );
}
