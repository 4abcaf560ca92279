/**
 * An observer subscribes to everything and never reads its socket. The city goes on as if it were not there: every batch
 * is answered, and what is meant for the observer does not pile up in the server's memory.
 */
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { generate, type Packet } from 'mqtt-packet';
import { expect, onTestFinished, test } from 'vitest';
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import type { Reading } from '../../contract/reading.ts';
import { isLong } from '../is-long.ts';
import type { ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { lamplighter } from './command.ts';
import { expectBooksBalance, expectExactly, storedSeries, sumsOf } from './ledger.ts';
import { aServer, connected, countsOf, enrol, eventually } from './story.ts';

const GATEWAYS = 4;
const READINGS = 1_000;
/** Sent once and then again and again, which costs the server little and the observer's connection 150 KB each time. */
const REPEATS = isLong ? 600 : 180;

test('an observer that does not read slows nobody and fills no memory', { timeout: 240_000 }, async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const server = await aServer({ data });
  const gateways: HandGateway[] = [];
  for (let i = 0; i < GATEWAYS; i++) {
    const { id, token } = await enrol(server.api, folder, `gateway-${i}`, '');
    gateways.push(await HandGateway.connect(server, id, token));
  }

  // The same traffic without the observer first, so that the server has the memory that it needs for it.
  await flood(server, gateways, 'quiet');
  const before = server.peakMiB();

  const added = await lamplighter(['observer', 'add', 'Anna', '--data', data]);
  expect(added).toMatchObject({ code: 0, stderr: '' });
  const [, name = '', password = ''] = /^user name {2}(\S+)\npassword {3}(\S+)\n/.exec(added.stdout) ?? [];
  expect(name).toBe('observer-anna');
  expect(added.stdout).toContain(`mosquitto_sub -h 127.0.0.1 -p ${server.mqttPort} -u ${name} -P '${password}'`);
  await subscribeAndSleep(server.mqttPort, name, password);

  const bytes = await flood(server, gateways, 'watched');
  expect(bytes).toBeGreaterThan(100 * 1024 * 1024);
  expect(server.peakMiB() - before).toBeLessThan(60);
  expect(await refused(server, 'slow-reader-dropped')).toBeGreaterThan(0);
  if (isLong) {
    await eventually(
      () => refused(server, 'slow-reader-closed'),
      (closed) => closed === 1,
    );
  }

  const expected = new Map(gateways.map(({ id, readings }) => [id, sumsOf(readings)]));
  expectExactly(await storedSeries(server.api), expected);
  await expectBooksBalance(server.api);
  expect(await server.stop()).toBe(0);
});

class HandGateway {
  readonly id: string;
  readonly readings: Reading[] = [];
  readonly settled = new Set<string>();
  readonly #client: MqttClient;

  private constructor(id: string, client: MqttClient) {
    this.id = id;
    this.#client = client;
  }

  static async connect(server: ServerProcess, id: string, token: string): Promise<HandGateway> {
    const client = await connected(server, { clientId: id, username: id, password: token });
    const gateway = new HandGateway(id, client);
    client.on('message', (_, payload) => {
      const { epoch, stored } = JSON.parse(String(payload)) as Acknowledgement;
      for (const [first, last] of stored)
        for (let seq = first; seq <= last; seq++) gateway.settled.add(`${epoch} ${seq}`);
    });
    await client.subscribeAsync(`city/v1/${id}/ack`);
    return gateway;
  }

  /** One large batch many times, and a small new one after each ten. Returns how many bytes it sent. */
  async flood(epoch: string): Promise<number> {
    const large = this.#batch(epoch, 1, READINGS);
    let bytes = 0;
    for (let repeat = 1; repeat <= REPEATS; repeat++) {
      bytes += await this.#send(large);
      if (repeat % 10 === 0) bytes += await this.#send(this.#batch(epoch, 1 + repeat / 10, 1));
    }
    return bytes;
  }

  #batch(epoch: string, seq: number, count: number): string {
    const readings = Array.from({ length: count }, () => {
      const time = T0 + this.readings.length;
      const values = {
        active_power_kw: 1,
        active_energy_kwh: time % 1e6,
        voltage_v: 120.5,
        current_a: 8.25,
        frequency_hz: 60,
      };
      const reading = { device: 'main-meter', time, values };
      this.readings.push(reading);
      return reading;
    });
    return JSON.stringify({ v: 1, epoch, seq, readings });
  }

  async #send(body: string): Promise<number> {
    await this.#client.publishAsync(`city/v1/${this.id}/readings`, body, { qos: 0 });
    return body.length;
  }
}

const T0 = Date.now() - 3_600_000;

/** Everything that was sent is received, and every batch answered. */
async function flood(server: ServerProcess, gateways: readonly HandGateway[], epoch: string): Promise<number> {
  const before = await Promise.all(gateways.map(({ id }) => countsOf(server.api, id)));
  const sent = await Promise.all(gateways.map((gateway) => gateway.flood(epoch)));
  const small = REPEATS / 10;
  for (const [i, { id, settled }] of gateways.entries()) {
    const counts = await eventually(
      () => countsOf(server.api, id),
      ({ received }) => received - (before[i]?.received ?? 0) === REPEATS * READINGS + small,
      120_000,
    );
    expect(counts).toMatchObject({ shed: 0, later: {}, rejected: {} });
    await eventually(
      () => [...settled].filter((key) => key.startsWith(`${epoch} `)).length,
      (batches) => batches === 1 + small,
    );
  }
  return sent.reduce((sum, bytes) => sum + bytes, 0);
}

/** An MQTT client that never reads a byte of what comes. */
async function subscribeAndSleep(port: number, username: string, password: string): Promise<void> {
  const socket = connectTcp(port, '127.0.0.1');
  socket.pause();
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.once('connect', resolve));
  const packets: Packet[] = [
    {
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 0,
      clientId: username,
      username,
      password: Buffer.from(password),
    },
    { cmd: 'subscribe', messageId: 1, subscriptions: [{ topic: 'city/v1/#', qos: 1 }] },
  ];
  for (const packet of packets) socket.write(generate(packet));
}

async function refused(server: ServerProcess, reason: string): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', server.console))).text();
  return Number(
    new RegExp(`^lamplighter_broker_refused_total\\{.*reason="${reason}".*\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0,
  );
}
