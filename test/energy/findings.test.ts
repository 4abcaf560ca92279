import { describe, expect, it } from 'vitest';
import { QUARTER_MS } from '../../energy/counter-rules.ts';
import type { BuildingInput, CircuitInput, CityInputs, LampInput } from '../../energy/findings/finding.ts';
import { findingsOf } from '../../energy/findings/rules.ts';

const ZONE = 'America/New_York';
const POSITION = { latitude: 42.35, longitude: -71.06 };
const at = (text: string) => Date.parse(text);
const DAY = at('2026-11-19T13:00:00-05:00');
const NIGHT = at('2026-11-19T22:00:00-05:00');
const HOUR = 3_600_000;

function aCity(change: Partial<CityInputs> = {}): CityInputs {
  return {
    now: DAY,
    uptimeMs: HOUR,
    buildings: [],
    circuits: [],
    rooms: [],
    gateways: [],
    resets: [],
    storeFault: '',
    deadLetters: {},
    ...change,
  };
}

const kinds = (city: CityInputs) => findingsOf(city).map(({ kind }) => kind);

/** kW by the local hour and the weekday (0 Sunday), eight days back. */
function aBuilding(kw: (hour: number, weekday: number) => number, change: Partial<BuildingInput> = {}): BuildingInput {
  const firstSlot = Math.floor((DAY - 8 * 24 * HOUR) / QUARTER_MS);
  const length = Math.floor(DAY / QUARTER_MS) - firstSlot;
  const values = Float64Array.from({ length }, (_, place) => {
    // New York is 5 h behind UTC in late November.
    const local = new Date((firstSlot + place) * QUARTER_MS - 5 * HOUR);
    return kw(local.getUTCHours() + local.getUTCMinutes() / 60, local.getUTCDay());
  });
  return {
    site: 'school',
    name: 'School',
    zone: ZONE,
    use: 'school',
    floorAreaM2: 10_000,
    schedule: { days: [1, 2, 3, 4, 5], open: '07:00', close: '17:00' },
    load: { firstSlot, values },
    ...change,
  };
}
const isOpen = (hour: number, weekday: number) => weekday % 6 !== 0 && hour >= 7 && hour < 17;

describe('after hours', () => {
  it('is found when the nights are near the days, with how long it goes on', () => {
    const [finding] = findingsOf(aCity({ buildings: [aBuilding((hour, day) => (isOpen(hour, day) ? 150 : 125))] }));
    expect(finding).toMatchObject({ kind: 'after-hours', site: 'school', severity: 'warning' });
    expect(finding?.words).toContain('125 kW, 83 % of the 150 kW');
    expect(finding?.figures.find(({ label }) => label === 'Times in a row')?.value).toBeGreaterThan(3);
  });
  it('is not found in a healthy building, in holidays, where it never sleeps, or without a schedule', () => {
    expect(kinds(aCity({ buildings: [aBuilding((hour, day) => (isOpen(hour, day) ? 150 : 90))] }))).toEqual([]);
    expect(kinds(aCity({ buildings: [aBuilding(() => 40)] }))).toEqual([]);
    expect(kinds(aCity({ buildings: [aBuilding(() => 150, { use: 'police' })] }))).toEqual([]);
    expect(kinds(aCity({ buildings: [aBuilding(() => 150, { schedule: undefined })] }))).toEqual([]);
    expect(kinds(aCity({ buildings: [aBuilding(() => Number.NaN)] }))).toEqual([]);
  });
  it('is over once a night was quiet', () => {
    const lastNight = at('2026-11-18T17:00:00-05:00') / QUARTER_MS;
    const building = aBuilding(() => 150);
    building.load.values.fill(50, lastNight - building.load.firstSlot, lastNight - building.load.firstSlot + 14 * 4);
    expect(kinds(aCity({ buildings: [building] }))).toEqual([]);
  });
});

function aLamp(index: number, change: Partial<LampInput['now']> = {}, samples: Partial<LampInput> = {}): LampInput {
  return {
    gateway: 'g',
    device: `lamp-${index}`,
    name: `Lamp ${index}`,
    nominalW: 70,
    now: { command: 0, dim: 0, powerW: 0.5, failure: 0, time: undefined, intervalMs: 600_000, ...change },
    noon: { command: 0, powerW: 0.5 },
    midnight: { command: 100, powerW: 70 },
    ...samples,
  };
}
function aCircuit(lamps: LampInput[], now: number): CircuitInput {
  const lit = lamps.map((lamp) => ({ ...lamp, now: { ...lamp.now, time: lamp.now.time ?? now - 60_000 } }));
  return {
    site: 'circuit',
    name: 'Main Street',
    zone: ZONE,
    position: POSITION,
    lamps: lit,
    noonAt: at('2026-11-19T12:00:00-05:00'),
    midnightAt: at('2026-11-19T00:00:00-05:00'),
  };
}
const lampCity = (now: number, lamps: LampInput[]) => aCity({ now, circuits: [aCircuit(lamps, now)] });
const ten = (make: (index: number) => LampInput) => Array.from({ length: 10 }, (_, index) => make(index));

describe('lamps', () => {
  const lit = { command: 100, dim: 100, powerW: 70 };
  it('are quiet when they do what they should, by day and by night', () => {
    expect(
      kinds(
        lampCity(
          DAY,
          ten((index) => aLamp(index)),
        ),
      ),
    ).toEqual([]);
    expect(
      kinds(
        lampCity(
          NIGHT,
          ten((index) => aLamp(index, lit)),
        ),
      ),
    ).toEqual([]);
  });
  it('that burn by day are found now, and by night at the last noon', () => {
    const now = ten((index) => aLamp(index, index === 3 ? { powerW: 70 } : {}));
    expect(findingsOf(lampCity(DAY, now))).toMatchObject([{ kind: 'day-burner', device: 'lamp-3', gateway: 'g' }]);
    const then = ten((index) => aLamp(index, lit, index === 3 ? { noon: { command: 0, powerW: 70 } } : {}));
    expect(findingsOf(lampCity(NIGHT, then))).toMatchObject([{ kind: 'day-burner', device: 'lamp-3' }]);
  });
  it('that were mended by day burn no more, though they did at noon', () => {
    const mended = ten((index) => aLamp(index, {}, { noon: { command: 0, powerW: 70 } }));
    expect(kinds(lampCity(DAY, mended))).toEqual([]);
  });
  it('that are told to burn and do not are a dark circuit, now or in the last night', () => {
    const now = ten((index) => aLamp(index, { command: 100, powerW: 0 }));
    expect(findingsOf(lampCity(NIGHT, now))).toMatchObject([{ kind: 'dark-circuit', severity: 'critical' }]);
    const then = ten((index) => aLamp(index, {}, { midnight: { command: 50, powerW: 0 } }));
    expect(findingsOf(lampCity(DAY, then))).toMatchObject([{ kind: 'dark-circuit', site: 'circuit' }]);
    expect(findingsOf(lampCity(DAY, then))[0]?.figures).toContainEqual({
      label: 'Missing power',
      value: 0.7,
      unit: 'kW',
    });
  });
  it('that fail are one finding a circuit, and a warning only when many do', () => {
    const one = ten((index) => aLamp(index, { failure: index === 0 ? 1 : 0 }));
    expect(findingsOf(lampCity(DAY, one))).toMatchObject([
      { kind: 'lamp-failure', severity: 'info', device: 'lamp-0' },
    ]);
    const many = ten((index) => aLamp(index, { failure: index < 4 ? 1 : 0 }));
    expect(findingsOf(lampCity(DAY, many))).toMatchObject([
      { kind: 'lamp-failure', severity: 'warning', device: null },
    ]);
  });
});

describe('rooms', () => {
  const aRoom = (ppm: readonly number[]) => ({
    site: 's',
    siteName: 'School',
    zone: ZONE,
    gateway: 'g',
    device: 'air-1',
    name: 'Room 1',
    co2: { firstSlot: Math.floor(DAY / QUARTER_MS) - ppm.length, values: Float64Array.from(ppm) },
  });
  const found = (...ppm: number[]) => findingsOf(aCity({ rooms: [aRoom(ppm)] })).map(({ severity }) => severity);
  const times = (count: number, value: number) => Array.from({ length: count }, () => value);
  it('are a warning above 1,220 ppm for two hours, critical above 1,400', () => {
    expect(found(...times(96, 900))).toEqual([]);
    expect(found(...times(90, 900), ...times(6, 1_300))).toEqual([]);
    expect(found(...times(86, 900), ...times(10, 1_300))).toEqual(['warning']);
    expect(found(...times(93, 900), 1_500)).toEqual([]);
    expect(found(...times(93, 900), 1_500, 1_600)).toEqual(['critical']);
  });
  it('say since when, and that it may be longer where nothing older is read', () => {
    const tell = (...ppm: number[]) => findingsOf(aCity({ rooms: [aRoom(ppm)] }))[0];
    const rose = tell(...times(16, 900), ...times(88, 1_500));
    expect(rose?.words).toMatch(/above 1,220 ppm for 22 h, at most 1,500 ppm; it rose above it on /);
    const already = tell(...times(104, 1_500));
    expect(already?.words).toMatch(/above 1,220 ppm for 26 h or more, .* it was above it already on /);
    const days = tell(...times(16, 900), ...times(480, 1_500));
    expect(days?.words).toMatch(/above 1,220 ppm for 5 days, at most/);
    expect(days?.since).toBe(Math.floor(DAY / QUARTER_MS) * QUARTER_MS - 5 * 86_400_000);
  });
  it('are called better only where that is measured', () => {
    const tell = (...ppm: number[]) => findingsOf(aCity({ rooms: [aRoom(ppm)] }))[0]?.words;
    expect(tell(...times(20, 1_600), ...times(10, 700))).toMatch(/ and is below it now\.$/);
    expect(tell(...times(20, 1_600), ...times(10, Number.NaN))).toMatch(/; nothing is known since\.$/);
  });
  it('that were far too high yesterday evening are still told of', () => {
    expect(found(...times(4, 1_600), ...times(60, 700))).toEqual(['warning']);
    expect(found(...times(20, 1_300), ...times(60, 700))).toEqual([]);
  });
});

describe('gateways, the store and rejected readings', () => {
  const aGateway = {
    gateway: 'g',
    name: 'Gateway',
    site: 's',
    zone: ZONE,
    state: 'online',
    lastReading: DAY - 30_000,
    intervalS: undefined,
    buffered: 0,
    dropped: 0,
    twoEpochs: false,
  } as const;
  const found = (change: object, city: Partial<CityInputs> = {}) =>
    findingsOf(aCity({ gateways: [{ ...aGateway, ...change }], ...city })).map(({ kind }) => kind);
  it('are quiet while all is well, and just after a start', () => {
    expect(found({})).toEqual([]);
    expect(found({ state: 'never-seen', lastReading: DAY - 9 * HOUR }, { uptimeMs: 20_000 })).toEqual([]);
    expect(found({ state: 'offline' })).toEqual([]);
    expect(found({ state: 'retired', lastReading: 0 })).toEqual([]);
  });
  it('are found', () => {
    expect(found({ state: 'offline', lastReading: DAY - HOUR })).toEqual(['silent-gateway']);
    expect(found({ lastReading: DAY - 3 * HOUR })).toEqual(['silent-gateway']);
    expect(found({ state: 'never-seen', lastReading: undefined })).toEqual(['silent-gateway']);
    expect(found({ twoEpochs: true })).toEqual(['two-epochs']);
    expect(found({ dropped: 5 })).toEqual(['outbox-dropping']);
    expect(found({}, { storeFault: 'disk full' })).toEqual(['store']);
    expect(found({}, { deadLetters: { 'value-out-of-range': 3 } })).toEqual(['dead-letters']);
  });
  it('come with the worst first, and every one says what to do', () => {
    const all = findingsOf(
      aCity({
        gateways: [{ ...aGateway, twoEpochs: true, dropped: 1 }],
        storeFault: 'disk full',
        deadLetters: { 'unknown-metric': 1 },
        resets: [
          {
            site: 's',
            siteName: 'S',
            zone: ZONE,
            gateway: 'g',
            device: 'm',
            name: 'M',
            unit: 'kWh',
            at: DAY - HOUR,
            before: 9,
            after: 0,
          },
        ],
      }),
    );
    expect(all.map(({ severity }) => severity)).toEqual(['critical', 'critical', 'warning', 'warning', 'warning']);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { title, words, whatToDo } of all)
      for (const text of [title, words, whatToDo]) expect(text).not.toBe('');
  });
});
