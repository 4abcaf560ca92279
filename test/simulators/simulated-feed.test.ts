import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { demoCity } from '../../simulators/city.ts';
import { NO_FAULTS } from '../../simulators/city-faults.ts';
import { CountedFeed } from '../../simulators/counted-feed.ts';
import { feedOf, profiles } from '../../simulators/feed-of.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { MAX_STEP_READINGS, SimulatedFeed } from '../../simulators/simulated-feed.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-05-04T15:30:00Z');
const truth = new GroundTruth(demoCity(7));
const GATEWAY = 'seaport-circuit-4-gateway';
const devices = truth.devices(GATEWAY);

describe('a simulated feed', () => {
  it('hands over what the ground truth expects, in bounded steps, newest day first', () => {
    const startAt = NOW - 60 * HOUR;
    const steps = [...new SimulatedFeed({ devices, startAt }).readingsUpTo(undefined, NOW)];
    expect(Math.max(...steps.map((step) => step.readings.length))).toBeLessThanOrEqual(MAX_STEP_READINGS);
    const readings = steps.flatMap((step) => step.readings);
    for (const { id } of devices) {
      const ofDevice = readings.filter((reading) => reading.device === id).sort((a, b) => a.time! - b.time!);
      expect(ofDevice).toEqual([...truth.expectedReadings(GATEWAY, id, startAt, NOW + 1)]);
      expect(ofDevice).toHaveLength(truth.expectedCount(GATEWAY, id, startAt, NOW + 1));
    }
    // Each day in order of time, and no day before a newer one is whole.
    const day = (time: number) => Math.floor((NOW - time) / (24 * HOUR));
    const days = readings.map((reading) => day(reading.time!));
    expect(days).toEqual([...days].sort((one, other) => one - other));
    for (const one of [0, 1, 2]) {
      const times = readings.map((reading) => reading.time!).filter((time) => day(time) === one);
      expect(times.length).toBeGreaterThan(100);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
  });

  it('tells each reading once, however often it is killed, left for hours, or its clock is set back', () => {
    const startAt = NOW - 30 * HOUR;
    const expected = [
      ...new SimulatedFeed({ devices, startAt: NOW - 30 * HOUR }).readingsUpTo(undefined, NOW + 40 * HOUR),
    ]
      .flatMap((step) => step.readings)
      .map(({ device, time }) => `${device} ${time}`)
      .sort();
    // After so many minutes it is asked for so many steps; of the last one the process dies before it is written.
    const looks = fc.array(fc.tuple(fc.integer({ min: -60, max: 600 }), fc.integer({ min: 0, max: 6 }), fc.boolean()), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(looks, (visits) => {
        let cursor: string | undefined;
        let now = NOW;
        const told: string[] = [];
        const ask = (most: number, dies: boolean) => {
          let left = most;
          for (const step of new SimulatedFeed({ devices, startAt }).readingsUpTo(cursor, now)) {
            if (left === 0 && dies) return;
            told.push(...step.readings.map(({ device, time }) => `${device} ${time}`));
            cursor = step.cursor;
            if (left-- <= 0) return;
          }
        };
        for (const [minutes, most, dies] of visits) {
          now = Math.min(now + minutes * 60_000, NOW + 40 * HOUR);
          ask(most, dies);
        }
        now = NOW + 40 * HOUR;
        ask(Number.POSITIVE_INFINITY, false);
        expect(told.sort()).toEqual(expected);
      }),
      { numRuns: 15 },
    );
  });

  it('tells what happens now before its past, and of the past one step a grant', () => {
    const feed = new SimulatedFeed({ devices, startAt: NOW - 48 * HOUR, waitsForGrant: true });
    let nudges = 0;
    feed.onMore(() => {
      nudges++;
    });
    expect([...feed.readingsUpTo(undefined, NOW)]).toEqual([]);
    const pending = feed.pendingReadings;
    expect(pending).toBe(
      devices.reduce((sum, { id }) => sum + truth.expectedCount(GATEWAY, id, NOW - 48 * HOUR, NOW + 1), 0),
    );
    feed.grant();
    expect(nudges).toBe(1);
    const [step, ...more] = [...feed.readingsUpTo(undefined, NOW)];
    expect(more).toEqual([]);
    expect(feed.pendingReadings).toBe(pending - step!.readings.length);
    // Handed over is not yet on disk: only the cursor there says so.
    const told = step!.readings.length;
    expect(feed.standing(undefined)).toMatchObject({ pendingReadings: pending, toldReadings: 0 });
    expect(feed.standing(step!.cursor)).toMatchObject({ pendingReadings: pending - told, toldReadings: told });
    // Twenty minutes off make a hole, five do not.
    const later = NOW + 20 * 60_000;
    expect([...feed.readingsUpTo(step!.cursor, later)]).toEqual([]);
    expect(feed.pendingReadings).toBeGreaterThan(pending - step!.readings.length);
    feed.grant();
    const [newest] = [...feed.readingsUpTo(step!.cursor, later)];
    expect(newest!.readings[0]!.time).toBeGreaterThan(NOW);
    const live = [...feed.readingsUpTo(newest!.cursor, later + 5 * 60_000)];
    expect(live.flatMap(({ readings }) => readings).every(({ time }) => time! > later)).toBe(true);
    expect(live.length).toBeGreaterThan(0);
  });

  it('has nothing more to tell of a gateway that fell silent', () => {
    const from = NOW - 2 * HOUR;
    const faults = { ...NO_FAULTS, silent: [{ site: 'engine-33', from }] };
    const silent = new GroundTruth(demoCity(7, { faults })).devices('engine-33-gateway');
    const feed = new SimulatedFeed({ devices: silent, startAt: NOW - 5 * HOUR });
    const readings = [...feed.readingsUpTo(undefined, NOW)].flatMap((step) => step.readings);
    expect(readings.length).toBeGreaterThan(180);
    expect(readings.every(({ time }) => time! < from)).toBe(true);
    expect(feed.pendingReadings).toBe(0);
  });

  it('begins an hour ago when it never ran, and says nothing when there is nothing new', () => {
    const feed = new SimulatedFeed({ devices });
    const steps = [...feed.readingsUpTo(undefined, NOW)];
    expect(steps[0]!.readings[0]!.time).toBeGreaterThanOrEqual(NOW - HOUR);
    expect(steps[0]!.readings[0]!.time).toBeLessThan(NOW - HOUR + 120_000);
    expect([...feed.readingsUpTo(steps.at(-1)!.cursor, NOW)]).toEqual([]);
    expect([...feed.readingsUpTo(steps.at(-1)!.cursor, NOW - HOUR)]).toEqual([]);
    expect(() => [...feed.readingsUpTo('elsewhere', NOW)]).toThrow(/cursor/);
  });
});

describe('feeds of a configuration', () => {
  it.each(profiles())('knows the profile %s', (profile) => {
    const feed = feedOf({ name: 'test', profile, seed: 1, zone: undefined });
    const [step] = [...feed.readingsUpTo(undefined, NOW)];
    expect(step!.readings.length).toBeGreaterThan(0);
  });

  it('names the profiles when there is none', () => {
    expect(() => feedOf({ name: 'x', profile: 'castle', seed: 1, zone: undefined })).toThrow(
      /source x: .*'castle'.*school/,
    );
  });

  it('says the same as the ground truth of the whole city', () => {
    const feed = feedOf({ name: 'x', profile: 'engine-33', seed: 7, zone: undefined });
    const readings = [...feed.readingsUpTo(String(NOW - 60_000), NOW)].flatMap((step) => step.readings);
    for (const { device, time, values } of readings) {
      expect(values).toEqual(truth.valuesAt('engine-33-gateway', device, time!));
    }
  });
});

describe('a counted feed', () => {
  const options = { seed: 5, count: 1_234, t0: NOW, stepMs: 10, devices: 3 };

  it('gives exactly its count, then ends', () => {
    const feed = new CountedFeed(options);
    const steps = [...feed.readingsUpTo(undefined, NOW)];
    const readings = steps.flatMap((step) => step.readings);
    expect(readings).toHaveLength(1_234);
    expect(new Set(readings.map((reading) => `${reading.device} ${reading.time}`)).size).toBe(1_234);
    expect([...feed.readingsUpTo(steps.at(-1)!.cursor, NOW + HOUR)]).toEqual([]);
    const again = new CountedFeed(options);
    expect([...again.readingsUpTo('700', NOW)].flatMap((step) => step.readings)).toEqual(readings.slice(700));
    for (const [device, metrics] of feed.expectedSums()) {
      const values = readings
        .filter((reading) => reading.device === device)
        .map((reading) => reading.values.active_power_kw!);
      expect(metrics.get('active_power_kw')).toMatchObject({
        count: values.length,
        sum: values.reduce((sum, value) => sum + value, 0),
      });
    }
  });

  it('keeps its pace', () => {
    const feed = new CountedFeed({ ...options, perSecond: 100, paceFrom: NOW });
    const count = (now: number) => [...feed.readingsUpTo(undefined, now)].flatMap((step) => step.readings).length;
    expect([NOW, NOW + 1_000, NOW + 2_505, NOW + HOUR].map(count)).toEqual([0, 100, 250, 1_234]);
  });
});
