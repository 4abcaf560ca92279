import { describe, expect, it } from 'vitest';
import { metricById } from '../../../contract/metrics.ts';
import { isReading } from '../../../contract/reading.ts';
import { FLEET_METRICS, FleetFeed } from '../../../simulators/fleet/fleet-readings.ts';

const NOON = Date.UTC(2026, 10, 1, 12);

describe('the readings of a light gateway', () => {
  it('are readings of the contract, within the range of their metrics', () => {
    const feed = new FleetFeed({ stream: 7, devices: 4, values: FLEET_METRICS.length });
    for (const reading of feed.take(500, NOON, NOON + 86_400_000)) {
      expect(isReading(reading)).toBe(true);
      expect(Object.keys(reading.values)).toEqual([...FLEET_METRICS]);
      for (const [id, value] of Object.entries(reading.values)) {
        const metric = metricById.get(id);
        expect(value).toBeGreaterThanOrEqual(metric?.min ?? Number.NaN);
        expect(value).toBeLessThanOrEqual(metric?.max ?? Number.NaN);
      }
    }
  });

  it('never name an instant of a device twice, also when the clock was set back', () => {
    const feed = new FleetFeed({ stream: 7, devices: 2, values: 1 });
    const readings = [
      ...feed.take(10, NOON, NOON + 3),
      ...feed.take(10, NOON - 60_000, NOON - 59_000),
      ...feed.take(10, NOON, NOON + 10_000),
    ];
    expect(new Set(readings.map(({ device, time }) => `${device} ${time}`)).size).toBe(30);
  });

  it('count energy upwards', () => {
    const feed = new FleetFeed({ stream: 7, devices: 1, values: 2 });
    const energies = feed.take(100, NOON, NOON + 86_400_000).map(({ values }) => values.active_energy_kwh ?? 0);
    expect(energies).toEqual([...energies].sort((a, b) => a - b));
    expect(energies.at(-1)).toBeGreaterThan(energies[0] ?? 0);
  });
});
