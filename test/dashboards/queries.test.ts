/**
 * Every query of every board on a real influxd that holds a part of the demo city: it answers with series and values,
 * and figures are those of the simulated city, over the day of 25 hours too.
 */
import { join } from 'node:path';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CO2_LIMIT_PPM } from '../../contract/air-bands.ts';
import { allBoards } from '../../dashboards/boards.ts';
import { type Influxd, startInfluxd } from '../real-servers/influxd.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { type AskedQuery, askBoard, askVariables, panelsOf, valuesOf } from './board-queries.ts';
import { DAY_AFTER, type FilledCity, fillCity, LONG_DAY, NOW, ZONE } from './filled-city.ts';

const boards = allBoards(ZONE);
const named = (title: string) => boards.find((board) => board.title === title) as Dashboard;

describeWithServer('influxd')('the queries of the boards', () => {
  let server: Influxd;
  let city: FilledCity;
  beforeAll(async () => {
    server = await startInfluxd();
    city = await fillCity(server.url, join(server.folder, 'lamplighter'));
  }, 300_000);
  afterAll(() => server?.remove());

  const asked = async (title: string, chosen: Readonly<Record<string, readonly string[]>> = {}) => {
    const board = named(title);
    const variables = await askVariables(server, board, chosen);
    return await askBoard(server, board, { now: NOW, zone: ZONE, variables });
  };
  const answer = (all: readonly AskedQuery[], panel: string, refId = 'A') =>
    all.find((one) => one.panel === panel && one.refId === refId) as AskedQuery;
  /** [time, value] of the only series. */
  const points = (one: AskedQuery) => {
    expect(one.series).toHaveLength(1);
    return (one.series[0]?.values ?? []) as [number, number][];
  };
  const figure = (all: readonly AskedQuery[], panel: string) => points(answer(all, panel))[0]?.[1] as number;
  /** What a counter of the simulated city counted. */
  const counted = (site: string, device: string, metric: string, from: number, to: number) => {
    const { truth } = city;
    const at = (time: number) => truth.value(`${site}-gateway`, device, metric, time) ?? Number.NaN;
    return at(to) - at(from);
  };

  it.each(boards.map(({ title }) => title))('of %s all answer', async (title = '') => {
    const board = named(title);
    const variables = await askVariables(server, board);
    for (const { name, options } of variables) expect(options, `$${name}`).not.toEqual([]);
    const all = await askBoard(server, board, { now: NOW, zone: ZONE, variables });
    expect(all.length).toBe(panelsOf(board).flatMap(({ targets = [] }) => targets).length);
    for (const one of all) {
      const place = `${one.panel}/${one.refId}: ${one.sent}`;
      expect(one.series.length, place).toBeGreaterThan(0);
      expect(valuesOf(one).filter((value) => value !== null).length, place).toBeGreaterThan(0);
      expect(one.sent).not.toMatch(/\$\w/);
    }
  });

  describe('against the ground truth', () => {
    it('City: electricity by day, of 24, 25 and 12 hours', async () => {
      const all = await asked('City', { site: ['bolling-building', 'city-hall'] });
      const days = new Map(points(answer(all, 'Electricity by day')));
      for (const [from, to] of [
        [LONG_DAY, DAY_AFTER],
        [DAY_AFTER, NOW],
      ] as const) {
        const truth = ['bolling-building', 'city-hall']
          .map((site) => counted(site, 'main-meter', 'active_energy_kwh', from, to))
          .reduce((sum, one) => sum + one, 0);
        // Readings lie minutes beside midnight: what is between is spread evenly.
        expect(days.get(from)).toBeGreaterThan(truth * 0.995 - 5);
        expect(days.get(from)).toBeLessThan(truth * 1.005 + 5);
      }
      expect(DAY_AFTER - LONG_DAY).toBe(25 * 3_600_000);
      expect(figure(all, 'Electricity today')).toBeCloseTo(days.get(DAY_AFTER) ?? 0, 3);
      expect(figure(all, 'Electricity this month')).toBeCloseTo(
        (days.get(LONG_DAY) ?? 0) + (days.get(DAY_AFTER) ?? 0),
        3,
      );
    });

    it('City: a site that fell silent counts as not measured', async () => {
      const silent = await asked('City', { site: ['tobin-center'] });
      const well = await asked('City', { site: ['city-hall'] });
      // Four of the last 24 hours.
      expect(figure(silent, 'Measured')).toBeCloseTo(100 / 6, 0);
      expect(figure(well, 'Measured')).toBeGreaterThan(99.9);
    });

    it('City: budget, cost and emissions follow from the electricity', async () => {
      const all = await asked('City', { site: ['city-hall'] });
      const kwh = figure(all, 'Electricity this month');
      expect(figure(all, 'Budget used this month')).toBeCloseTo(kwh / ((2 * 2_000_000) / 365), 6);
      expect(figure(all, 'Emissions this month')).toBeCloseTo(kwh * 246.38, -4);
      expect(figure(all, 'Cost this month')).toBeGreaterThan(kwh * 0.05);
    });

    it('Building: load is what is taken, less what is fed in, and what the roof makes', async () => {
      const all = await asked('Building', { site: ['bolling-building'] });
      const load = new Map(points(answer(all, 'Load by day')));
      const site = 'bolling-building';
      const of = (device: string, metric: string) => counted(site, device, metric, LONG_DAY, DAY_AFTER);
      const truth =
        of('main-meter', 'active_energy_kwh') -
        of('main-meter', 'active_energy_export_kwh') +
        of('solar-meter', 'solar_energy_kwh');
      expect(Math.abs((load.get(LONG_DAY) ?? 0) - truth)).toBeLessThan(truth * 0.005 + 5);
      const electricity = new Map(points(answer(all, 'Electricity by day')));
      const taken = of('main-meter', 'active_energy_kwh');
      expect(Math.abs((electricity.get(LONG_DAY) ?? 0) - taken)).toBeLessThan(taken * 0.005 + 5);
      const gas = new Map(points(answer(all, 'Gas by day')));
      const burnt = of('gas-meter', 'gas_volume_m3');
      expect(Math.abs((gas.get(LONG_DAY) ?? 0) - burnt)).toBeLessThan(burnt * 0.01 + 1);
    });

    it('Building: the hours of the week are those of the wall clock', async () => {
      const all = await asked('Building', { site: ['city-hall'] });
      const { series } = answer(all, 'Hours of the week');
      const monday = series.find(({ tags }) => tags?.weekday === '1 Monday');
      const at = (hour: string) => Number(monday?.values[0]?.[monday.columns.indexOf(hour)]);
      // The office opens at seven or so, on this Monday and on the one of the week before.
      expect(at('10')).toBeGreaterThan(1.5 * at('03'));
      expect(series).toHaveLength(7);
    });

    it('Building: the peak is a quarter hour that there was', async () => {
      const all = await asked('Building', { site: ['city-hall'] });
      const at = figure(all, 'When the peak was');
      expect(at % 900_000).toBe(0);
      const truth = 4 * counted('city-hall', 'main-meter', 'active_energy_kwh', at, at + 900_000);
      expect(Math.abs(figure(all, 'Peak') - truth)).toBeLessThan(truth * 0.05);
    });

    it('Building: a reset is told, and nothing is booked for it', async () => {
      const all = await asked('Building', { site: ['charlestown-high'] });
      const rows = answer(all, 'Events of meters').series.flatMap(({ columns, values }) =>
        values.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
      );
      expect(rows).toContainEqual(expect.objectContaining({ kind: 'reset', booked: 0, decided_by: 'rule' }));
    });

    it('Streetlights: a dark circuit is told from lamps that fail and lamps that burn by day', async () => {
      const dark = await asked('Streetlights', { site: ['hyde-park-circuit-21'] });
      expect(figure(dark, 'Told to burn, without power')).toBe(12);
      expect(figure(dark, 'Silent lamps')).toBe(0);
      expect(figure(dark, 'Lit when commanded')).toBeLessThan(0.9);
      const other = await asked('Streetlights', { site: ['commonwealth-circuit-2'] });
      expect(figure(other, 'Told to burn, without power')).toBe(0);
      expect(figure(other, 'Day burners')).toBe(1);
      expect(Math.max(...points(answer(other, 'Faults by kind')).map(([, failed]) => failed))).toBe(1);
      expect(figure(other, 'Lit when commanded')).toBeCloseTo(11 / 12, 1);
    });

    it('Streetlights: lamps count what nominal power and commands let expect', async () => {
      const { truth } = city;
      const all = await asked('Streetlights', { site: ['commonwealth-circuit-2'] });
      const days = new Map(points(answer(all, 'Energy of lamps by day')));
      const kwh = truth
        .devices('commonwealth-circuit-2-gateway')
        .filter(({ kind }) => kind === 'lamp')
        .map(({ id }) => counted('commonwealth-circuit-2', id, 'lamp_energy_kwh', LONG_DAY, DAY_AFTER))
        .reduce((sum, one) => sum + one, 0);
      expect(days.get(LONG_DAY)).toBeCloseTo(kwh, 0);
    });

    it('Air: outdoors is outdoors, and smoke is counted in hours', async () => {
      const all = await asked('Air and climate');
      const stations = ['kenmore-air', 'arboretum-air'];
      const at = Math.max(...points(answer(all, 'Temperature outdoors')).map(([time]) => time));
      const truth = stations
        .map((site) => city.truth.value(`${site}-gateway`, 'station', 'temperature_c', at + 450_000) ?? Number.NaN)
        .reduce((sum, one) => sum + one / stations.length, 0);
      const [, last] = points(answer(all, 'Temperature outdoors')).at(-1) as [number, number];
      expect(Math.abs(last - truth)).toBeLessThan(0.5);
      const smoke = answer(all, 'Hours above good').series;
      expect(smoke.map(({ tags, values }) => [tags?.site, values[0]?.[1]])).toEqual([['kenmore-air', 4]]);
    });

    it('Air: a room that nobody airs is told by its hours', async () => {
      const all = await asked('Air and climate');
      const rows = answer(all, 'Rooms that need air').series.map(({ tags, columns, values }) => ({
        room: `${tags?.site}/${tags?.device}`,
        hours: Number(values[0]?.[columns.indexOf('Hours')]),
        highest: Number(values[0]?.[columns.indexOf('Highest')]),
      }));
      const quarters = new Map<number, number[]>();
      for (const { time, values } of city.truth.expectedReadings('city-hall-gateway', 'air-2', DAY_AFTER, NOW)) {
        const quarter = time - (time % 900_000);
        quarters.set(quarter, [...(quarters.get(quarter) ?? []), values.co2_ppm ?? Number.NaN]);
      }
      const means = [...quarters.values()].map((all) => all.reduce((sum, one) => sum + one, 0) / all.length);
      const stale = means.filter((mean) => mean > CO2_LIMIT_PPM);
      expect(rows).toEqual([
        {
          room: 'city-hall/air-2',
          hours: stale.length / 4,
          highest: expect.closeTo(Math.max(...stale), 3),
        },
      ]);
    });

    it('Gateways: who is online, who waits, and with which version', async () => {
      const all = await asked('Gateways');
      expect(figure(all, 'Online')).toBe(7 / 8);
      expect(figure(all, 'Offline')).toBe(1);
      expect(figure(all, 'Readings waiting')).toBe(900 + 7 * 4);
      const rows = answer(all, 'Gateways').series;
      const versionOf = (gateway: string) => {
        const row = rows.find(({ tags }) => tags?.gateway === gateway);
        return row?.values[0]?.[row.columns.indexOf('Version')];
      };
      expect([versionOf('tobin-center-gateway'), versionOf('city-hall-gateway')]).toEqual(['0.0.9', '0.1.0']);
    });

    it('Pipeline: readings a second and dead letters', async () => {
      const all = await asked('Pipeline');
      // Eight gateways, 50 readings each in a minute.
      for (const [, perSecond] of points(answer(all, 'Received and stored')))
        expect(perSecond).toBeCloseTo(400 / 60, 6);
      expect(figure(all, 'Dead letters')).toBe(4);
      expect(answer(all, 'Rejected by reason').series.map(({ tags }) => tags?.reason)).toEqual(['value-out-of-range']);
    });
  });
});
