import { expect, it } from 'vitest';
import { LampNights } from '../../alerts/reading/lamp-nights.ts';
import type { RollUp } from '../../contract/roll-up.ts';
import { aRollUp } from '../roll-up-builders.ts';

const MIDNIGHT = Date.parse('2026-11-23T05:00:00Z');

it('asks again for a lamp of which only one metric is rolled up', async () => {
  const rows: RollUp[] = [];
  let questions = 0;
  const nights = new LampNights({
    rollUps: async () => {
      questions++;
      return rows;
    },
  });
  const lamp = { gateway: 'circuit', device: 'lamp-1' };
  const row = (metric: string, value: number) =>
    aRollUp({ ...lamp, metric, start: MIDNIGHT, count: 1, mean: value, last: value });
  rows.push(row('lamp_power_w', 0));
  await nights.read([lamp], MIDNIGHT);
  expect(nights.sample(lamp, MIDNIGHT)).toEqual({ command: undefined, powerW: 0 });
  rows.push(row('lamp_command_percent', 100));
  await nights.read([lamp], MIDNIGHT);
  expect(nights.sample(lamp, MIDNIGHT)).toEqual({ command: 100, powerW: 0 });
  await nights.read([lamp], MIDNIGHT);
  expect(questions).toBe(2);
});
