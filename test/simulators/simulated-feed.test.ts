import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeedStep } from '../../edge/sources/simulated.ts';
import { smallCity } from '../../simulators/city.ts';
import { CountedFeed } from '../../simulators/counted-feed.ts';
import { feedOf, profiles } from '../../simulators/feed-of.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { MAX_STEP_READINGS, SimulatedFeed } from '../../simulators/simulated-feed.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-05-04T15:30:00Z');
const truth = new GroundTruth(smallCity(7));
const GATEWAY = 'seaport-circuit-4-gateway';
const devices = truth.devices(GATEWAY);

describe('a simulated feed', () => {
  it('hands over what the ground truth expects, in bounded steps and in order', () => {
    const startAt = NOW - 3 * HOUR;
    const steps = [...new SimulatedFeed({ devices, startAt }).readingsUpTo(undefined, NOW)];
    expect(Math.max(...steps.map((step) => step.readings.length))).toBeLessThanOrEqual(MAX_STEP_READINGS);
    const readings = steps.flatMap((step) => step.readings);
    for (const { id } of devices) {
      const ofDevice = readings.filter((reading) => reading.device === id);
      expect(ofDevice).toEqual([...truth.expectedReadings(GATEWAY, id, startAt, NOW + 1)]);
      expect(ofDevice).toHaveLength(truth.expectedCount(GATEWAY, id, startAt, NOW + 1));
    }
    const times = readings.map((reading) => reading.time!);
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  it('goes on exactly where it stood, however often it is stopped', () => {
    const startAt = NOW - HOUR;
    const whole = [...new SimulatedFeed({ devices, startAt }).readingsUpTo(undefined, NOW)].flatMap(
      (step) => step.readings,
    );
    const asked = fc.array(fc.tuple(fc.integer({ min: 0, max: HOUR }), fc.integer({ min: 1, max: 5 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(asked, (stops) => {
        let cursor: string | undefined;
        const readings: FeedStep['readings'][number][] = [];
        const takeSteps = (now: number, most: number) => {
          let taken = 0;
          for (const step of new SimulatedFeed({ devices, startAt }).readingsUpTo(cursor, now)) {
            readings.push(...step.readings);
            cursor = step.cursor;
            taken += 1;
            if (taken === most) return;
          }
        };
        // The clock may also be set back between two questions.
        for (const [offset, most] of stops) takeSteps(startAt + offset, most);
        takeSteps(NOW, Number.POSITIVE_INFINITY);
        expect(readings).toEqual(whole);
      }),
      { numRuns: 25 },
    );
  });

  it('begins an hour ago when it never ran, and says nothing when there is nothing new', () => {
    const feed = new SimulatedFeed({ devices });
    const steps = [...feed.readingsUpTo(undefined, NOW)];
    expect(steps[0]!.readings[0]!.time).toBeGreaterThanOrEqual(NOW - HOUR);
    expect(steps[0]!.readings[0]!.time).toBeLessThan(NOW - HOUR + 10_000);
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
