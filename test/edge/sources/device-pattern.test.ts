import { expect, test } from 'vitest';
import { deviceIdFrom } from '../../../edge/device-id.ts';
import { devicePattern } from '../../../edge/sources/device-pattern.ts';

test.each([
  ['Tasmota_A1B2C3', 'tasmota-a1b2c3'],
  ['  Büro / 2. Stock ', 'b-ro-2-stock'],
  ['x'.repeat(80), 'x'.repeat(63)],
  ['___', undefined],
  ['', undefined],
])('%j becomes %j', (name, id) => expect(deviceIdFrom(name)).toBe(id));

test('the device is a level of the topic, or several', () => {
  expect(devicePattern('{1}')('tele/Plug_7/SENSOR')).toEqual({ device: 'plug-7' });
  expect(devicePattern('{0}-{2}')('hall/x/North')).toEqual({ device: 'hall-north' });
  expect(devicePattern('boiler')('a/b')).toEqual({ device: 'boiler' });
});

test('a level that is not there, or has nothing an id can hold, is told', () => {
  expect(devicePattern('{3}')('a/b')).toEqual({ words: 'the topic has no level 3: change "device" in the source' });
  expect(devicePattern('{1}')('a/%%')).toHaveProperty('words');
});

test('two names that would become one device are not mixed up', () => {
  const deviceOf = devicePattern('{1}');
  expect(deviceOf('tele/plug_1/SENSOR')).toEqual({ device: 'plug-1' });
  expect(deviceOf('tele/plug-1/SENSOR')).toHaveProperty('words');
  expect(deviceOf('tele/plug_1/SENSOR')).toEqual({ device: 'plug-1' });
});
