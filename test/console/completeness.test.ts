import { describe, expect, it, onTestFinished } from 'vitest';
import { buildConsoleApp } from '../../console/api/app.ts';
import type { CompletenessReply } from '../../console/api/completeness/replies-completeness.ts';
import type { CompletenessEvidence, EvidenceQuery, GatewayEvidence } from '../../contract/gateway-evidence.ts';
import type { RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { periodAt } from '../../energy/calendar.ts';
import type { Device } from '../../register/model.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import { aRollUp } from '../roll-up-builders.ts';
import { aCityOfOne } from './fake-city.ts';

/** The clock stands at seven in the morning in Boston, on the day that has 25 hours. */
const NOW = Date.parse('2026-11-01T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const QUARTER = 15 * MINUTE;
const BOSTON = 'America/New_York';
const at = (text: string) => Date.parse(text);
const TODAY = at('2026-11-01T00:00:00-04:00');

async function aConsole() {
  const city = aCityOfOne();
  const { register, store, ingest } = city;
  store.series_.clear();
  register.deviceByKey.clear();
  const noticed: { evidence: Partial<GatewayEvidence>; reply: Partial<CompletenessEvidence>; fault?: Error } = {
    evidence: {},
    reply: {},
  };
  Object.assign(ingest, {
    evidence: async ({ gateways }: EvidenceQuery): Promise<CompletenessEvidence> => {
      if (noticed.fault !== undefined) throw noticed.fault;
      return {
        listening: [{ from: 0, to: NOW }],
        gateways: gateways.map((gateway) => ({ ...anEvidence(), gateway, ...noticed.evidence })),
        refusedPartly: false,
        unfinishedDays: [],
        ...noticed.reply,
      };
    },
  });
  const app = await buildConsoleApp(city, { host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const get = (query = '') =>
    app.inject({ method: 'GET', url: `/api/completeness?${query}`, headers: { host: 'localhost' } });
  const ask = async (query = ''): Promise<CompletenessReply> => {
    const reply = await get(query);
    expect(reply.statusCode, reply.body).toBe(200);
    return reply.json();
  };
  const place = (id: string, change: Partial<Device> = {}) =>
    register.deviceByKey.set(`library/${id}`, {
      gateway: 'library',
      id,
      name: id,
      interval_s: 60,
      placements: [{ site: 'city-hall', from: at('2026-10-01T04:00:00Z') }],
      is_new: false,
      ...change,
    });
  const read = (device: string, from: number, to: number, isThere = (_time: number) => true, everyMs = MINUTE) => {
    for (let time = from; time < to; time += everyMs) {
      if (isThere(time)) store.put('library', { device, time, values: { active_power_kw: 1, frequency_hz: 60 } });
    }
  };
  const days = new Map<number, number>();
  const dayOfHour = (hour: number) => getOrCreate(days, hour, () => periodAt(hour, 'day', BOSTON).from);
  /** As the worker does it, of what is over. */
  const rollUp = async (before = NOW - QUARTER) => {
    const rows: Record<RollUpWidth, RollUp[]> = { '15m': [], '1h': [], '1d': [] };
    for (const { gateway, device, metric, values } of store.series_.values()) {
      const count = (startOf: (time: number) => number) => {
        const counts = new Map<number, number>();
        for (const time of values.keys()) {
          if (time < before) counts.set(startOf(time), (counts.get(startOf(time)) ?? 0) + 1);
        }
        return [...counts].map(([start, of]) =>
          aRollUp({ gateway, device, metric, site: 'city-hall', start, count: of }),
        );
      };
      rows['15m'].push(...count((time) => Math.floor(time / QUARTER) * QUARTER));
      const hours = count((time) => Math.floor(time / HOUR) * HOUR);
      rows['1h'].push(...hours.filter(({ start }) => start + HOUR <= before));
      rows['1d'].push(...count((time) => dayOfHour(Math.floor(time / HOUR) * HOUR)));
    }
    await store.putRollUps({ rows, events: [], erasedEvents: [] });
  };
  return { city, register, store, noticed, get, ask, place, read, rollUp };
}

function anEvidence(): GatewayEvidence {
  return {
    gateway: 'library',
    knownSince: at('2026-10-01T00:00:00Z'),
    presence: [{ at: at('2026-10-01T00:00:00Z'), online: true, since: 1, heard: at('2026-10-01T00:00:00Z') }],
    starts: [{ at: at('2026-09-30T23:59:00Z'), epoch: 'one' }],
    dropped: [],
    gaps: [],
    held: { at: NOW, epoch: 'one', oldestAt: NOW, buffered: 0, setAside: 0, dropped: 0 },
    refused: [],
    waiting: [],
    late: [],
  };
}

function expectSums({ total, causes, devices, left_off }: CompletenessReply): void {
  expect(causes.reduce((sum, { readings }) => sum + readings, 0)).toBe(total.missing);
  expect(total.stored).toBe(total.expected - total.missing + total.surplus);
  if (left_off > 0) return;
  for (const { ranges, missing, days } of devices) {
    if (days.length === 0) continue;
    expect(ranges.reduce((sum, { readings }) => sum + readings, 0)).toBe(missing);
    expect(days.reduce((sum, day) => sum + day.missing, 0)).toBe(missing);
  }
}

describe('a device', () => {
  it('that said everything is whole, on each of its days, up to half a minute ago', async () => {
    const { ask, place, read, rollUp } = await aConsole();
    place('meter');
    read('meter', at('2026-10-30T04:00:00Z'), NOW);
    await rollUp();
    const answer = await ask('site=city-hall&from=2026-10-30');
    expect(answer.total).toEqual({
      expected: 2 * 1_440 + 479,
      stored: 2 * 1_440 + 479,
      missing: 0,
      surplus: 0,
      coverage_percent: 100,
      devices: 1,
      devices_without_interval: 0,
    });
    expect(answer.devices[0]!.days.map(({ day, expected }) => [day, expected])).toEqual([
      ['2026-10-30', 1_440],
      ['2026-10-31', 1_440],
      ['2026-11-01', 479],
    ]);
    expect(answer.causes).toEqual([]);
  });

  it('is whole when its clock slips over hours, and misses one that another hour has too many of', async () => {
    const { ask, place, read, rollUp } = await aConsole();
    place('slipping');
    place('uneven');
    // A second early at five full hours: each hour that follows is one short, the one before has it.
    const early = (time: number) =>
      time % HOUR === 0 && time > TODAY && time < TODAY + 6 * HOUR ? time - 1_000 : time;
    for (let time = TODAY - 2 * HOUR; time < NOW; time += MINUTE) {
      read('slipping', early(time), early(time) + 1);
      const isMissing = time === TODAY + 3 * HOUR + 7 * MINUTE;
      if (!isMissing) read('uneven', time, time + 1);
      if (time === TODAY + 5 * HOUR) read('uneven', time + 30_000, time + 30_001);
    }
    await rollUp();
    const { devices } = await ask('site=city-hall&from=today');
    const missing = Object.fromEntries(devices.map(({ device, missing: count }) => [device, count]));
    expect(missing).toEqual({ slipping: 0, uneven: 1 });
    const [range] = devices.find(({ device }) => device === 'uneven')!.ranges;
    expect(range).toMatchObject({ from_ms: TODAY + 3 * HOUR + 7 * MINUTE, readings: 1, exact: true });
  });

  it('asks the store little of a city in which nothing is missing', async () => {
    const { ask, place, read, rollUp, store } = await aConsole();
    for (let number = 0; number < 300; number++) {
      place(`meter-${number}`, { interval_s: 600 });
      read(`meter-${number}`, TODAY - 3 * HOUR, NOW, undefined, 10 * MINUTE);
    }
    await rollUp();
    const [questions, kept] = [[] as string[], { rollUps: store.rollUps, values: store.values }];
    store.rollUps = (query) => {
      questions.push(query.width);
      return kept.rollUps.call(store, query);
    };
    store.values = (query) => {
      questions.push('values');
      return kept.values.call(store, query);
    };
    const { total } = await ask('from=-8h');
    expect(total).toMatchObject({ devices: 300, missing: 0 });
    expect(questions.length).toBeLessThan(12);
  });

  it('misses what its gateway was silent for, named to the minute, over midnight', async () => {
    const { ask, place, read, rollUp, noticed } = await aConsole();
    place('meter');
    const [from, to] = [TODAY - 5 * MINUTE, TODAY + 20 * MINUTE];
    read('meter', at('2026-10-31T04:00:00Z'), NOW, (time) => time < from || time >= to);
    await rollUp();
    const { presence, starts } = anEvidence();
    noticed.evidence = {
      presence: [
        ...presence,
        { at: from + 20_000, online: false, since: 0, heard: from - 10_000 },
        { at: to - 30_000, online: true, since: 2, heard: to - 30_000 },
      ],
      starts: [...starts, { at: to - 40_000, epoch: 'two' }],
    };
    const answer = await ask('device=library/meter&from=2026-10-31');
    expectSums(answer);
    expect(answer.devices[0]!.days.map(({ missing }) => missing)).toEqual([5, 20]);
    expect(answer.devices[0]!.ranges).toEqual([
      {
        from: '2026-11-01T03:55:00.000Z',
        from_ms: from,
        from_local: '2026-10-31T23:55-04:00',
        to: '2026-11-01T04:20:00.000Z',
        to_ms: to,
        to_local: '2026-11-01T00:20-04:00',
        readings: 25,
        exact: true,
        cause: 'gateway-silent',
        detail: 'restarted',
        certain: true,
        words:
          '25 readings are missing from 2026-10-31T23:55-04:00 to 2026-11-01T00:20-04:00: library sent nothing from 2026-10-31T23:54:50-04:00 to 2026-11-01T00:19:30-04:00, and was then restarted.',
      },
    ]);
  });

  it('that was mute, refused and dropped: each reading has one cause, with so many as are known', async () => {
    const { ask, place, read, rollUp, noticed } = await aConsole();
    place('meter');
    const gone = (time: number) => time < TODAY + HOUR || time >= TODAY + 2 * HOUR;
    read('meter', TODAY, NOW, gone);
    await rollUp();
    noticed.evidence = {
      refused: [
        { device: 'meter', reason: 'value-out-of-range', from: TODAY + HOUR, to: TODAY + HOUR + 1, count: 1 },
        { device: 'other', reason: 'value-out-of-range', from: TODAY + HOUR, to: TODAY + HOUR + 1, count: 30 },
      ],
      dropped: [{ from: TODAY, to: TODAY + HOUR + 10 * MINUTE, count: 7 }],
    };
    const answer = await ask('gateway=library&from=today');
    expectSums(answer);
    expect(answer.causes.map(({ cause, readings, certain }) => [cause, readings, certain])).toEqual([
      ['never-produced', 52, 52],
      ['outbox-dropped', 7, 0],
      ['rejected', 1, 1],
    ]);
    expect(answer.causes[0]!.words).toContain('Look at it and its wiring');
  });

  it('in the running quarter hour is counted by its values, and a late roll-up takes nothing away', async () => {
    const { ask, place, read, rollUp, noticed } = await aConsole();
    place('meter');
    read('meter', TODAY, NOW, (time) => time < NOW - 4 * MINUTE);
    expect((await ask('from=today&detail=true')).total.missing).toBe(3);
    // Nothing is rolled up, and ingest says so of more than a closer look would mend.
    noticed.reply = { unfinishedDays: [{ gateway: 'library', device: 'meter', day: at('2026-11-01T00:00:00Z') }] };
    expect((await ask('from=today')).total).toMatchObject({ expected: 479, missing: 3 });
    noticed.reply = {};
    await rollUp();
    const [row] = (await ask('from=today&detail=true')).devices;
    expect(row!.ranges).toMatchObject([{ readings: 3, from_ms: NOW - 4 * MINUTE, cause: 'never-produced' }]);
  });

  it('whose interval nobody stated is named and not counted', async () => {
    const { ask, place, read, rollUp } = await aConsole();
    const { interval_s: _, ...unstated } = { ...place('meter').get('library/meter')! };
    place('meter').set('library/meter', unstated);
    read('meter', TODAY, NOW);
    await rollUp();
    const answer = await ask('site=city-hall&from=today');
    expect(answer.total).toMatchObject({
      devices: 0,
      devices_without_interval: 1,
      expected: 0,
      coverage_percent: null,
    });
    expect(answer.devices[0]).toMatchObject({
      interval_s: null,
      stored: 480,
      note: expect.stringContaining('interval_s'),
      ranges: [],
    });
  });

  it('owes nothing before it was placed, nor to a site that it left, nor after it was retired', async () => {
    const { ask, place, read, rollUp } = await aConsole();
    place('new', { placements: [{ site: 'city-hall', from: TODAY + 2 * HOUR }] });
    read('new', TODAY + 2 * HOUR, NOW);
    place('moved', {
      placements: [
        { site: 'city-hall', from: 0 },
        { site: 'park', from: TODAY + HOUR },
      ],
    });
    read('moved', TODAY, NOW);
    place('old', { retired: true });
    read('old', TODAY, TODAY + HOUR);
    await rollUp();
    const answer = await ask('site=city-hall&from=today');
    expect(answer.total.missing).toBe(0);
    expect(answer.devices.map(({ device, expected, note }) => [device, expected, note]).toSorted()).toEqual([
      ['moved', 60, 'Nothing is expected at city-hall from 2026-11-01T01:00-04:00 on: it was moved.'],
      ['new', 359, 'Nothing is expected before 2026-11-01T01:00-05:00, when it was placed.'],
      ['old', 59, 'Retired: nothing is expected after its last reading, 2026-11-01T00:59-04:00.'],
    ]);
    expect(
      (await ask('device=library/moved&from=today')).devices.map(({ site, expected }) => [site, expected]),
    ).toEqual([
      ['city-hall', 60],
      ['park', 419],
    ]);
  });

  it('owes up to its retirement what it owed before, silent or not', async () => {
    const { ask, place, read, rollUp, register } = await aConsole();
    place('old');
    read('old', TODAY, TODAY + HOUR);
    await rollUp();
    const before = await ask('site=city-hall&from=today');
    expect(before.total).toMatchObject({ expected: 479, missing: 419 });
    const retiredAt = NOW - 5 * MINUTE;
    place('old', { retired: true, retired_at: retiredAt });
    const after = await ask('site=city-hall&from=today');
    expect(after.total).toMatchObject({ expected: 475, missing: 415 });
    expect(after.devices[0]?.note).toBe('Retired: nothing is expected from 2026-11-01T06:55-05:00 on.');
    place('old');
    register.gatewayById.set('library', {
      id: 'library',
      name: 'Library',
      site: 'city-hall',
      retired: true,
      retired_at: TODAY + 2 * HOUR,
    });
    expect((await ask('site=city-hall&from=today')).total).toMatchObject({ expected: 120, missing: 60 });
  });

  it('that was never heard of before', async () => {
    const { ask, place, read, rollUp } = await aConsole();
    place('meter', { placements: [{ site: 'city-hall', from: 0 }] });
    read('meter', TODAY + 3 * HOUR, NOW);
    await rollUp();
    const answer = await ask('device=library/meter&from=2026-10-31');
    expectSums(answer);
    expect(answer.causes).toMatchObject([{ cause: 'before-first-reading', readings: 27 * 60, certain: 27 * 60 }]);
  });
});

describe('a city', () => {
  it('is told by its sites and its worst devices first', async () => {
    const { ask, place, read, rollUp, register } = await aConsole();
    for (let n = 0; n < 25; n++) {
      place(`meter-${n}`, { interval_s: 900, placements: [{ site: n === 0 ? 'park' : 'city-hall', from: 0 }] });
      read(`meter-${n}`, TODAY - 24 * HOUR, NOW, (time) => n !== 7 || time < TODAY, QUARTER);
    }
    register.deviceByKey.set('library/mute', { ...register.deviceByKey.get('library/meter-0')!, id: 'mute' });
    await rollUp();
    const answer = await ask();
    expectSums(answer);
    expect(answer.sites.map(({ site, devices, coverage_percent }) => [site, devices, coverage_percent])).toEqual([
      ['park', 2, 50],
      ['city-hall', 24, expect.closeTo(98.6, 1)],
    ]);
    expect(answer.devices.slice(0, 3).map(({ device, missing }) => [device, missing])).toEqual([
      ['mute', 95],
      ['meter-7', 31],
      ['meter-1', 0],
    ]);
    expect(answer).toMatchObject({ left_off: 6, devices: { length: 20 } });
    expect(answer.devices[0]!.days).toEqual([]);
    expect((await ask('missing=true')).devices).toHaveLength(2);
  });

  it('says which readings came late, by the day on the wall', async () => {
    const { ask, place, noticed } = await aConsole();
    place('meter');
    const hour = (from: number, count: number) => ({ from, to: from + HOUR, count });
    noticed.evidence = { late: [hour(TODAY - HOUR, 5), hour(TODAY, 2), hour(TODAY + HOUR, 1)] };
    const { late } = await ask('from=-2d');
    expect(late).toMatchObject({
      after_minutes: 15,
      gateways: [
        {
          gateway: 'library',
          readings: 8,
          days: [
            { day: '2026-10-31', readings: 5 },
            { day: '2026-11-01', readings: 3 },
          ],
        },
      ],
    });
  });
});

it('figures stay when ingest cannot be asked; causes do not', async () => {
  const { ask, place, read, noticed } = await aConsole();
  place('meter');
  read('meter', TODAY, NOW, (time) => time < NOW - HOUR);
  noticed.fault = new Error('ingest at http://ingest:8090 does not answer: ECONNREFUSED');
  const answer = await ask('site=city-hall&from=today');
  expectSums(answer);
  expect(answer.causes).toMatchObject([{ cause: 'unknown', readings: 59 }]);
  expect(answer.evidence).toEqual({
    known_since: null,
    words: 'Causes cannot be told now: ingest at http://ingest:8090 does not answer: ECONNREFUSED.',
  });
});

it('is handed over as CSV, device-days or missing ranges', async () => {
  const { get, place, read, rollUp } = await aConsole();
  place('meter', { interval_s: 900 });
  read('meter', TODAY - 24 * HOUR, NOW, (time) => time < TODAY || time >= TODAY + HOUR, QUARTER);
  await rollUp();
  const days = await get('site=city-hall&from=2026-10-31&format=csv');
  expect(days.headers['content-type']).toContain('text/csv');
  expect(days.body.split('\r\n')).toEqual([
    'site,gateway,device,day (site),interval (s),expected,stored,missing,surplus,coverage (%)',
    'city-hall,library,meter,2026-10-31,900,96,96,0,0,100',
    'city-hall,library,meter,2026-11-01,900,31,27,4,0,87.096',
    '',
  ]);
  const ranges = (await get('site=city-hall&from=2026-10-31&missing=true&format=csv')).body.split('\r\n');
  expect(ranges).toHaveLength(3);
  expect(ranges[1]).toMatch(
    /^city-hall,library,meter,2026-11-01T04:00:00.000Z,2026-11-01T05:00:00.000Z,.*,4,true,never-p/,
  );
});

describe('what cannot be answered is refused in words', () => {
  it.each([
    ['site=nowhere', 404, 'site: "nowhere" is not in the register'],
    ['gateway=nowhere', 404, 'gateway: "nowhere" is not in the register'],
    ['device=library/nothing', 404, 'device: "library/nothing" is not in the register'],
    ['from=yesterday', 400, '"yesterday" is no instant'],
    ['from=-1d&to=-2d', 400, 'from: must lie before "to"'],
    ['limit=0', 400, 'limit'],
    ['sites=library', 400, 'sites'],
  ])('%s', async (query, status, words) => {
    const { get } = await aConsole();
    const reply = await get(query);
    expect(reply.statusCode).toBe(status);
    expect(JSON.stringify(reply.json())).toContain(words.replaceAll('"', '\\"'));
  });

  it('more than one answer can hold', async () => {
    const { get, place } = await aConsole();
    for (let n = 0; n < 100; n++) place(`meter-${n}`);
    const reply = await get('from=2026-01-01');
    expect(reply.statusCode).toBe(400);
    expect(reply.json().error.message).toBe(
      'from: 305 days of 100 devices are 30500 device-days, 25000 at most; ask for 250 days or less at a time, or for one site',
    );
  });
});
