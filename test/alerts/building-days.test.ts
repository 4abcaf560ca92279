/** Days of buildings read in pieces: the same figures as counted at once, and no answer of the store is large. */
import { describe, expect, test } from 'vitest';
import { BuildingDays, type DaysQuestion } from '../../alerts/reading/building-days.ts';
import { ROWS_AT_ONCE, siteGroups, stretchesOf } from '../../alerts/reading/day-slices.ts';
import { RollingQuarters } from '../../alerts/reading/rolling-quarters.ts';
import type { RollUp } from '../../contract/roll-up.ts';
import { dayFrom } from '../../energy/calendar.ts';
import { siteDay } from '../../energy/site-figures/site-day.ts';
import type { RollUpQuery } from '../../store/roll-up-store.ts';
import { CityRegister } from '../console/fake-city.ts';

const ZONE = 'America/New_York';
/** Two days after the clocks changed. */
const NOW = Date.parse('2026-11-03T17:07:00Z');
const QUARTER = 900_000;
const ELECTRICITY = 'active_energy_kwh';

/** A tower of so many meters, two of which are its mains, and a kiosk of one; every 37th quarter hour lacks a meter. */
function aCity(meters: number) {
  const register = new CityRegister();
  const schedule = { days: [1, 2, 3, 4, 5], open: '08:00', close: '18:00' };
  for (const id of ['tower', 'kiosk'])
    register.siteById.set(id, { id, name: id, kind: 'building', zone: ZONE, schedule, contract_demand_kw: 500 });
  const add = (site: string, id: string, kind: string) => {
    register.gatewayById.set(site, { id: site, name: site, site, retired: false });
    const placements = [{ site, from: 0 }];
    register.deviceByKey.set(`${site}/${id}`, { gateway: site, id, name: id, kind, is_new: false, placements });
  };
  for (let meter = 0; meter < meters; meter++)
    add('tower', `meter-${meter}`, meter < 2 ? 'electricity-meter' : 'sub-meter');
  add('kiosk', 'meter-0', 'electricity-meter');
  const rows = ({ sites, from, to }: RollUpQuery): RollUp[] =>
    register.devices().flatMap(({ gateway, id }) => {
      const number = Number(id.slice('meter-'.length));
      const found: RollUp[] = [];
      for (let start = from; sites?.includes(gateway) && start < to; start += QUARTER) {
        const slot = start / QUARTER;
        if ((slot + number) % 37 === 0 || start >= NOW) continue;
        const consumption = 1 + number / 8 + (slot % 96) / 16;
        const figures = { count: 15, expected: 15, coverage: 100, min: 0, mean: 0, max: 0, last: 0 };
        const counted = {
          consumption,
          interpolated: 0,
          estimated: 0,
          peak: consumption * 4,
          peakAt: start,
          position: null,
        };
        found.push({ site: gateway, gateway, device: id, metric: ELECTRICITY, start, ...figures, ...counted });
      }
      return found;
    });
  return { register, rows };
}

describe('days of buildings', () => {
  test.each([3, 400, 1_500])('are those of all rows at once, with %i meters in a tower', async (meters) => {
    const { register, rows } = aCity(meters);
    let most = 0;
    const store = {
      rollUps: async (query: RollUpQuery) => {
        const answer = rows(query);
        most = Math.max(most, answer.length);
        return answer;
      },
    };
    const days = new BuildingDays({ register, store });
    const seriesAt = (site: string) => (site === 'tower' ? meters : 1);
    const question: DaysQuestion = {
      now: NOW,
      days: 3,
      seriesAt,
      temperature: () => 7,
      stopped: new AbortController().signal,
    };
    await days.read(question);
    expect(most).toBeLessThanOrEqual(Math.max(ROWS_AT_ONCE, meters));
    for (const site of ['tower', 'kiosk']) {
      const facts = days.facts(site);
      expect(facts.map(({ from }) => from)).toEqual([-2, -1, 0].map((back) => dayFrom(NOW, back, ZONE)));
      const { firstSlot, values } = days.load(site);
      for (const { from, to, baseKw, nightC } of facts) {
        const until = Math.min(to, Math.floor((NOW - 180_000) / QUARTER) * QUARTER);
        const devices = register.devices(site).filter(({ kind }) => kind === 'electricity-meter');
        const all = rows({ width: '15m', sites: [site], from, to: until });
        const at = (device: string) => all.filter((row) => row.device === device);
        const stays = [{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY }];
        const whole = siteDay({
          site,
          carrier: 'load',
          meters: devices.map(({ gateway, id, kind }) => ({
            gateway,
            device: id,
            metric: ELECTRICITY,
            kind,
            stays,
            rows: at(id),
          })),
          day: { from, to },
          until,
          zone: ZONE,
          schedule: undefined,
          tariffs: [],
        })!;
        expect({ baseKw, nightC }).toEqual({ baseKw: to <= NOW ? whole.day.base : null, nightC: 7 });
        expect(to > NOW || (baseKw ?? 0) > 0).toBe(true);
        for (const { start, consumption } of whole.quarters) {
          const kw = values[start / QUARTER - firstSlot];
          expect(kw).toBe(consumption === null ? Number.NaN : consumption * 4);
        }
      }
      expect(days.demand(site).values.some((kw) => kw > 0)).toBe(true);
    }
  });

  test('keeps no load where no rule asks for it, and nothing of sites that are gone', async () => {
    const { register, rows } = aCity(2);
    const { schedule: _, contract_demand_kw: __, ...plain } = register.siteById.get('kiosk')!;
    register.siteById.set('kiosk', plain);
    const days = new BuildingDays({ register, store: { rollUps: async (query) => rows(query) } });
    const question = {
      now: NOW,
      days: 2,
      seriesAt: () => 2,
      temperature: () => null,
      stopped: new AbortController().signal,
    };
    await days.read(question);
    expect([days.load('kiosk').values.length, days.demand('kiosk').values.length]).toEqual([0, 0]);
    expect(days.facts('kiosk').at(-2)?.baseKw).toBeGreaterThan(0);
    register.siteById.delete('tower');
    await days.read(question);
    expect(days.facts('tower')).toEqual([]);
  });
});

test('small sites are read together, a large one in stretches', () => {
  const seriesOf = (site: string) => site.length;
  expect(siteGroups(['aa', 'b', 'c'.repeat(60), 'd', 'e'], seriesOf)).toEqual([
    ['aa', 'b'],
    ['c'.repeat(60)],
    ['d', 'e'],
  ]);
  expect(
    siteGroups(
      Array.from({ length: 70 }, () => ''),
      seriesOf,
    ).map(({ length }) => length),
  ).toEqual([64, 6]);
  const day = { from: 0, to: 92 * QUARTER };
  expect(stretchesOf(day, 5)).toEqual([day]);
  const stretches = stretchesOf(day, 1_000);
  expect(stretches.length).toBe(19);
  expect([stretches[0]?.from, stretches.at(-1)?.to]).toEqual([day.from, day.to]);
  expect(stretches.slice(1).every(({ from }, place) => from === stretches[place]?.to)).toBe(true);
  expect(stretchesOf(day, 100_000).length).toBe(92);
});

test('rolling quarters take days in any order, replace what they had, and forget what is old', () => {
  const quarters = new RollingQuarters();
  const day = (place: number) => ({ from: place * 96 * QUARTER, to: (place + 1) * 96 * QUARTER });
  const put = (place: number, kw: number[], since = 0) => quarters.put(day(place), kw, since);
  const at = (place: number, quarter: number) =>
    quarters.series.values[place * 96 + quarter - quarters.series.firstSlot];
  put(10, [1, 2]);
  put(8, [3]);
  expect([at(10, 0), at(10, 1), at(10, 2), at(9, 0), at(8, 0)]).toEqual([1, 2, Number.NaN, Number.NaN, 3]);
  put(10, [5]);
  expect([at(10, 0), at(10, 1), at(8, 0)]).toEqual([5, Number.NaN, 3]);
  put(11, [6], day(9).from);
  expect([at(11, 0), at(10, 0), at(8, 0)]).toEqual([6, 5, undefined]);
  put(8, [7], day(9).from);
  expect(quarters.series.firstSlot).toBe(9 * 96);
});
