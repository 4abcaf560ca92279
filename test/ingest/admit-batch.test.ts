import { describe, expect, test } from 'vitest';
import type { Reading } from '../../contract/reading.ts';
import { createAdmit } from '../../ingest/admit-batch.ts';
import { aReading, NOON } from '../builders.ts';
import { FakeRegister } from '../fake-register.ts';
import { ManualClock } from '../manual-clock.ts';

function admitWith(readings: Reading[], gateway = 'library') {
  const seen: string[] = [];
  const register = new FakeRegister()
    .withGateway('library')
    .withGateway('old', { retired: true })
    .withDevice('library', 'main-meter');
  const admit = createAdmit({ register, clock: new ManualClock(NOON), onNewDevice: (_, device) => seen.push(device) });
  return { admission: admit(gateway, { readings, rejected: [] }), seen, admit };
}

test('a good batch is admitted', () => {
  expect(admitWith([aReading()]).admission).toEqual({ rejected: [] });
});

test.each(['stranger', 'old'])('the batch of the %s gateway is to come later', (gateway) => {
  expect(admitWith([aReading()], gateway).admission).toEqual({ later: 'owner-unknown' });
});

test('a time ahead of the clock is to come later, a little ahead is believed', () => {
  expect(admitWith([aReading(), aReading({ time: NOON + 120_001 })]).admission).toEqual({ later: 'clock-ahead' });
  expect(admitWith([aReading({ time: NOON + 120_000 })]).admission).toEqual({ rejected: [] });
});

describe('a bad reading is rejected alone', () => {
  test.each([
    ['1970', aReading({ time: 0 }), 'too-old', 'time: 1970-01-01'],
    ['a time that is no date', aReading({ time: -9e15 }), 'too-old', 'time: -9'],
    ['no values', aReading({ values: {} }), 'no-values', 'values'],
    ['an unknown metric', aReading({ values: { active_power_kw: 1, smell: 1 } }), 'unknown-metric', 'values.smell'],
    ['a prototype key', aReading({ values: { constructor: 1 } }), 'unknown-metric', 'constructor'],
    [
      'too much',
      aReading({ values: { humidity_percent: 101 } }),
      'value-out-of-range',
      'values.humidity_percent: 101 is outside 0 to 100 %',
    ],
    ['too little', aReading({ values: { active_energy_kwh: -1 } }), 'value-out-of-range', '-1'],
  ])('%s', (_, bad, reason, words) => {
    const { admission } = admitWith([aReading(), bad, aReading()]);
    expect(admission).toEqual({ rejected: [{ index: 1, reason, detail: expect.stringContaining(words) }] });
  });

  test('beside what decoding had rejected, in order, each once', () => {
    const register = new FakeRegister().withGateway('library');
    const admit = createAdmit({ register, clock: new ManualClock(NOON), onNewDevice: () => {} });
    const readings = [aReading({ values: {} }), aReading({ time: 0 }), aReading({ values: {} })];
    expect(admit('library', { readings, rejected: [{ index: 1, reason: 'unknown-key' }] })).toMatchObject({
      rejected: [
        { index: 0, reason: 'no-values' },
        { index: 1, reason: 'unknown-key' },
        { index: 2, reason: 'no-values' },
      ],
    });
  });
});

test('an unknown device is taken and told once; one known or only in a bad reading is not told', () => {
  const { seen, admit } = admitWith([
    aReading({ device: 'heat-pump' }),
    aReading(),
    aReading({ device: 'ghost', time: 0 }),
  ]);
  admit('library', { readings: [aReading({ device: 'heat-pump' })], rejected: [] });
  expect(seen).toEqual(['heat-pump']);
});
