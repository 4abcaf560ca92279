/** The simulated city on a real broker: its gateways connect with their own tokens and send what the ground truth says. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { expect, it, onTestFinished, vi } from 'vitest';
import { createBroker } from '../../broker/broker.ts';
import type { Batch } from '../../contract/batch.ts';
import { hashToken } from '../../register/credentials.ts';
import type { Register } from '../../register/register.ts';
import { systemClock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { SimulatedGateways } from '../../simulators/simulated-gateways.ts';
import { aRegister } from '../register/a-register.ts';
import { temporaryFolder } from '../temporary-folder.ts';

async function aBroker(register: Register) {
  const broker = createBroker({
    options: { port: 0 },
    register,
    clock: systemClock,
    log: silentLog,
    registry: new Registry(),
  });
  await broker.start();
  onTestFinished(() => broker.stop());
  const received = new Map<string, Map<string, Batch['readings'][number]>>();
  await broker.link.subscribe('city/v1/+/readings', (topic, payload) => {
    const batch = JSON.parse(Buffer.from(payload).toString()) as Batch;
    const gateway = topic.split('/')[2]!;
    const readings = received.get(gateway) ?? new Map();
    for (const reading of batch.readings) readings.set(`${reading.device} ${reading.time}`, reading);
    if (readings.size > 0) received.set(gateway, readings);
    // The gateway's clock must be confirmed and its batches settled, as ingest does it.
    const stored = batch.seq > 0 ? [[batch.seq, batch.seq]] : [];
    const acknowledgement = { session: 's', accepting: true, epoch: batch.epoch, stored, at: Date.now() };
    const ack = { topic: `city/v1/${gateway}/ack`, payload: JSON.stringify(acknowledgement) };
    broker.link.publish({ ...ack, qos: 0, retain: false });
  });
  return { url: `mqtt://127.0.0.1:${broker.address.port}`, received };
}

it('provisions itself, sends the truth, and keeps its tokens over a restart', async () => {
  const folder = temporaryFolder();
  const register = await aRegister();
  const broker = await aBroker(register);
  const make = () =>
    new SimulatedGateways({
      register,
      folder,
      brokerUrl: broker.url,
      seed: 7,
      historyMs: 3_600_000,
      clock: systemClock,
      random: () => 0.01,
      log: silentLog,
    });
  const city = make();
  onTestFinished(() => city.stop());
  await city.start();
  expect(city.description).toBe(
    '49 simulated gateways with 659 devices in 30 buildings, 12 streetlight circuits and 7 air stations (seed 7)',
  );
  // One fell silent seven hours ago and has nothing to tell of the last one.
  await vi.waitFor(() => expect(broker.received.size).toBe(48), { timeout: 18_000, interval: 100 });
  await vi.waitFor(() => expect(city.history().state).toBe('done'), { timeout: 18_000, interval: 100 });
  expect(register.city()).toMatchObject({ name: 'Boston', zone: 'America/New_York', tariffs: { gas: 'example-gas' } });
  const { begins } = city.founding;
  expect(city.history()).toMatchObject({ oldestDay: begins });
  const truth = new GroundTruth(city.city);
  for (const { gateway, produced, stored, buffered, liveAt, pending } of city.accounts()) {
    const expected = truth
      .devices(gateway)
      .reduce((sum, { id }) => sum + truth.expectedCount(gateway, id, begins, liveAt), 0);
    expect({ gateway, produced, pending }).toEqual({ gateway, produced: expected, pending: 0 });
    expect(stored + buffered).toBe(produced);
  }
  await city.stop();

  for (const [gateway, readings] of broker.received) {
    for (const { device, time, values } of readings.values()) {
      expect(values).toEqual(truth.valuesAt(gateway, device, time));
    }
  }

  const path = join(folder, 'gateways', 'city-hall-gateway', 'gateway.yaml');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const text = readFileSync(path, 'utf8');
  const tokenOf = (yaml: string) => /token: (\S+)/.exec(yaml)![1]!;
  expect(hashToken(tokenOf(text))).toBe(register.credential('city-hall-gateway')!.token_sha256);

  // One gateway has lost its file, another was retired by a person, the city and a site were renamed.
  const lost = join(folder, 'gateways', 'latin-school-gateway', 'gateway.yaml');
  const before = tokenOf(readFileSync(lost, 'utf8'));
  writeFileSync(lost, 'gateway: [');
  await register.putCity({ name: 'Our town', zone: 'America/New_York' });
  await register.retireGateway('mason-pool-gateway');
  await register.putSite({ ...register.site('city-hall')!, name: 'Town Hall' });
  const { version } = register;

  const again = make();
  onTestFinished(() => again.stop());
  await again.start();
  expect(again.gateways).toHaveLength(48);
  expect(readFileSync(path, 'utf8')).toBe(text);
  expect(register.site('city-hall')?.name).toBe('Town Hall');
  expect(register.city()?.name).toBe('Our town');
  expect(tokenOf(readFileSync(lost, 'utf8'))).not.toBe(before);
  expect(register.version).toBe(version + 1);
}, 60_000);
