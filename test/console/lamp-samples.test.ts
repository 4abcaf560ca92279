import { expect, it } from 'vitest';
import { LampSamples } from '../../console/api/city/lamp-samples.ts';
import type { Series, SeriesQuery } from '../../store/telemetry-store.ts';
import { ManualClock } from '../manual-clock.ts';

const MIDNIGHT = Date.parse('2026-11-23T05:00:00Z');
const AGAIN_MS = 10_000;

function aLamp(device: string, ...metrics: string[]) {
  return { gateway: 'circuit', device, values: new Set(metrics) };
}

/** A store in which the readings of some lamps arrive while questions are asked. */
function aStoreThatFills() {
  const stored = new Map<string, number>();
  const asked: string[] = [];
  const series = async ({ metric, devices = [] }: SeriesQuery): Promise<Series[]> => {
    asked.push(`${metric}: ${devices.map(({ device }) => device).join(' ')}`);
    return devices.map(({ gateway, device }) => {
      const value = stored.get(`${device} ${metric}`);
      return { gateway, device, metric, points: value === undefined ? [] : [{ time: MIDNIGHT, value, last: value }] };
    });
  };
  return { stored, asked, store: { series } };
}

it('asks again for a lamp whose reading came between the questions for its metrics', async () => {
  const { stored, asked, store } = aStoreThatFills();
  const clock = new ManualClock(MIDNIGHT + 3_600_000);
  const samples = new LampSamples({ store, clock });
  const lamps = [
    aLamp('dark', 'lamp_command_percent', 'lamp_power_w'),
    aLamp('plug', 'lamp_power_w'),
    aLamp('silent', 'lamp_command_percent', 'lamp_power_w'),
  ];
  const take = async () => await samples.take('boston midnight', lamps, MIDNIGHT);

  stored.set('dark lamp_power_w', 0).set('plug lamp_power_w', 60);
  expect((await take()).get('circuit/dark')).toEqual({ command: undefined, powerW: 0 });
  stored.set('dark lamp_command_percent', 100);
  expect((await take()).get('circuit/dark'), 'not within seconds').toEqual({ command: undefined, powerW: 0 });
  await clock.advance(AGAIN_MS);
  expect((await take()).get('circuit/dark')).toEqual({ command: 100, powerW: 0 });
  // What is whole is not asked for any more, and a plug that is never commanded is whole.
  await clock.advance(AGAIN_MS);
  asked.length = 0;
  expect((await take()).get('circuit/plug')).toEqual({ command: undefined, powerW: 60 });
  expect(asked).toEqual(['lamp_command_percent: silent', 'lamp_power_w: silent']);
});
