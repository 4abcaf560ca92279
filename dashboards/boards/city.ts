/** City: what does the city use, what does it cost, what does it emit, and how much of that was measured? */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board } from '../board.ts';
import { lines, ranking, stat } from '../panels.ts';
import { byDay, ofSites, SITE_DAYS, SITE_QUARTERS } from '../queries.ts';
import { stepsDown } from '../thresholds.ts';
import { SITES } from '../variables.ts';

const NOT_YET = 'No rolled-up figures in this time yet';

export function cityBoard(zone: string): Dashboard {
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
            title: 'Power',
            description:
              'Mean power that all chosen sites took from the grid in the last full quarter hour: the consumption of their main meters times four.',
            unit: 'kwatt',
            decimals: 0,
            noData: NOT_YET,
            span: 4,
            height: 4,
            spark: true,
            timeFrom: '24h',
            queries: [
              {
                from: 'quarters',
                text: `SELECT sum("consumption") * 4 FROM ${SITE_QUARTERS} WHERE ${ofSites('electricity')} GROUP BY time(15m) fill(none)`,
                alias: 'Power',
              },
            ],
          }),
          stat({
            title: 'Energy today',
            description: 'Electricity taken from the grid since local midnight, up to the last full quarter hour.',
            unit: 'kwatth',
            decimals: 0,
            noData: NOT_YET,
            span: 4,
            height: 4,
            timeFrom: 'now/d',
            queries: [
              {
                from: 'quarters',
                text: `SELECT sum("consumption") FROM ${SITE_QUARTERS} WHERE ${ofSites('electricity')}`,
                alias: 'Today',
              },
            ],
          }),
        ],
      },
      {
        title: 'Use by day',
        panels: [
          lines({
            title: 'Electricity by day',
            description:
              'What the chosen sites took from the grid on each civil day (23 or 25 hours when the clocks change). Days without any measurement are empty, not zero.',
            unit: 'kwatth',
            decimals: 0,
            min: 0,
            noData: NOT_YET,
            span: 16,
            height: 9,
            bars: true,
            legend: false,
            queries: [
              {
                from: 'long',
                text: `SELECT sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} ${byDay(zone)}`,
                alias: 'Electricity',
              },
            ],
          }),
          ranking({
            title: 'Sites that use most',
            description: 'Electricity of each site in the time shown. A click opens the building.',
            unit: 'kwatth',
            decimals: 0,
            noData: NOT_YET,
            span: 8,
            height: 9,
            link: {
              title: 'Open the building',
              board: 'lamplighter-building',
              variables: '&var-site=${__field.labels.site}',
            },
            queries: [
              {
                from: 'long',
                text: `SELECT sum("consumption") FROM ${SITE_DAYS} WHERE ${ofSites('electricity')} GROUP BY "site"`,
                alias: '$tag_site',
              },
            ],
            transformations: [{ id: 'sortBy', options: { fields: {}, sort: [{ field: 'Electricity', desc: true }] } }],
          }),
          stat({
            title: 'Measured',
            description:
              'How much of the time shown was measured, over all meters of the chosen sites. Below 95 % look at Gateways before you trust a sum.',
            unit: 'percent',
            decimals: 1,
            noData: NOT_YET,
            span: 4,
            height: 4,
            steps: stepsDown(80, 95),
            queries: [
              {
                from: 'long',
                text: `SELECT mean("coverage") FROM ${SITE_DAYS} WHERE "carrier" = 'electricity' AND "site" =~ /^$site$/ AND $timeFilter`,
                alias: 'Measured',
              },
            ],
          }),
        ],
      },
    ],
  });
}
