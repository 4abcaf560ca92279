/** What of roll-ups is written for boards, when, and what of silent and moved meters. */
import { describe, expect, it } from 'vitest';
import type { RollUp } from '../../../contract/roll-up.ts';
import { SITE_DAY_FIELDS, SITE_QUARTER_FIELDS } from '../../../contract/site-figures.ts';
import { startOfDate } from '../../../energy/calendar.ts';
import { FACTORS } from '../../../energy/emissions/factor-table.ts';
import { SiteFigureWriter } from '../../../energy/rollup/site-figure-writer.ts';
import { EXAMPLE_TARIFFS } from '../../../energy/tariffs/example-tariffs.ts';
import type { Site } from '../../../register/model.ts';
import { createLog, silentLog } from '../../../runtime/log.ts';
import type { Point, PointSink } from '../../../store/point-sink.ts';
import type { RollUpQuery, RollUpStore } from '../../../store/roll-up-store.ts';
import { StoreFailure } from '../../../store/telemetry-store.ts';
import { ManualClock } from '../../manual-clock.ts';
import { StoryRegister } from '../../suites/rollup-worker.ts';

const ZONE = 'America/New_York';
const QUARTER = 900_000;
const DAY = startOfDate('2026-11-03', ZONE) as number;
const at = (place: number) => DAY + place * QUARTER;

const aRow = (place: number, change: Partial<RollUp> = {}): RollUp => ({
  site: 'new-york',
  gateway: 'g',
  device: 'main-meter',
  metric: 'active_energy_kwh',
  start: at(place),
  count: 15,
  expected: 15,
  coverage: 100,
  min: 1,
  mean: 1,
  max: 1,
  last: 1,
  consumption: 2,
  interpolated: 0,
  estimated: 0,
  peak: 8,
  peakAt: at(place),
  position: null,
  ...change,
});

/** Rows that a test puts there, and the points that came of them. */
class Boards implements PointSink {
  rows: RollUp[] = [];
  readonly points = new Map<string, Point>();
  readonly asked: RollUpQuery[] = [];
  failures: Error[] = [];
  writes = 0;

  readonly store = {
    rollUps: async (query: RollUpQuery) => {
      this.asked.push(query);
      const isDay = query.width === '1d';
      return this.rows.filter(
        ({ site, metric, start }) =>
          !isDay &&
          (query.sites?.includes(site) ?? true) &&
          (query.metrics?.includes(metric) ?? true) &&
          start >= query.from &&
          start < query.to,
      );
    },
  } as Pick<RollUpStore, 'rollUps'> as RollUpStore;

  async putPoints(points: readonly Point[]): Promise<void> {
    this.writes++;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    for (const point of points) {
      this.points.set(`${point.measurement} ${point.tags.site} ${point.tags.carrier} ${point.time}`, point);
    }
  }

  quarter(place: number, carrier = 'electricity', site = 'new-york') {
    return this.points.get(`site_15m ${site} ${carrier} ${at(place)}`)?.fields;
  }
  day(carrier = 'electricity', site = 'new-york') {
    return this.points.get(`site_1d ${site} ${carrier} ${DAY}`)?.fields;
  }
}

function aStory(site: Partial<Site> = {}, now = at(40)) {
  const boards = new Boards();
  const register = new StoryRegister();
  const clock = new ManualClock(now);
  const listed = register.site('new-york') as Site;
  register.putSite({ ...listed, ...site });
  const meter = { gateway: 'g', id: 'main-meter', name: 'Main', kind: 'electricity-meter', is_new: false };
  register.put({ ...meter, placements: [{ site: 'new-york', from: 0 }] });
  const move = (to: string, from: number) =>
    register.put({
      ...meter,
      placements:
        from === 0
          ? [{ site: to, from }]
          : [
              { site: 'new-york', from: 0 },
              { site: to, from },
            ],
    });
  const writer = new SiteFigureWriter({ register, store: boards.store, sink: boards, clock, log: silentLog });
  return { boards, register, clock, writer, move };
}

describe('the writer of site figures', () => {
  it('writes the quarter hours touched and their day, with every field', async () => {
    const { boards, writer } = aStory();
    boards.rows = [aRow(0), aRow(1), aRow(2)];
    await writer.write([{ site: 'new-york', from: at(1), to: at(3) }]);
    expect(boards.quarter(0)).toBeUndefined();
    expect(boards.quarter(2)).toEqual({
      consumption: 2,
      interpolated: 0,
      estimated: 0,
      coverage: 100,
      known: 1,
      meters: 1,
    });
    expect(Object.keys(boards.quarter(2) ?? {})).toEqual(SITE_QUARTER_FIELDS);
    expect(Object.keys(boards.day() ?? {})).toEqual(SITE_DAY_FIELDS);
    expect(boards.day()).toMatchObject({ consumption: 6, known: 1, peak: 8, peak_at: at(0), has_peak: 1, has_cost: 0 });
    expect(boards.day('load')).toMatchObject({ consumption: 6, known: 1, has_kgco2e: 0 });
    expect(boards.day('gas')).toBeUndefined();
  });

  it('knows tariff, schedule and budget of the site', async () => {
    const { boards, writer } = aStory({
      tariffs: { electricity: 'example-electric-tou' },
      budget_kwh: 36_500,
      schedule: { days: [1, 2, 3, 4, 5], open: '08:00', close: '18:00' },
    });
    boards.rows = Array.from({ length: 40 }, (_, place) => aRow(place));
    await writer.write([{ site: 'new-york', from: at(39), to: at(40) }]);
    expect(boards.day()).toMatchObject({ budget_kwh: 100, has_budget: 1, has_cost: 1, has_kgco2e: 1 });
    expect(boards.day()?.cost).toBeGreaterThan(1);
    expect(boards.day('load')).toMatchObject({ has_budget: 0, has_after_hours: 1, after_hours: 64 });
  });

  it('counts emissions by the factors that the register names, as reports do', async () => {
    const { boards, writer } = aStory({ factors: 'll97' });
    boards.rows = [aRow(0, { consumption: 100 })];
    await writer.write([{ site: 'new-york', from: at(0), to: at(1) }]);
    expect(boards.day()?.kgco2e).toBeCloseTo(28.8962, 9);
    const unknown = aStory({ factors: 'nowhere' });
    unknown.boards.rows = [aRow(0)];
    await unknown.writer.write([{ site: 'new-york', from: at(0), to: at(1) }]);
    expect(unknown.boards.day()).toMatchObject({ has_kgco2e: 0 });
  });

  it('expects a silent meter until it was retired, and what a retired one says all the same counts', async () => {
    const { boards, register, writer } = aStory({}, at(12));
    const meter = { gateway: 'g', name: 'Main', kind: 'electricity-meter', is_new: false };
    const placements = [{ site: 'new-york', from: 0 }];
    register.put({ ...meter, id: 'main-meter', placements, retired: true, retired_at: at(8) });
    boards.rows = [aRow(5)];
    await writer.write([{ site: 'new-york', from: at(5), to: at(10) }]);
    expect([5, 7, 8].map((place) => [boards.quarter(place)?.meters, boards.quarter(place)?.known])).toEqual([
      [1, 1],
      [1, 0],
      [0, 0],
    ]);
    boards.rows = [aRow(5), aRow(9)];
    await writer.write([{ site: 'new-york', from: at(5), to: at(10) }]);
    expect(boards.quarter(9)).toMatchObject({ meters: 1, known: 1, consumption: 2 });
  });

  it('misses a meter on the days after it fell silent, although they were written first', async () => {
    const { boards, register, writer } = aStory({}, at(96 + 40));
    const meter = { gateway: 'g', name: 'Other', kind: 'electricity-meter', is_new: false };
    register.put({ ...meter, id: 'other', placements: [{ site: 'new-york', from: 0 }] });
    boards.rows = [aRow(96 + 4)];
    await writer.write([{ site: 'new-york', from: at(96 + 4), to: at(96 + 5) }]);
    expect(boards.quarter(96 + 4)).toMatchObject({ meters: 1, coverage: 100 });
    boards.rows.push(aRow(90, { device: 'other' }));
    await writer.write([{ site: 'new-york', from: at(90), to: at(91) }]);
    expect(boards.quarter(96 + 4)).toMatchObject({ meters: 2, coverage: 50, consumption: 2 });
    // On the day itself the first meter had told nothing yet.
    expect(boards.quarter(92)).toMatchObject({ meters: 1, coverage: 0, known: 0 });
  });

  it('shows a site of which nothing comes as not measured', async () => {
    const { boards, writer, clock } = aStory({}, at(10) + 4 * 60_000);
    boards.rows = [aRow(5), aRow(6)];
    await writer.write([{ site: 'new-york', from: at(5), to: at(7) }]);
    await writer.start();
    await clock.advance(60_000);
    expect(boards.quarter(6)).toMatchObject({ known: 1, coverage: 100 });
    expect(boards.quarter(7)).toMatchObject({ known: 0, coverage: 0, meters: 1, consumption: 0 });
    expect(boards.quarter(9)).toMatchObject({ known: 0, coverage: 0 });
    expect(boards.quarter(10)).toBeUndefined();
    expect(boards.day()).toMatchObject({ consumption: 4, known: 1, coverage: 20 });
    const writes = boards.writes;
    await clock.advance(5 * 60_000);
    expect(boards.writes).toBe(writes);
    await clock.advance(15 * 60_000);
    expect(boards.quarter(10)).toMatchObject({ known: 0, meters: 1 });
    await writer.stop();
  });

  it('tries a sweep again that failed', async () => {
    const { boards, writer, clock } = aStory({}, at(10) + 4 * 60_000);
    boards.rows = [aRow(5)];
    await writer.write([{ site: 'new-york', from: at(5), to: at(6) }]);
    boards.failures = [new StoreFailure('unavailable', 'down')];
    await writer.start();
    await clock.advance(60_000);
    expect(boards.quarter(9)).toBeUndefined();
    await clock.advance(60_000);
    expect(boards.quarter(9)).toMatchObject({ known: 0 });
    await writer.stop();
  });

  it('takes away what a meter counted before it was moved for good', async () => {
    const { boards, writer, move } = aStory();
    boards.rows = [aRow(0), aRow(1)];
    await writer.write([{ site: 'new-york', from: at(0), to: at(2) }]);
    move('kolkata', 0);
    boards.rows = [aRow(0, { site: 'kolkata' }), aRow(1, { site: 'kolkata' })];
    const stretch = { from: at(0), to: at(2) };
    await writer.write([
      { site: 'new-york', ...stretch },
      { site: 'kolkata', ...stretch },
    ]);
    expect(boards.quarter(0)).toMatchObject({ known: 0, meters: 0, consumption: 0, coverage: 0 });
    expect(boards.day()).toMatchObject({ known: 0, meters: 0, consumption: 0, has_kgco2e: 0 });
    expect(boards.quarter(1, 'electricity', 'kolkata')).toMatchObject({ known: 1, consumption: 2 });
  });

  it('fails with the store, and does not hinder the next try', async () => {
    const { boards, writer } = aStory();
    boards.rows = [aRow(0)];
    boards.failures = [new StoreFailure('unavailable', 'down')];
    const touched = [{ site: 'new-york', from: at(0), to: at(1) }];
    await expect(writer.write(touched)).rejects.toThrow('down');
    await writer.write(touched);
    expect(boards.quarter(0)).toMatchObject({ known: 1 });
  });

  it('gives no cost by tariffs that contradict each other, and says so once', async () => {
    const { boards, register, clock } = aStory({ tariffs: { electricity: 'example-electric-tou' } });
    boards.rows = [aRow(0)];
    const said: string[] = [];
    const log = createLog({ level: 'silent', name: 'test' });
    log.error = ((_: unknown, words: string) => said.push(words)) as unknown as typeof log.error;
    const [tou] = EXAMPLE_TARIFFS.filter(({ id }) => id === 'example-electric-tou');
    const tariffs = [tou!, { ...tou!, valid_from: '2021-01-01', revision: 'other' }];
    const writer = new SiteFigureWriter({
      register,
      store: boards.store,
      sink: boards,
      clock,
      log,
      tables: () => ({ tariffs, factors: FACTORS }),
    });
    await writer.write([{ site: 'new-york', from: at(0), to: at(1) }]);
    await writer.write([{ site: 'new-york', from: at(0), to: at(1) }]);
    expect(boards.day()).toMatchObject({ consumption: 2, has_cost: 0 });
    expect(said).toEqual([expect.stringMatching(/no cost: Tariff .* is still valid/)]);
  });
});
