/**
 * The rules on the demo city: quiet while it is healthy, firing within a minute and the time of the rule on each of its
 * faults, and over after it. The whole city for 30 days in CI; a part of it for some hours otherwise.
 */
import { describe, expect, it } from 'vitest';
import { alertId } from '../../alerts/alert-rule.ts';
import { judge } from '../../alerts/judge.ts';
import { CityReader } from '../../alerts/reading/city-reader.ts';
import type { HeardGateway, Intake } from '../../alerts/reading/intake.ts';
import { ALERT_RULES } from '../../alerts/rules/table.ts';
import type { Health } from '../../contract/health.ts';
import type { Site } from '../../register/model.ts';
import { demoCity } from '../../simulators/city.ts';
import { type CityFaults, NO_FAULTS } from '../../simulators/city-faults.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { entriesOf } from '../../simulators/manifest.ts';
import { CityRegister } from '../console/fake-city.ts';
import { isLong } from '../is-long.ts';
import { ManualClock } from '../manual-clock.ts';
import { TruthStore } from './truth-store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const INTERVALS = { electricityMs: 300_000 };
/** A Wednesday; the clocks changed on the Sunday before. */
const NOON = Date.parse('2026-11-04T17:00:00Z');
const PART = [
  'madison-park-high',
  'menino-pavilion',
  'charlestown-high',
  'tobin-center',
  'commonwealth-circuit-2',
  'hyde-park-circuit-21',
  'kenmore-air',
];

class Story {
  readonly clock: ManualClock;
  readonly register = new CityRegister();
  readonly truth: GroundTruth;
  readonly store: TruthStore;
  readonly reader: CityReader;
  storeFault = '';
  #sites: ReadonlySet<string>;

  constructor(
    at: number,
    faults: Partial<CityFaults> = {},
    options: { sites?: readonly string[]; site?: Partial<Site> } = {},
  ) {
    const whole = demoCity(1, { intervals: INTERVALS, faults: { ...NO_FAULTS, ...faults } });
    const chosen = options.sites ?? whole.sites.map(({ id }) => id);
    const city = { ...whole, sites: whole.sites.filter(({ id }) => chosen.includes(id)) };
    this.#sites = new Set(chosen);
    this.clock = new ManualClock(at);
    this.truth = new GroundTruth(city);
    this.store = new TruthStore(this.truth, () => this.clock.now());
    const entries = entriesOf(city);
    for (const site of entries.sites)
      this.register.siteById.set(site.id, { ...site, ...(site.kind === 'building' ? options.site : {}) });
    for (const gateway of entries.gateways) this.register.gatewayById.set(gateway.id, gateway);
    for (const device of entries.devices) this.register.deviceByKey.set(`${device.gateway}/${device.id}`, device);
    this.reader = new CityReader({
      register: this.register,
      store: this.store,
      intake: this.#intake(),
      clock: this.clock,
    });
  }

  /** What fires at an instant, once everything has been read. */
  async firing(at = this.clock.now()): Promise<string[]> {
    const { ids, unjudged } = await this.judged(at);
    expect(unjudged).toEqual([]);
    return ids;
  }

  async judged(at = this.clock.now()) {
    await this.clock.advance(at - this.clock.now());
    await this.reader.read();
    await this.clock.advance(2 * 60_000);
    await this.reader.read();
    await this.reader.settled();
    const inputs = await this.reader.read();
    const { judged, unjudged } = judge(ALERT_RULES, inputs);
    const ids = judged.flatMap(({ rule, firing }) => (firing ?? []).map((one) => alertId(rule, one)));
    return { ids, unjudged, inputs };
  }

  #intake(): Intake {
    return {
      status: () => ({ storeFault: this.storeFault }),
      gateways: () => [...this.register.gatewayById.keys()].map((gateway) => this.#heard(gateway)),
      deadLetters: { counts: () => ({}) },
    };
  }

  #heard(gateway: string): HeardGateway {
    const now = this.clock.now();
    const until = Math.min(...this.truth.devices(gateway).map((device) => device.until));
    const isSilent = now >= until;
    const outbox = { buffered: 3, dropped: 0, oldest_s: 2, bytes: 900, capacity_bytes: 100_000 };
    const health = { outbox, clock_offset_ms: 12 } as Health;
    return { gateway, online: !isSilent, health, healthAt: isSilent ? until : now, twoEpochs: false };
  }

  get sites(): ReadonlySet<string> {
    return this.#sites;
  }
}

/** Lamps of the city fail by themselves, as they do. */
const isWear = (id: string) => id.startsWith('lamp-fault/');

describe('a healthy city', () => {
  it('is quiet by day, by night, at weekends and when the clocks change', async () => {
    const story = new Story(NOON - 4 * DAY, {}, { sites: PART, site: { contract_demand_kw: 5_000 } });
    for (const hours of [0, 9, 18, 37, 62, 84]) {
      const ids = await story.firing(NOON - 4 * DAY + hours * HOUR);
      expect(
        ids.filter((id) => !isWear(id)),
        `after ${hours} h`,
      ).toEqual([]);
    }
  });

  it.runIf(isLong)(
    'is quiet for thirty days, all of it',
    async () => {
      const story = new Story(NOON - 15 * DAY);
      // Steps of thirteen hours come to each hour of the day.
      for (let hour = 0; hour < 30 * 24; hour += 13) {
        const ids = await story.firing(NOON - 15 * DAY + hour * HOUR);
        expect(
          ids.filter((id) => !isWear(id)),
          `after ${hour} h`,
        ).toEqual([]);
      }
    },
    900_000,
  );
});

describe('each fault of the demo city fires, alone', () => {
  const MIDNIGHT = Date.parse('2026-11-04T06:00:00Z');
  it.each<[string, Partial<CityFaults>, number, string]>([
    [
      'after hours',
      { afterHours: [{ site: 'madison-park-high', from: NOON - 40 * HOUR }] },
      NOON,
      'after-hours/madison-park-high',
    ],
    [
      'a day burner',
      { dayBurners: [{ site: 'commonwealth-circuit-2', lamp: 3, from: NOON - HOUR }] },
      NOON,
      'day-burner/commonwealth-circuit-2',
    ],
    [
      'a dark circuit',
      { darkCircuits: [{ site: 'hyde-park-circuit-21', from: MIDNIGHT - 2 * HOUR }] },
      MIDNIGHT,
      'circuit-dark/hyde-park-circuit-21',
    ],
    [
      'the same, by day',
      { darkCircuits: [{ site: 'hyde-park-circuit-21', from: MIDNIGHT - 2 * HOUR }] },
      NOON,
      'circuit-dark/hyde-park-circuit-21',
    ],
    [
      'a silent gateway',
      { silent: [{ site: 'tobin-center', from: NOON - 12 * 60_000 }] },
      NOON,
      'gateway-silent/tobin-center-gateway',
    ],
    [
      'a stale room',
      { stale: [{ site: 'menino-pavilion', room: 0, from: NOON - 3 * HOUR }] },
      NOON,
      'high-co2/menino-pavilion-gateway/air-1',
    ],
    [
      'a reset',
      { registers: [{ kind: 'reset', site: 'charlestown-high', from: NOON - DAY, restart: 0 }] },
      NOON,
      'meter-reset/charlestown-high-gateway/main-meter',
    ],
  ])('%s', async (_, faults, at, id) => {
    const site = PART.filter((one) => id.includes(one));
    const story = new Story(at, faults, { sites: site });
    const found = (await story.firing()).filter((one) => !isWear(one)).map((one) => one.replace(/\/\d{10,}$/, ''));
    expect(found).toEqual([id]);
  });
});

describe('what the demo city does not have', () => {
  const water = (from: number, to: number) => (story: Story) => {
    story.store.change = (device, time, values) => {
      if (device.id !== 'water-meter' || values.water_volume_m3 === undefined) return values;
      const leaked = (Math.max(0, Math.min(time, to) - from) / HOUR) * 2;
      return { ...values, water_volume_m3: values.water_volume_m3 + leaked };
    };
  };
  it('a leak fires after two nights and is over two nights after it is mended', async () => {
    const story = new Story(NOON - DAY, {}, { sites: ['charlestown-high', 'kenmore-air'] });
    water(NOON - 2 * DAY - 3 * HOUR, NOON + HOUR)(story);
    expect(await story.firing(NOON - DAY)).toEqual([]);
    expect(await story.firing(NOON)).toEqual(['water-night-flow/charlestown-high']);
    expect(await story.firing(NOON + DAY)).toEqual([]);
  });
  it('a fan that runs day and night raises the base load', async () => {
    const story = new Story(NOON, {}, { sites: ['charlestown-high', 'kenmore-air'] });
    story.store.change = (device, time, values) => {
      if (device.id !== 'main-meter' || values.active_energy_kwh === undefined) return values;
      const more = (Math.max(0, time - (NOON - 4 * DAY)) / HOUR) * 60;
      return { ...values, active_energy_kwh: values.active_energy_kwh + more };
    };
    expect(await story.firing()).toContain('base-load-rise/charlestown-high');
  });
  it('a valve that stays open burns gas at night', async () => {
    const story = new Story(NOON, {}, { sites: ['charlestown-high', 'kenmore-air'] });
    story.store.change = (device, time, values) => {
      if (device.id !== 'gas-meter' || values.gas_volume_m3 === undefined) return values;
      const more = (Math.max(0, time - (NOON - 2 * DAY)) / HOUR) * 120;
      return { ...values, gas_volume_m3: values.gas_volume_m3 + more };
    };
    expect(await story.firing()).toEqual(['gas-night-flow/charlestown-high']);
  });
  it('a frozen register is found by its own gauge', async () => {
    const story = new Story(NOON, {}, { sites: ['charlestown-high'] });
    story.store.change = (device, time, values) => {
      if (device.id !== 'main-meter' || time < NOON - 5 * HOUR) return values;
      const frozen = device.valuesAt(NOON - 5 * HOUR).active_energy_kwh ?? 0;
      return { ...values, active_energy_kwh: frozen };
    };
    expect(await story.firing()).toEqual(['counter-standing-still/charlestown-high-gateway/main-meter']);
  });
  it('smoke fires within three hours, and a contract that is too small at once', async () => {
    const story = new Story(
      NOON,
      {},
      { sites: ['charlestown-high', 'kenmore-air'], site: { contract_demand_kw: 100 } },
    );
    story.store.change = (device, time, values) =>
      device.id === 'station' && time >= NOON - 3 * HOUR ? { ...values, pm2_5_ug_per_m3: 90 } : values;
    expect(await story.firing()).toEqual([
      'demand-near-limit/charlestown-high',
      'high-pm2-5/kenmore-air-gateway/station',
    ]);
  });
});

describe('what cannot be known', () => {
  it('is said while everything is still being read, and when the store does not answer', async () => {
    const story = new Story(NOON, {}, { sites: ['charlestown-high', 'commonwealth-circuit-2'] });
    story.store.isDown = true;
    const { ids, unjudged } = await story.judged();
    expect(ids).toEqual(['store-failing']);
    const unknown = new Map(unjudged.map(({ rule, why }) => [rule, why]));
    expect(unknown.get('after-hours')).toContain('still being read');
    expect(unknown.get('gateway-silent')).toContain('InfluxDB does not answer');
    expect(unknown.has('two-epochs')).toBe(false);
    story.store.isDown = false;
    expect((await story.firing(NOON + HOUR)).filter((id) => !isWear(id))).toEqual([]);
  });
  it('is what is not heard after the clock of the server was set', async () => {
    const story = new Story(NOON, {}, { sites: ['charlestown-high'] });
    await story.firing();
    story.clock.setWall(NOON + 3 * HOUR);
    const inputs = await story.reader.read();
    expect(inputs.unknown.gateways).toContain('the clock of the server was set by');
    expect(inputs.unknown.latest).toContain('the clock of the server was set by');
  });
});
