/** What buildings take when they should not, or more than they should. */
import { median } from '../../energy/analytics/quantile.ts';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import { figure, written } from '../../energy/findings/finding.ts';
import type { DayFacts, NightsInput } from '../alert-inputs.ts';
import type { AlertRule, Firing } from '../alert-rule.ts';
import { toldByAnalysis } from '../grafana-form.ts';
import { fromFinding } from './from-finding.ts';
import { notMeasuredLately } from './unknown.ts';

const DAY_QUARTERS = 96;

export const afterHours = fromFinding('after-hours', {
  id: 'after-hours',
  title: 'Running after hours',
  summary:
    'While closed, a building takes 70 % and more of what it takes when open, and more than 8 W/m². Of buildings with a schedule that rest at night. It ends with the first quiet closing time.',
  whatToDo:
    'Look at the time programmes of ventilation, cooling and lighting: has one been overridden by hand, or does one not know the closing time? If the building is in use at that time, correct its schedule.',
  severity: 'warning',
  owner: 'facilities',
  forMs: 0,
  keepMs: 0,
  reads: ['buildings'],
  place: ['site'],
  unknown: ({ now, buildings }, { site }) => {
    const building = buildings.find((one) => one.site === site);
    // Without a schedule there is no after hours.
    if (building?.schedule === undefined) return undefined;
    const lately = Math.floor(now / QUARTER_MS) - DAY_QUARTERS;
    return notMeasuredLately(building.load, lately) ? 'its load was not measured in the last 24 hours' : undefined;
  },
  grafana: toldByAnalysis('after-hours'),
});

const NEAR_CONTRACT = 0.9;
const HOUR_QUARTERS = 4;

export const demandNearLimit: AlertRule = {
  id: 'demand-near-limit',
  title: 'Demand near the contract limit',
  summary:
    'In the last hour the demand of a quarter hour reached 90 % of what the supply contract of the site covers (contract_demand_kw in the register); at 100 % it is critical. Only sites that state a limit are watched.',
  whatToDo:
    'Shed what can wait: cooling, charging of vehicles, kitchen, pumps. One quarter hour above the limit sets the demand charge of the month, and with a ratchet that of the year.',
  severity: 'warning',
  owner: 'facilities',
  forMs: 0,
  keepMs: 0,
  reads: ['buildings'],
  place: ['site'],
  evaluate: ({ now, demands }) =>
    demands.flatMap(({ site, name, contractKw, demand }): Firing[] => {
      const fromSlot = Math.floor(now / QUARTER_MS) - HOUR_QUARTERS - 1;
      const values = demand.values.subarray(Math.max(0, fromSlot - demand.firstSlot)).filter((kw) => !Number.isNaN(kw));
      const peak = Math.max(...values);
      if (!(peak >= NEAR_CONTRACT * contractKw)) return [];
      const share = (100 * peak) / contractKw;
      return [
        {
          severity: peak >= contractKw ? 'critical' : 'warning',
          site,
          title: `${name} is ${peak >= contractKw ? 'above' : 'near'} its contract limit`,
          words: `In the last hour it took up to ${written(peak, 1)} kW, ${written(share)} % of the ${written(contractKw)} kW of its contract.`,
          figures: [
            figure('Demand', peak, 'kW', 1),
            figure('Contract', contractKw, 'kW'),
            figure('Share', share, '%', 1),
          ],
        },
      ];
    }),
  unknown: ({ now, demands }, { site }) => {
    const input = demands.find((one) => one.site === site);
    if (input === undefined) return undefined;
    const fromSlot = Math.floor(now / QUARTER_MS) - HOUR_QUARTERS - 1;
    return notMeasuredLately(input.demand, fromSlot) ? 'its demand was not measured in the last hour' : undefined;
  },
  grafana: toldByAnalysis('demand-near-limit'),
};

const RECENT_DAYS = 3;
const BEFORE_DAYS = 28;
const FEWEST_RECENT = 2;
const FEWEST_BEFORE = 14;
const RISE = 1.25;
const WORTH_KW = 2;

export const baseLoadRise: AlertRule = {
  id: 'base-load-rise',
  title: 'Base load risen',
  summary:
    'What a building takes when least is in use (docs/analytics.md) is, as the median of the last three whole days, a quarter and 2 kW higher than the median of the 28 days before. At least 14 of those must be known. Electric heating in the first cold days shows the same.',
  whatToDo:
    'Find what has been running day and night for three days: a pump or fan in manual, a server, a heater, a freezer, lighting. One kilowatt all year is 8,760 kWh.',
  severity: 'warning',
  owner: 'sustainability',
  forMs: 0,
  keepMs: 0,
  reads: ['nights'],
  place: ['site'],
  evaluate: ({ now, nights }) =>
    nights.flatMap(({ site, name, days }): Firing[] => {
      const { recent, before } = basesOf(days, now);
      if (recent.length < FEWEST_RECENT || before.length < FEWEST_BEFORE) return [];
      const [is, was] = [median(recent), median(before)];
      if (is < RISE * was || is - was < WORTH_KW) return [];
      return [
        {
          severity: 'warning',
          site,
          title: `The base load of ${name} has risen`,
          words: `It is ${written(is, 1)} kW, and was ${written(was, 1)} kW in the 28 days before: ${written(100 * (is / was - 1))} % more.`,
          figures: [
            figure('Base load', is, 'kW', 1),
            figure('Before', was, 'kW', 1),
            figure('A year of the difference', (is - was) * 8_760, 'kWh'),
          ],
        },
      ];
    }),
  unknown: ({ now, nights }, { site }) => {
    const input = nights.find((one) => one.site === site);
    if (input === undefined) return undefined;
    const { recent, before } = basesOf(input.days, now);
    if (recent.length < FEWEST_RECENT) return 'its base load of the last days is not known';
    return before.length < FEWEST_BEFORE ? 'its base load of the weeks before is not known' : undefined;
  },
  grafana: toldByAnalysis('base-load-rise'),
};

function basesOf(days: readonly DayFacts[], now: number): { recent: number[]; before: number[] } {
  const known = (some: readonly DayFacts[]) => some.flatMap(({ baseKw }) => (baseKw === null ? [] : [baseKw]));
  const ended = days.filter(({ to }) => to <= now);
  return {
    recent: known(ended.slice(-RECENT_DAYS)),
    before: known(ended.slice(-RECENT_DAYS - BEFORE_DAYS, -RECENT_DAYS)),
  };
}

/** Somebody is there all night, or water must run: baths, wards, dormitories. */
export const IN_USE_AT_NIGHT: ReadonlySet<string> = new Set([
  'hospital',
  'shelter',
  'police',
  'fire-station',
  'pool',
  'residential',
]);

export function watchedAtNight({ use }: Pick<NightsInput, 'use'>): boolean {
  return use === undefined || !IN_USE_AT_NIGHT.has(use);
}
