import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { ConnectionGate } from '../../broker/connection-gate.ts';
import { DEFAULT_LIMITS } from '../../broker/limits.ts';
import { Traffic } from '../../broker/traffic.ts';
import { ManualClock } from '../manual-clock.ts';

it('takes what comes for a client that has gone without making an error of it', async () => {
  const socket = new PassThrough();
  const errors: Error[] = [];
  socket.on('error', (error) => errors.push(error));
  const traffic = new Traffic();
  const clock = new ManualClock();
  new ConnectionGate({ socket, limits: DEFAULT_LIMITS, clock, traffic, refuse: () => {} }).attach();
  expect(socket.write('here')).toBe(true);
  socket.end();
  expect(socket.write('ended')).toBe(true);
  socket.destroy();
  expect(socket.write('gone')).toBe(true);
  // Who asks for an answer gets it.
  const failure = await new Promise((done) => socket.write('gone', done));
  expect(failure).toBeInstanceOf(Error);
  await clock.advance(0);
  expect(errors).toEqual([]);
  expect(traffic.bytesOut).toBe('here'.length + 'gone'.length);
});
