import { describe, expect, it } from 'vitest';
import { healthSchema } from '../../../contract/health.ts';
import { Fleet, type FleetOptions } from '../../../simulators/fleet/fleet.ts';
import { ManualClock } from '../../manual-clock.ts';
import { ScriptedBroker, type SentBatch } from './scripted-broker.ts';

const ID = 'sim-00001';

/** One gateway that sends a batch of four readings each ten seconds, connected, its first batch out. */
async function aFleet(options: FleetOptions = {}, ids: readonly string[] = [ID]) {
  const clock = new ManualClock();
  const broker = new ScriptedBroker();
  const fleet = new Fleet({
    credentials: ids.map((id) => ({ id, token: 'secret' })),
    transport: broker.transport,
    clock,
    random: () => 0.5,
    version: '1.2.3',
    options,
  });
  await fleet.start();
  await clock.advance(200);
  fleet.produce();
  await clock.advance(5_100);
  return { clock, broker, fleet };
}

function storedOf({ epoch, seq }: SentBatch): { epoch: string; stored: [number, number][] } {
  return { epoch, stored: [[seq, seq]] };
}

describe('a light gateway', () => {
  it('connects with its credential and will, is present, and numbers its batches from 1', async () => {
    const { broker, fleet } = await aFleet();
    const connect = broker.packets[0];
    expect(connect).toMatchObject({ cmd: 'connect', clientId: ID, username: ID, clean: true });
    expect(connect).toMatchObject({ will: { topic: `city/v1/${ID}/presence`, qos: 1, retain: true } });
    expect(broker.presences).toEqual([{ online: true, since: expect.any(Number), version: '1.2.3' }]);
    expect(broker.batches).toHaveLength(1);
    expect(broker.batches[0]).toMatchObject({ v: 1, seq: 1, gateway: ID });
    expect(broker.batches[0]?.readings).toHaveLength(4);
    expect(fleet.counts()).toMatchObject({ produced: 4, stored: 0, buffered: 4, isBalanced: true });
    await fleet.stop();
  });

  it('settles what is stored, counts what is rejected, and ignores strange and repeated answers', async () => {
    const { broker, fleet, clock } = await aFleet();
    const [batch] = broker.batches as [SentBatch];
    broker.acknowledge(ID, { epoch: 'another', stored: [[1, 99]] });
    broker.publish(ID, 'ack', '{"nonsense');
    await clock.advance(10);
    expect(fleet.counts()).toMatchObject({ stored: 0, buffered: 4 });
    expect(fleet.books.errors).toEqual({ 'ack message not understood': 1 });
    const answer = { ...storedOf(batch), rejected: [[1, 2, 'too-old']] as [number, number, string][] };
    broker.acknowledge(ID, answer);
    broker.acknowledge(ID, answer);
    await clock.advance(10);
    expect(fleet.counts()).toMatchObject({ produced: 4, stored: 3, rejected: { 'too-old': 1 }, isBalanced: true });
    await clock.advance(10_000);
    const second = broker.batches.at(-1) as SentBatch;
    broker.acknowledge(ID, { epoch: second.epoch, rejected: [[second.seq, -1, 'malformed']] });
    await clock.advance(10);
    expect(fleet.counts()).toMatchObject({ produced: 8, stored: 3, rejected: { 'too-old': 1, malformed: 4 } });
    expect(fleet.counts().isBalanced).toBe(true);
    await fleet.stop();
  });

  it('sends the same bytes again after 10 s, and at once for a new session', async () => {
    const { broker, fleet, clock } = await aFleet();
    fleet.stopProducing();
    await clock.advance(9_800);
    expect(broker.batches).toHaveLength(1);
    await clock.advance(400);
    expect(broker.batches).toHaveLength(2);
    expect(broker.batches[1]?.text).toBe(broker.batches[0]?.text);
    broker.acknowledge(ID, {});
    await clock.advance(10);
    expect(broker.batches).toHaveLength(2);
    broker.session = 'two';
    broker.acknowledge(ID, {});
    await clock.advance(10);
    expect(broker.batches).toHaveLength(3);
    expect(fleet.books.resent).toBe(2);
    await fleet.stop();
  });

  it('keeps what ingest wants later and tries it again a minute later', async () => {
    const { broker, fleet, clock } = await aFleet();
    fleet.stopProducing();
    const [batch] = broker.batches as [SentBatch];
    broker.acknowledge(ID, { epoch: batch.epoch, later: [[1, 'owner-unknown']] });
    await clock.advance(59_000);
    expect(broker.batches).toHaveLength(1);
    await clock.advance(2_000);
    expect(broker.batches).toHaveLength(2);
    expect(fleet.books.later).toEqual({ 'owner-unknown': 1 });
    expect(fleet.counts()).toMatchObject({ buffered: 4, isBalanced: true });
    await fleet.stop();
  });

  it('holds while ingest does not accept, asks, and goes on', async () => {
    const { broker, fleet, clock } = await aFleet();
    broker.acknowledge(ID, { ...storedOf(broker.batches[0] as SentBatch), accepting: false });
    await clock.advance(30_000);
    const probes = broker.batches.filter(({ seq }) => seq === 0);
    expect(probes.length).toBeGreaterThan(10);
    expect(broker.batches.filter(({ seq }) => seq > 1)).toEqual([]);
    broker.acknowledge(ID, {});
    await clock.advance(10);
    // The window has grown to two.
    expect(broker.batches.slice(-2).map(({ seq }) => seq)).toEqual([2, 3]);
    await fleet.stop();
  });

  it('sends no more at once than its window, which begins at one', async () => {
    const { broker, fleet, clock } = await aFleet({ intervalMs: 100 });
    fleet.stopProducing();
    expect(fleet.counts().produced).toBeGreaterThan(100);
    expect(broker.batches).toHaveLength(1);
    for (let answered = 0; answered < broker.batches.length; answered++) {
      broker.acknowledge(ID, storedOf(broker.batches[answered] as SentBatch));
      await clock.advance(10);
    }
    expect(fleet.counts()).toMatchObject({ buffered: 0, isBalanced: true });
    expect(new Set(broker.batches.map(({ seq }) => seq)).size).toBe(broker.batches.length);
    await fleet.stop();
  });

  it('comes back after a random wait of at most 5 s with a newer presence, and sends what was not answered', async () => {
    const { broker, fleet, clock } = await aFleet();
    fleet.stopProducing();
    broker.cut(ID);
    await clock.advance(100);
    expect(fleet.books.connected).toBe(0);
    expect(fleet.books.errors).toEqual({ 'closed by the broker': 1 });
    await clock.advance(2_300);
    expect(broker.connects).toHaveLength(1);
    await clock.advance(300);
    expect(broker.connects).toHaveLength(2);
    expect(fleet.books.connected).toBe(1);
    expect(broker.batches.map(({ seq }) => seq)).toEqual([1, 1]);
    const [first, second] = broker.presences;
    expect(second?.since).toBeGreaterThan(first?.since ?? 0);
    // The will of the first connection comes late: the gateway says again that it is there.
    broker.publish(ID, 'presence', JSON.stringify({ online: false, since: first?.since, version: '1.2.3' }));
    await clock.advance(10);
    expect(broker.presences).toHaveLength(3);
    expect(broker.presences[2]).toEqual(second);
    await fleet.stop();
  });

  it('says why it was refused, and does not insist', async () => {
    const clock = new ManualClock();
    const broker = new ScriptedBroker();
    broker.returnCode = 4;
    const fleet = new Fleet({
      credentials: [{ id: ID }],
      transport: broker.transport,
      clock,
      random: () => 0.99,
      version: '1',
    });
    await fleet.start();
    await clock.advance(120_000);
    expect(fleet.books.errors).toEqual({ 'refused: wrong user name or token': broker.connects.length });
    expect(broker.connects.length).toBeLessThan(8);
    expect(fleet.books.connected).toBe(0);
    await fleet.stop();
  });

  it('tells its health by the contract', async () => {
    const { broker, fleet, clock } = await aFleet();
    await clock.advance(31_000);
    const health = healthSchema.parse(broker.healths.at(-1));
    const { produced, stored, buffered } = health.outbox;
    expect(produced).toBeGreaterThan(0);
    expect(stored + buffered).toBe(produced);
    await fleet.stop();
  });

  it('stops producing while too much is buffered, and counts that', async () => {
    const { fleet, clock } = await aFleet({ mostBufferedCharacters: 1 });
    const { produced } = fleet.counts();
    await clock.advance(60_000);
    expect(fleet.counts()).toMatchObject({ produced, isBalanced: true });
    expect(fleet.books.heldBack).toBe(24);
    await fleet.stop();
  });
});

describe('a fleet', () => {
  it('spreads a rate over its gateways, also less than one reading a batch', async () => {
    const ids = Array.from({ length: 10 }, (_, i) => `sim-${i}`);
    const { fleet, clock } = await aFleet({ readingsPerS: 0.5 }, ids);
    await clock.advance(200_000);
    expect(fleet.counts().produced).toBeGreaterThanOrEqual(100);
    expect(fleet.counts().produced).toBeLessThanOrEqual(110);
    await fleet.stop();
  });

  it('cuts all at once and tells when all are back and everything is settled', async () => {
    const ids = ['sim-1', 'sim-2', 'sim-3'];
    const { broker, fleet, clock } = await aFleet({}, ids);
    fleet.stopProducing();
    const seen = broker.batches.length;
    const storm = fleet.storm(60_000);
    await clock.advance(4_000);
    for (const batch of broker.batches.slice(seen)) broker.acknowledge(batch.gateway, storedOf(batch));
    await clock.advance(100);
    const report = await storm;
    expect(report).toMatchObject({ gateways: 3, outstanding: 12 });
    expect(report.backAfterS).toBeGreaterThan(2.4);
    expect(report.backAfterS).toBeLessThan(3);
    expect(report.settledAfterS).toBeGreaterThanOrEqual(report.backAfterS ?? 0);
    expect(fleet.counts()).toMatchObject({ produced: 12, stored: 12, buffered: 0, isBalanced: true });
    expect(fleet.books.errors).toEqual({});
    await fleet.stop();
  });

  it('says that a storm did not end in time', async () => {
    const { fleet, clock } = await aFleet();
    const storm = fleet.storm(1_000);
    await clock.advance(2_000);
    expect(await storm).toMatchObject({ backAfterS: undefined, settledAfterS: undefined, outstanding: 4 });
    await fleet.stop();
  });
});
