import { type AddressInfo, createServer } from 'node:net';
import { expect, it, onTestFinished, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { connectionWords } from '../../runtime/connection-words.ts';
import { silentLog } from '../../runtime/log.ts';
import { MqttLink } from '../../runtime/mqtt-link.ts';

const URL = 'mqtt://broker.example:1883';

test.each<readonly [{ code?: string | number; message?: string }, RegExp]>([
  [{ code: 'ECONNREFUSED' }, /nothing listens at broker\.example:1883/],
  [{ code: 'ENOTFOUND' }, /no host of the name in broker\.example:1883/],
  [{ code: 4 }, /refuses the user name or its password/],
  [{ code: 5 }, /does not let this user in/],
  [{ message: 'connack timeout' }, /does not answer/],
  [{ message: 'Invalid header flag bits, must be 0x0 for puback packet' }, /does not speak MQTT/],
])('%o is told with what to check', (fault, words) => {
  expect(connectionWords(Object.assign(new Error(fault.message ?? 'as Node says'), fault), URL)).toMatch(words);
});

test('what nothing is known of keeps its own words', () => {
  expect(connectionWords(Object.assign(new Error('odd'), { code: 'EODD' }), URL)).toBeUndefined();
  expect(connectionWords(new Error('odd'), URL)).toBeUndefined();
});

it("a link tells that its port speaks something else, as a browser's would", async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const link = new MqttLink({
    options: { url, clientId: 'library' },
    clock: systemClock,
    random: () => 0,
    log: silentLog,
  });
  onTestFinished(() => link.stop());
  const words = new Promise<string>((resolve) => void link.onDisconnect(resolve));
  await link.start();
  expect(await words).toMatch(/^127\.0\.0\.1:\d+ does not speak MQTT/);
});
