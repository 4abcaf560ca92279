/** City: what does the city use, what does it cost, what does it emit, and how much of that was measured? */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board } from '../board.ts';
import { lines, stat, table } from '../panels.ts';
import { byDay, measuredOf, ofSites, power, SITE_DAYS, SITE_QUARTERS } from '../queries.ts';
import { MEASURED, stepsUp } from '../thresholds.ts';
import { SITES } from '../variables.ts';

const NOT_YET = 'No rolled-up figures in this time yet';
const BUILDING = { title: 'Open the building', board: 'lamplighter-building' };

/** Sum of a field over the days of the chosen sites. */
const days = (field: string, more = '') =>
  ({
    from: 'long',
    text: `SELECT sum("${field}") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')}${more}`,
    alias: 'Electricity',
  }) as const;

export function cityBoard(zone: string): Dashboard {
  const today = {
    from: 'quarters',
    text: `SELECT sum("consumption") FROM ${SITE_QUARTERS} WHERE ${ofSites('electricity')}`,
    alias: 'Electricity',
  } as const;
  const small = { span: 4, height: 4, noData: NOT_YET } as const;
  return board({
    uid: 'lamplighter-city',
    title: 'City',
    question: 'What does the city use, what does it cost, what does it emit, and how much of that was measured?',
    time: { from: 'now-30d/d', to: 'now' },
    refresh: '1m',
    zone,
    variables: [SITES],
    rows: [
      {
        title: 'Now',
        panels: [
          stat({
            ...small,
            title: 'Power now',
            description:
              'Mean power that the chosen sites took from the grid in the last quarter hour that is rolled up: the consumption of their main meters times four.',
            unit: 'kwatt',
            decimals: 0,
            spark: true,
            timeFrom: '24h',
            queries: [{ from: 'quarters', text: power('electricity'), alias: 'Power' }],
          }),
          stat({
            ...small,
            title: 'Electricity today',
            description:
              'Taken from the grid since local midnight, up to the last quarter hour that is rolled up. Beside it the same part of the same weekday of last week.',
            unit: 'kwatth',
            decimals: 0,
            timeFrom: 'now/d',
            queries: [today],
          }),
          stat({
            ...small,
            title: 'A week before',
            description: 'Electricity of the same weekday of last week, up to the same time of day.',
            unit: 'kwatth',
            decimals: 0,
            timeFrom: 'now/d',
            timeShift: '7d',
            queries: [today],
          }),
          stat({
            ...small,
            title: 'Cost this month',
            description:
              'Charges by the unit by each site’s tariff (docs/analytics.md), without demand and fixed charges. Sites without a tariff are not in it.',
            unit: 'currencyUSD',
            decimals: 0,
            timeFrom: 'now/M',
            queries: [days('cost', ` AND "has_cost" = 1`)],
          }),
          stat({
            ...small,
            title: 'Emissions this month',
            description:
              'Location-based CO₂ equivalents of the electricity of this month, by the newest factor of the grid (docs/analytics.md).',
            unit: 'massg',
            decimals: 1,
            timeFrom: 'now/M',
            queries: [
              {
                from: 'long',
                text: `SELECT sum("kgco2e") * 1000 FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} AND "has_kgco2e" = 1`,
                alias: 'Emissions',
              },
            ],
          }),
          stat({
            ...small,
            title: 'Measured',
            description:
              'How much of the last day was measured, over all meters of the chosen sites; a silent meter counts as not measured. Below 95 % look at Gateways before you trust a sum.',
            unit: 'percent',
            decimals: 1,
            steps: MEASURED,
            timeFrom: '24h',
            queries: [
              {
                from: 'quarters',
                text: `SELECT mean("coverage") FROM ${SITE_QUARTERS} WHERE ${measuredOf('electricity')}`,
                alias: 'Measured',
              },
            ],
          }),
        ],
      },
      {
        title: 'This month',
        panels: [
          stat({
            ...small,
            span: 6,
            title: 'Electricity this month',
            description: 'Taken from the grid on the civil days of this month, today as far as it is known.',
            unit: 'kwatth',
            decimals: 0,
            timeFrom: 'now/M',
            queries: [days('consumption')],
          }),
          stat({
            ...small,
            span: 6,
            title: 'The same days a year before',
            description:
              'The same civil days of the year before; the last of them counts as a whole day. Weekdays fall otherwise, and weather is not taken out.',
            unit: 'kwatth',
            decimals: 0,
            noData: 'No figures of a year before',
            timeFrom: 'now/M',
            timeShift: '1y',
            queries: [days('consumption')],
          }),
          stat({
            ...small,
            span: 6,
            title: 'Budget used this month',
            description:
              'Electricity of the sites that have a budget, over what of their fiscal year’s budget falls on the days so far (today as a whole day). Above 100 % they use more than planned.',
            unit: 'percentunit',
            decimals: 0,
            noData: 'No site has a budget (register: budget_kwh)',
            steps: stepsUp(1, 1.1),
            timeFrom: 'now/M',
            queries: [
              {
                from: 'long',
                text: `SELECT sum("consumption") / sum("budget_kwh") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} AND "has_budget" = 1`,
                alias: 'Budget used',
              },
            ],
          }),
          stat({
            ...small,
            span: 6,
            title: 'Spread over gaps',
            description:
              'Share of the electricity shown that is a known difference spread evenly over a gap: its sum is right, its hours are not.',
            unit: 'percentunit',
            decimals: 1,
            steps: stepsUp(0.02, 0.1),
            queries: [
              {
                from: 'long',
                text: `SELECT sum("interpolated") / sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')}`,
                alias: 'Spread over gaps',
              },
            ],
          }),
        ],
      },
      {
        title: 'Use over time',
        panels: [
          lines({
            title: 'Electricity by day',
            description:
              'What the chosen sites took from the grid on each civil day (23 or 25 hours when the clocks change). A day of which nothing is known is empty, not zero.',
            unit: 'kwatth',
            decimals: 0,
            min: 0,
            noData: NOT_YET,
            span: 12,
            height: 9,
            bars: true,
            legend: false,
            queries: [{ ...days('consumption'), text: `${days('consumption').text} ${byDay(zone)}` }],
          }),
          lines({
            title: 'Power',
            description:
              'Mean power that the chosen sites took from the grid together. What was not measured is missing in it.',
            unit: 'kwatt',
            decimals: 0,
            min: 0,
            noData: NOT_YET,
            span: 12,
            height: 9,
            fill: true,
            legend: false,
            queries: [{ from: 'quarters', text: power('electricity'), alias: 'Power' }],
          }),
          lines({
            title: 'Measured by day',
            description: 'How much of each civil day was measured, over all meters of the chosen sites.',
            unit: 'percent',
            decimals: 1,
            min: 0,
            max: 100,
            noData: NOT_YET,
            span: 12,
            height: 7,
            bars: true,
            legend: false,
            steps: MEASURED,
            queries: [
              {
                from: 'long',
                text: `SELECT mean("coverage") FROM ${SITE_DAYS} WHERE ${measuredOf('electricity')} ${byDay(zone)}`,
                alias: 'Measured',
              },
            ],
          }),
          lines({
            title: 'Made on roofs and fed in by day',
            description:
              'Solar generation of the chosen sites on each civil day, and what of it was fed into the grid.',
            unit: 'kwatth',
            decimals: 0,
            min: 0,
            noData: 'No chosen site has a solar roof',
            span: 12,
            height: 7,
            bars: true,
            queries: (['solar', 'export'] as const).map((carrier) => ({
              from: 'long',
              text: `SELECT sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites(carrier)} ${byDay(zone)}`,
              alias: carrier === 'solar' ? 'Made' : 'Fed in',
            })),
          }),
        ],
      },
      {
        title: 'Sites',
        panels: [
          table({
            title: 'Sites that use most',
            description:
              'Electricity, highest quarter-hour demand, cost, emissions and completeness of each site in the time shown, the most first. A click on a site opens it.',
            unit: 'none',
            decimals: 0,
            noData: NOT_YET,
            span: 24,
            height: 11,
            most: 'Electricity',
            rename: { site: 'Site' },
            columns: {
              Site: { link: { ...BUILDING, site: '__value.raw' } },
              Electricity: { unit: 'kwatth', isBar: true },
              Peak: { unit: 'kwatt', decimals: 1 },
              Cost: { unit: 'currencyUSD' },
              Emissions: { unit: 'masskg' },
              Measured: { unit: 'percent', decimals: 1, steps: MEASURED },
            },
            queries: [
              {
                from: 'long',
                text: `SELECT sum("consumption") AS "Electricity", max("peak") AS "Peak", sum("cost") AS "Cost", sum("kgco2e") AS "Emissions", mean("coverage") AS "Measured" FROM ${SITE_DAYS} WHERE ${measuredOf('electricity')} GROUP BY "site"`,
                format: 'table',
              },
            ],
          }),
        ],
      },
    ],
  });
}
