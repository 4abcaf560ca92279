import { describe, expect, it } from 'vitest';
import type { AlertInputs } from '../../alerts/alert-inputs.ts';
import { alertId } from '../../alerts/alert-rule.ts';
import { ALERT_RULES } from '../../alerts/rules/table.ts';
import type { CircuitInput, LampInput } from '../../energy/findings/finding.ts';
import {
  aCounter,
  aGateway,
  aPlace,
  DAY,
  HOUR,
  NOW,
  quarters,
  ruleOf,
  someInputs,
  someNights,
  ZONE,
} from './alert-builders.ts';

const fired = (id: string, change: Partial<AlertInputs>) => ruleOf(id).evaluate(someInputs(change));
const ids = (id: string, change: Partial<AlertInputs>) =>
  fired(id, change).map((firing) => alertId(ruleOf(id), firing));
const unknown = (id: string, change: Partial<AlertInputs>, place: Parameters<typeof aPlace>[0]) =>
  ruleOf(id).unknown?.(someInputs(change), aPlace(place));

describe('the table', () => {
  it('has one rule an id, each with words, an owner and a form for Grafana', () => {
    expect(new Set(ALERT_RULES.map(({ id }) => id)).size).toBe(ALERT_RULES.length);
    for (const { id, title, summary, whatToDo, forMs, grafana } of ALERT_RULES) {
      expect(id).toMatch(/^[a-z0-9-]+$/);
      for (const words of [title, summary, whatToDo]) expect(words.length).toBeGreaterThan(5);
      expect(forMs % 60_000).toBe(0);
      expect(grafana.query).toContain('$timeFilter');
    }
  });
  it('is quiet on a city of which nothing is known, and on a healthy one', () => {
    const healthy = {
      gateways: [aGateway()],
      nights: [someNights(() => ({}))],
      counters: [aCounter()],
      demands: [{ site: 'school', name: 'School', zone: ZONE, contractKw: 200, demand: quarters(20, () => 120) }],
    };
    for (const rule of ALERT_RULES) {
      expect(rule.evaluate(someInputs()), rule.id).toEqual([]);
      expect(rule.evaluate(someInputs(healthy)), rule.id).toEqual([]);
    }
  });
});

describe('gateways', () => {
  it('that nobody hears fire, one alert each', () => {
    const gateways = [aGateway({ state: 'offline', lastReading: NOW - 11 * 60_000 }), aGateway({ gateway: 'other' })];
    expect(ids('gateway-silent', { gateways })).toEqual(['gateway-silent/library']);
    expect(fired('gateway-silent', { gateways })[0]?.severity).toBe('warning');
    const longGone = [aGateway({ state: 'silent', lastReading: NOW - 2 * DAY })];
    expect(fired('gateway-silent', { gateways: longGone })[0]?.severity).toBe('critical');
  });

  const speaking = { device: 'b', name: 'Boiler', lastReading: NOW - 60_000, intervalMs: 60_000, isNew: false };
  it('with silent devices fire once, with their names; slow devices are given time', () => {
    const silent = { device: 'a', name: 'Air', lastReading: NOW - 20 * 60_000, intervalMs: 60_000, isNew: false };
    const slow = { ...silent, device: 's', intervalMs: HOUR };
    const gateways = [aGateway({ devices: [silent, speaking, slow] })];
    const [firing, ...others] = fired('device-silent', { gateways });
    expect(others).toEqual([]);
    expect(firing).toMatchObject({ device: 'a', devices: ['library/a'], since: NOW - 20 * 60_000 });
    expect(firing?.words).toContain('1 of 3 devices');
    expect(ids('device-silent', { gateways: [aGateway({ devices: [silent], state: 'offline' })] })).toEqual([]);
    expect(ids('device-silent', { gateways: [aGateway({ devices: [silent], oldestS: 5_000 })] })).toEqual([]);
  });
  it('wait for a device that a person listed, not for one that was met by chance', () => {
    const never = { device: 'n', name: 'New', lastReading: undefined, intervalMs: 60_000, isNew: false };
    expect(ids('device-silent', { gateways: [aGateway({ devices: [never] })] })).toEqual(['device-silent/library']);
    expect(ids('device-silent', { gateways: [aGateway({ devices: [never] })], uptimeMs: 60_000 })).toEqual([]);
    expect(ids('device-silent', { gateways: [aGateway({ devices: [{ ...never, isNew: true }] })] })).toEqual([]);
  });
  it('whose outbox grows fire, but not while the store fails', () => {
    const gateways = [aGateway({ buffered: 9_000, oldestS: 1_200 })];
    expect(fired('outbox-growing', { gateways })).toMatchObject([{ severity: 'warning', gateway: 'library' }]);
    expect(fired('outbox-growing', { gateways: [aGateway({ fullShare: 0.85 })] })).toMatchObject([
      { severity: 'critical' },
    ]);
    expect(fired('outbox-growing', { gateways, storeFault: 'the disk is full' })).toEqual([]);
    expect(unknown('outbox-growing', { gateways, storeFault: 'the disk is full' }, { gateway: 'library' })).toContain(
      'store',
    );
  });
  it('that drop readings fire while they hold some', () => {
    expect(ids('outbox-dropping', { gateways: [aGateway({ dropped: 5, buffered: 10 })] })).toHaveLength(1);
    expect(ids('outbox-dropping', { gateways: [aGateway({ dropped: 5, buffered: 0 })] })).toEqual([]);
  });
  it('that run twice, or whose clock is off, fire', () => {
    expect(ids('two-epochs', { gateways: [aGateway({ twoEpochs: true })] })).toEqual(['two-epochs/library']);
    const [slow] = fired('clock-off', { gateways: [aGateway({ clockOffsetMs: 3 * HOUR })] });
    expect(slow?.words).toBe('It is 180 minutes slow.');
    const [fast] = fired('clock-off', { gateways: [aGateway({ clockOffsetMs: -45_000 })] });
    expect(fast?.words).toBe('It is 45 seconds fast.');
    expect(fired('clock-off', { gateways: [aGateway({ clockOffsetMs: 29_000 })] })).toEqual([]);
  });
  it('that are away say nothing of clocks, devices and outboxes', () => {
    const gateways = [aGateway({ state: 'offline', clockOffsetMs: 3 * HOUR, twoEpochs: true })];
    for (const id of ['device-silent', 'outbox-growing', 'outbox-dropping', 'two-epochs', 'clock-off']) {
      expect(unknown(id, { gateways }, { gateway: 'library' }), id).toBe('Library is not connected');
      expect(unknown(id, { gateways: [] }, { gateway: 'library' }), id).toBeUndefined();
    }
  });
});

it('the store and dead letters fire with their words', () => {
  expect(fired('store-failing', { storeFault: 'InfluxDB refuses the token.' })).toMatchObject([
    { severity: 'critical', words: 'InfluxDB refuses the token.' },
  ]);
  expect(ids('dead-letters', { deadLetters: { 'value-out-of-range': 3 } })).toEqual(['dead-letters']);
});

describe('demand', () => {
  const demand = (kwOf: (back: number) => number) => ({
    demands: [{ site: 'school', name: 'School', zone: ZONE, contractKw: 200, demand: quarters(40, kwOf) }],
  });
  it('fires from nine tenths of the contract on, and is critical above it', () => {
    expect(
      fired(
        'demand-near-limit',
        demand((back) => (back === 2 ? 181 : 100)),
      ),
    ).toMatchObject([{ severity: 'warning', site: 'school' }]);
    expect(
      fired(
        'demand-near-limit',
        demand((back) => (back === 2 ? 200 : 100)),
      )[0]?.severity,
    ).toBe('critical');
    expect(
      fired(
        'demand-near-limit',
        demand((back) => (back === 9 ? 250 : 100)),
      ),
    ).toEqual([]);
  });
  it('cannot be judged when the last hour was not measured', () => {
    const gap = demand((back) => (back <= 6 ? Number.NaN : 190));
    expect(fired('demand-near-limit', gap)).toEqual([]);
    expect(unknown('demand-near-limit', gap, { site: 'school' })).toContain('not measured');
  });
});

describe('base load', () => {
  const risen = someNights((back) => (back >= 1 && back <= 3 ? { baseKw: 52 } : {}));
  it('fires when it rose by a quarter for three days', () => {
    const [firing] = fired('base-load-rise', { nights: [risen] });
    expect(firing?.words).toBe('It is 52 kW, and was 40 kW in the 28 days before: 30 % more.');
    expect(fired('base-load-rise', { nights: [someNights((back) => (back === 1 ? { baseKw: 80 } : {}))] })).toEqual([]);
    const small = someNights((back) => ({ baseKw: back >= 1 && back <= 3 ? 3 : 2 }));
    expect(fired('base-load-rise', { nights: [small] })).toEqual([]);
  });
  it('is not judged by days that are not known', () => {
    const gap = someNights((back) => (back <= 2 ? { baseKw: null } : {}));
    expect(fired('base-load-rise', { nights: [gap] })).toEqual([]);
    expect(unknown('base-load-rise', { nights: [gap] }, { site: 'school' })).toContain('last days');
    const young = someNights((back) => (back > 12 ? { baseKw: null } : { baseKw: back <= 3 ? 90 : 40 }));
    expect(fired('base-load-rise', { nights: [young] })).toEqual([]);
  });
});

describe('nights', () => {
  const leak = someNights((back) => (back <= 1 ? { nightWater: 0.4 } : {}));
  it('with water fire when two in a row took twice the quiet ones', () => {
    expect(ids('water-night-flow', { nights: [leak] })).toEqual(['water-night-flow/school']);
    expect(
      ids('water-night-flow', { nights: [someNights((back) => (back === 0 ? { nightWater: 0.4 } : {}))] }),
    ).toEqual([]);
    expect(ids('water-night-flow', { nights: [{ ...leak, use: 'pool' }] })).toEqual([]);
  });
  it('go on firing while the leak fills weeks', () => {
    const old = someNights((back) => (back <= 20 ? { nightWater: 0.4 } : {}));
    expect(ids('water-night-flow', { nights: [old] })).toHaveLength(1);
  });
  it('with gas are held against nights as cold', () => {
    const cold = someNights((back) =>
      back <= 1 ? { nightGas: 8, nightC: -5 } : back < 9 ? { nightGas: 8, nightC: -6 } : {},
    );
    expect(ids('gas-night-flow', { nights: [cold] })).toEqual([]);
    const valve = someNights((back) => (back <= 1 ? { nightGas: 8 } : {}));
    expect(ids('gas-night-flow', { nights: [valve] })).toEqual(['gas-night-flow/school']);
    const coldest = someNights((back) => (back <= 1 ? { nightGas: 20, nightC: -15 } : {}));
    expect(ids('gas-night-flow', { nights: [coldest] })).toEqual([]);
    expect(unknown('gas-night-flow', { nights: [coldest] }, { site: 'school' })).toContain('as cold');
  });
  it('of which nothing is known are not judged', () => {
    const gap = someNights((back) => (back <= 1 ? { nightWater: null, nightGas: null } : {}));
    expect(unknown('water-night-flow', { nights: [gap] }, { site: 'school' })).toContain('not known');
    expect(unknown('gas-night-flow', { nights: [gap] }, { site: 'school' })).toContain('not known');
  });
});

describe('air', () => {
  const room = (kwOf: (back: number) => number) => ({
    rooms: [{ site: 's', siteName: 'S', zone: ZONE, gateway: 'g', device: 'r', name: 'Room', co2: quarters(96, kwOf) }],
  });
  const station = (kwOf: (back: number) => number) => ({
    stations: [
      { site: 's', siteName: 'S', zone: ZONE, gateway: 'g', device: 'a', name: 'A', particles: quarters(16, kwOf) },
    ],
  });
  it('of rooms fires after two hours, is over after one, and never by silence', () => {
    expect(
      fired(
        'high-co2',
        room((back) => (back <= 8 ? 1_300 : 600)),
      ),
    ).toMatchObject([{ severity: 'warning' }]);
    expect(
      fired(
        'high-co2',
        room((back) => (back <= 7 ? 1_300 : 600)),
      ),
    ).toEqual([]);
    expect(
      fired(
        'high-co2',
        room((back) => (back <= 6 ? 600 : 1_300)),
      ),
    ).toEqual([]);
    const silent = room((back) => (back <= 8 ? Number.NaN : 1_300));
    expect(unknown('high-co2', silent, { gateway: 'g', device: 'r' })).toContain('nothing');
    expect(
      unknown(
        'high-co2',
        room(() => 600),
        { gateway: 'g', device: 'r' },
      ),
    ).toBeUndefined();
  });
  it('outdoors fires by the mean of three hours', () => {
    expect(
      fired(
        'high-pm2-5',
        station(() => 40),
      ),
    ).toMatchObject([{ severity: 'warning', device: 'a' }]);
    expect(
      fired(
        'high-pm2-5',
        station(() => 60),
      ),
    ).toMatchObject([{ severity: 'critical' }]);
    expect(
      fired(
        'high-pm2-5',
        station((back) => (back <= 2 ? 90 : 10)),
      ),
    ).toEqual([]);
    const gaps = station((back) => (back % 2 === 0 ? Number.NaN : 90));
    expect(fired('high-pm2-5', gaps)).toEqual([]);
    expect(unknown('high-pm2-5', gaps, { gateway: 'g', device: 'a' })).toContain('too little');
  });
});

describe('lamps', () => {
  const night = Date.parse('2026-11-20T03:00:00Z');
  const lamp = (index: number, change: Partial<LampInput['now']> = {}): LampInput => ({
    gateway: 'g',
    device: `lamp-${index}`,
    name: `Lamp ${index}`,
    nominalW: 70,
    now: { command: 0, dim: 0, powerW: 0.5, failure: 0, time: NOW - 60_000, intervalMs: 600_000, ...change },
    noon: { command: 0, powerW: 0.5 },
    midnight: { command: 100, powerW: 70 },
  });
  const circuit = (lamps: LampInput[]): { circuits: CircuitInput[] } => ({
    circuits: [
      {
        site: 'street',
        name: 'Street',
        zone: ZONE,
        position: { latitude: 42.35, longitude: -71.06 },
        lamps,
        noonAt: NOW,
        midnightAt: NOW - 12 * HOUR,
      },
    ],
  });
  it('are one alert a circuit, whatever their number', () => {
    const one = circuit([lamp(1, { powerW: 70, command: 100 }), lamp(2), lamp(3)]);
    const two = circuit([lamp(1, { powerW: 70 }), lamp(2, { powerW: 70 }), lamp(3)]);
    expect(ids('day-burner', one)).toEqual(['day-burner/street']);
    expect(ids('day-burner', two)).toEqual(['day-burner/street']);
    expect(fired('day-burner', two)[0]?.devices).toEqual(['g/lamp-1', 'g/lamp-2']);
    expect(ids('lamp-fault', circuit([lamp(1, { failure: 1 }), lamp(2)]))).toEqual(['lamp-fault/street']);
    const dark = circuit([1, 2, 3].map((index) => lamp(index, { command: 100, powerW: 0, time: night - 60_000 })));
    expect(ids('circuit-dark', { ...dark, now: night })).toEqual(['circuit-dark/street']);
  });
  it('that showed it and fell silent leave it open', () => {
    const away = circuit([lamp(1, { time: NOW - 2 * HOUR }), lamp(2)]);
    const place = { site: 'street', devices: ['g/lamp-1'] };
    expect(unknown('day-burner', away, place)).toBe('Lamp 1 says nothing');
    expect(unknown('day-burner', circuit([lamp(1), lamp(2)]), place)).toBeUndefined();
    expect(unknown('day-burner', circuit([lamp(2)]), place)).toBeUndefined();
  });
});

describe('counters', () => {
  it('that stand still though their gauge shows a flow fire within three hours', () => {
    const frozen = aCounter((back) => (back <= 3 ? { used: 0 } : {}));
    expect(fired('counter-standing-still', { counters: [frozen] })).toMatchObject([
      { gateway: 'g', device: 'meter', since: NOW - 3 * HOUR },
    ]);
    const idle = aCounter((back) => (back <= 3 ? { used: 0, rate: 0.1 } : {}));
    expect(fired('counter-standing-still', { counters: [idle] })).toEqual([]);
  });
  it('without a gauge fire after a day, if every day before counted', () => {
    const still = (back: number) => (back <= 24 ? { used: 0, rate: null } : { rate: null });
    expect(fired('counter-standing-still', { counters: [aCounter(still)] })).toHaveLength(1);
    expect(fired('counter-standing-still', { counters: [aCounter(still, { days: [1, 0, 1, 1, 1, 1, 1] })] })).toEqual(
      [],
    );
    expect(fired('counter-standing-still', { counters: [aCounter(still, { days: [1, 1] })] })).toEqual([]);
  });
  it('of which hours are missing are neither still nor moving', () => {
    const gap = aCounter((back) => (back <= 12 ? { used: null, coverage: 0, rate: null } : { used: 0, rate: null }));
    expect(fired('counter-standing-still', { counters: [gap] })).toEqual([]);
    expect(unknown('counter-standing-still', { counters: [gap] }, { gateway: 'g', device: 'meter' })).toContain(
      'too little',
    );
    expect(
      unknown('counter-standing-still', { counters: [aCounter()] }, { gateway: 'g', device: 'meter' }),
    ).toBeUndefined();
  });
  it('that began again are an alert for each time', () => {
    const reset = {
      site: 's',
      siteName: 'S',
      zone: ZONE,
      gateway: 'g',
      device: 'm',
      name: 'M',
      unit: 'kWh',
      before: 9,
      after: 0,
    };
    const resets = [
      { ...reset, at: NOW - DAY },
      { ...reset, at: NOW - 2 * DAY },
    ];
    expect(ids('meter-reset', { resets })).toEqual([
      `meter-reset/g/m/${NOW - DAY}`,
      `meter-reset/g/m/${NOW - 2 * DAY}`,
    ]);
  });
});

describe('after hours', () => {
  const building = (kwOf: (back: number) => number) => ({
    buildings: [
      {
        site: 'school',
        name: 'School',
        zone: ZONE,
        use: 'school',
        floorAreaM2: 1_000,
        schedule: { days: [1, 2, 3, 4, 5], open: '07:00', close: '17:00' },
        load: quarters(9 * 96, kwOf),
      },
    ],
  });
  it('fires, and is not over because nothing was measured', () => {
    expect(
      ids(
        'after-hours',
        building(() => 100),
      ),
    ).toEqual(['after-hours/school']);
    const gap = building((back) => (back <= 100 ? Number.NaN : 100));
    expect(unknown('after-hours', gap, { site: 'school' })).toContain('not measured');
    expect(
      unknown(
        'after-hours',
        building(() => 100),
        { site: 'school' },
      ),
    ).toBeUndefined();
    // Without a schedule nothing is after hours, and no load is kept.
    const [school] = building(() => 100).buildings;
    const always = { ...school!, schedule: undefined, load: quarters(0, () => 0) };
    expect(unknown('after-hours', { buildings: [always] }, { site: 'school' })).toBeUndefined();
  });
});
