/** A gateway over real MQTT: a small broker whose ingest answers as the test wants, and counts what it stores. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes, type AedesPublishPacket } from 'aedes';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Batch } from '../../contract/batch.ts';
import type { Presence } from '../../contract/presence.ts';
import { createGateway, type Gateway } from '../../edge/gateway.ts';
import type { GatewayConfig } from '../../edge/gateway-config.ts';
import { createMemoryOutbox } from '../../edge/outbox/memory-outbox.ts';
import { SimulatedSource } from '../../edge/sources/simulated.ts';
import type { UplinkOptions } from '../../edge/uplink.ts';
import { systemClock as clock } from '../../runtime/clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { randomWord } from '../../runtime/random.ts';
import { temporaryFolder } from '../temporary-folder.ts';

/** Reconnects come within 100 ms. */
const random = () => 0.02;

class City {
  session = 'session1';
  /** Whether to answer a batch; every one by default. */
  answers: (batch: Batch) => boolean = () => true;
  /** What a batch does to the connection that it came on. */
  cutsOff: (batch: Batch) => boolean = () => false;
  /** Every time a batch arrived, stored or not. */
  readonly arrivals: Batch[] = [];
  readonly stored = new Map<string, number>();
  presence: Presence | undefined;
  port = 0;
  #aedes: Aedes | undefined;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  async open(): Promise<void> {
    const aedes = await Aedes.createBroker();
    aedes.authorizePublish = (client, packet, done) => {
      const batch = packet.topic.endsWith('/readings') ? (JSON.parse(String(packet.payload)) as Batch) : undefined;
      const isPoison = client !== null && batch !== undefined && batch.seq > 0 && this.cutsOff(batch);
      // MQTT 3.1.1 has no refusal of a publish: Aedes ends the connection.
      done(isPoison ? new Error('poison') : null);
    };
    await new Promise<void>((resolve) => aedes.subscribe('city/v1/+/readings', this.#take, resolve));
    await new Promise<void>((resolve) => aedes.subscribe('city/v1/+/presence', this.#hear, resolve));
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.#aedes = aedes;
    this.#server = server;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => (this.#server ? this.#server.close(() => resolve()) : resolve()));
    await new Promise<void>((resolve) => (this.#aedes ? this.#aedes.close(() => resolve()) : resolve()));
  }

  greet(): void {
    this.#acknowledge({});
  }

  readonly #take = (packet: AedesPublishPacket, done: () => void) => {
    const batch = JSON.parse(String(packet.payload)) as Batch;
    done();
    if (batch.seq === 0) {
      this.#acknowledge({ epoch: batch.epoch });
      return;
    }
    this.arrivals.push(batch);
    if (!this.answers(batch)) return;
    for (const { device, time, values } of batch.readings)
      this.stored.set(`${device}/${time}`, values.active_power_kw ?? 0);
    this.#acknowledge({ epoch: batch.epoch, stored: [[batch.seq, batch.seq]] });
  };

  readonly #hear = (packet: AedesPublishPacket, done: () => void) => {
    this.presence = JSON.parse(String(packet.payload)) as Presence;
    done();
  };

  #acknowledge(change: object): void {
    const { session } = this;
    const ack = { session, accepting: true, stored: [], rejected: [], later: [], at: clock.now(), ...change };
    const topic = 'city/v1/library/ack';
    const payload = Buffer.from(JSON.stringify(ack));
    this.#aedes?.publish({ cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false }, () => {});
  }
}

async function aCity(): Promise<City> {
  const city = new City();
  await city.open();
  onTestFinished(() => city.close());
  return city;
}

const START = Date.parse('2026-01-01T00:00:00Z');

async function aGateway(city: City, readings: number, uplink: Partial<UplinkOptions> = {}): Promise<Gateway> {
  const config: GatewayConfig = {
    id: 'library',
    broker: { url: `mqtt://127.0.0.1:${city.port}`, token: 'token' },
    topicPrefix: 'city/v1',
    dataFolder: temporaryFolder(),
    outbox: { capacityBytes: 16 * 1024 * 1024, dropPolicy: 'oldest' },
    uplink: { answerMs: 300, backOff: { firstMs: 10, mostMs: 100 }, ...uplink },
    sources: [],
  };
  /** Ten readings a step, so many in all. */
  const feed = {
    *readingsUpTo(cursor: string | undefined) {
      for (let step = Number(cursor ?? 0); step * 10 < readings; step++) {
        const of = (i: number) => ({ device: 'meter', time: START + step * 10 + i, values: { active_power_kw: i } });
        yield { readings: Array.from({ length: 10 }, (_, i) => of(i)), cursor: String(step + 1) };
      }
    },
  };
  const outbox = createMemoryOutbox({ clock, randomWord, log: silentLog });
  const source = new SimulatedSource({ name: 'school', feed, clock, random, log: silentLog });
  const gateway = createGateway({ config, outbox, clock, random, log: silentLog, sources: [source] });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return gateway;
}

/** Read anew: it changes behind the back of the type checker. */
function presenceOf(city: City): Presence | undefined {
  return city.presence;
}

function settled(gateway: Gateway, stored: number, setAside = 0): Promise<void> {
  return vi.waitFor(
    () => expect(gateway.health().outbox).toMatchObject({ stored, set_aside: setAside, buffered: setAside }),
    { timeout: 15_000, interval: 20 },
  );
}

/** produced = stored + rejected + dropped + buffered, and the city holds exactly what the gateway calls stored. */
function checkAccounts(gateway: Gateway, city: City): void {
  const { produced, stored, rejected, dropped, buffered } = gateway.health().outbox;
  const refused = Object.values(rejected).reduce((sum, count) => sum + count, 0);
  expect(produced).toBe(stored + refused + dropped + buffered);
  expect(city.stored.size).toBe(stored);
}

test('readings arrive, the clock is confirmed, and presence comes and goes', async () => {
  const city = await aCity();
  const gateway = await aGateway(city, 500);
  await settled(gateway, 500);
  checkAccounts(gateway, city);
  await vi.waitFor(() => expect(city.presence).toMatchObject({ online: true }));
  await vi.waitFor(() => expect(gateway.health().clock_offset_ms).not.toBeNull());
  await gateway.stop();
  await vi.waitFor(() => expect(city.presence).toMatchObject({ online: false }));
});

test('a broker that restarts costs nothing', async () => {
  const city = await aCity();
  const gateway = await aGateway(city, 2_000, { backlogReadingsPerS: 1_000_000 });
  await vi.waitFor(() => expect(city.stored.size).toBeGreaterThan(100));
  await city.close();
  await city.open();
  await settled(gateway, 2_000);
  checkAccounts(gateway, city);
  await vi.waitFor(() => expect(city.presence).toMatchObject({ online: true }));
});

test('a will of the cut connection does not leave the gateway offline', async () => {
  const city = await aCity();
  const gateway = await aGateway(city, 10);
  await settled(gateway, 10);
  const before = city.presence?.since ?? 0;
  await city.close();
  city.presence = undefined;
  await city.open();
  await vi.waitFor(() => expect(city.presence).toMatchObject({ online: true }));
  expect(presenceOf(city)?.since).toBeGreaterThan(before);
});

test('a lost acknowledgement costs a second sending', async () => {
  const city = await aCity();
  const silent = new Set<number>([2, 5, 6]);
  city.answers = ({ seq }) => !silent.delete(seq);
  const gateway = await aGateway(city, 200);
  await settled(gateway, 200);
  checkAccounts(gateway, city);
  expect(gateway.uplink().resent).toBeGreaterThanOrEqual(3);
  const [first, again] = city.arrivals.filter(({ seq }) => seq === 5);
  expect(again).toEqual(first);
});

test('a new ingest is sent at once what the old one never answered', async () => {
  const city = await aCity();
  city.answers = () => false;
  const gateway = await aGateway(city, 50, { answerMs: 60_000 });
  await vi.waitFor(() => expect(city.arrivals.length).toBeGreaterThan(0));
  city.greet();
  city.answers = () => true;
  city.session = 'session2';
  city.greet();
  await settled(gateway, 50);
  checkAccounts(gateway, city);
});

test('a batch that every connection dies of is set aside, and all others arrive', async () => {
  const city = await aCity();
  city.cutsOff = ({ seq }) => seq === 4;
  const gateway = await aGateway(city, 200);
  await settled(gateway, 190, 10);
  checkAccounts(gateway, city);
  city.cutsOff = () => false;
  expect(await gateway.retrySetAside()).toBe(1);
  await settled(gateway, 200);
  checkAccounts(gateway, city);
});
