import { expect, test } from 'vitest';
import { watchWords } from '../../cli/commands/observer.ts';

const anna = { id: 'observer-anna', token: 'secret' };

test.each([
  ['mqtt://127.0.0.1:1884', "mosquitto_sub -h 127.0.0.1 -p 1884 -u observer-anna -P 'secret' -v -t 'boston/v1/#'"],
  [
    'mqtts://127.0.0.1:8884',
    "mosquitto_sub -h 127.0.0.1 -p 8884 --cafile /data/ca.pem -u observer-anna -P 'secret' -v -t 'boston/v1/#'",
  ],
  ['ws://127.0.0.1:9001/mqtt', 'an MQTT client that speaks WebSocket, at ws://127.0.0.1:9001/mqtt, topics boston/v1/#'],
])('who watches %s is told how', (mqtt, words) => {
  expect(watchWords({ mqtt: new URL(mqtt), ca: '/data/ca.pem', topicPrefix: 'boston/v1' }, anna)).toBe(words);
});
