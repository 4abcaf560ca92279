import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LiveFeed } from '../../console/api/live-feed.ts';
import { createConsole } from '../../console/console.ts';
import { systemClock } from '../../runtime/clock.ts';
import { aReading } from '../builders.ts';
import { ManualClock } from '../manual-clock.ts';
import { aCityOfOne, aGatewayStatus, aHealth, NO_COUNTS } from './fake-city.ts';

interface Event {
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  readonly data: any;
}

function parseEvents(text: string): Event[] {
  return text
    .split('\n\n')
    .filter((block) => block.startsWith('event: '))
    .map((block) => {
      const [first, second] = block.split('\n');
      return { name: first!.slice('event: '.length), data: JSON.parse(second!.slice('data: '.length)) };
    });
}

/** A reader that takes everything at once. */
class Reader extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
  events(name: string): Event['data'][] {
    return parseEvents(this.text)
      .filter((event) => event.name === name)
      .map((event) => event.data);
  }
}

/** A reader that takes nothing. */
class StuckReader extends Writable {
  chunks = 0;
  override _write(): void {
    this.chunks++;
  }
}

function aFeed() {
  const city = aCityOfOne({ clock: new ManualClock() });
  const feed = new LiveFeed(city);
  const reader = new Reader();
  const commit = (power: number, time = city.clock.now()) =>
    city.ingest.tell({ gateway: 'library', readings: [aReading({ time, values: { active_power_kw: power } })] });
  return { city, feed, reader, commit };
}

describe('the live feed', () => {
  it('costs nothing without a reader', () => {
    const { city, feed, reader } = aFeed();
    expect(city.ingest.listeners.size).toBe(0);
    const leave = feed.add(reader);
    expect(city.ingest.listeners.size).toBe(1);
    leave();
    expect(city.ingest.listeners.size).toBe(0);
    expect(feed.clients).toBe(0);
  });

  it('begins with the state, then says it each second with the rate', async () => {
    const { city, feed, reader } = aFeed();
    feed.add(reader);
    expect(reader.events('gateways')[0].summary.gateways).toBe(1);
    await city.clock.advance(1_000);
    city.ingest.set('library', { counts: { ...NO_COUNTS, received: 500, stored: 480 } });
    await city.clock.advance(1_000);
    const states = reader.events('status');
    expect(states.map((state) => state.received_per_s)).toEqual([null, 0, 500]);
    expect(states.at(-1)).toMatchObject({ stored: 480, accepting: true, store_fault: '', version: '0.1.0' });
  });

  it('sends the newest of each series, four times a second at most, only when it changed', async () => {
    const { city, feed, reader, commit } = aFeed();
    feed.add(reader);
    const start = city.clock.now();
    for (let i = 1; i <= 10; i++) {
      commit(i, start + i);
      await city.clock.advance(100);
    }
    const events = reader.events('values');
    expect(events.length).toBeLessThanOrEqual(4);
    expect(events.at(-1).values).toEqual([['city-hall', 'library', 'main-meter', 'active_power_kw', start + 10, 10]]);
    commit(10, start + 10);
    await city.clock.advance(1_000);
    expect(reader.events('values')).toHaveLength(events.length);
  });

  it('does not show a backlog as now', async () => {
    const { city, feed, reader, commit } = aFeed();
    feed.add(reader);
    commit(5);
    await city.clock.advance(250);
    commit(1, city.clock.now() - 60_000);
    await city.clock.advance(250);
    expect(reader.events('values')).toHaveLength(1);
  });

  it('is bounded when the city is faster than a person reads', async () => {
    const { city, feed, reader } = aFeed();
    feed.add(reader);
    for (let device = 0; device < 5_000; device++) {
      const reading = aReading({ device: `d${device}`, values: { active_power_kw: 1, voltage_v: 230 } });
      city.ingest.tell({ gateway: 'library', readings: [reading] });
    }
    await city.clock.advance(250);
    const [event] = reader.events('values');
    expect(event.values).toHaveLength(2_000);
    expect(event.skipped).toBe(4_000);
  });

  it('tells a gateway that changed, and one that fell silent', async () => {
    const { city, feed, reader } = aFeed();
    feed.add(reader);
    const now = city.clock.now();
    city.ingest.set('library', { online: true, since: now, health: aHealth(), healthAt: now });
    await city.clock.advance(1_000);
    expect(reader.events('gateways').at(-1).rows).toMatchObject([{ id: 'library', state: 'online' }]);
    await city.clock.advance(90_000);
    expect(reader.events('gateways').at(-1).rows).toMatchObject([{ id: 'library', state: 'silent' }]);
  });

  it('tells of many changes a part at a time, news before signs of life', async () => {
    const { city, feed, reader } = aFeed();
    feed.add(reader);
    const now = city.clock.now();
    const ids = Array.from({ length: 500 }, (_, i) => `g${String(i).padStart(3, '0')}`);
    for (const gateway of ids) city.ingest.statusByGateway.set(gateway, aGatewayStatus({ gateway, online: true }));
    await city.clock.advance(3_000);
    const told = reader.events('gateways').slice(1);
    expect(told.map(({ rows }) => rows.length)).toEqual([200, 200, 100]);
    expect(told.some(({ refetch }) => refetch)).toBe(false);
    expect(new Set(told.flatMap(({ rows }) => rows.map(({ id }: { id: string }) => id))).size).toBe(500);
    for (const id of ids.slice(0, -1)) city.ingest.set(id, { health: aHealth(), healthAt: now + 1 });
    await city.clock.advance(3_000);
    const before = reader.events('gateways').length;
    for (const id of ids.slice(0, -1)) city.ingest.set(id, { healthAt: now + 2 });
    city.ingest.set('g499', { online: false });
    await city.clock.advance(3_000);
    const later = reader.events('gateways').slice(before);
    expect(later[0].rows[0].id).toBe('g499');
    expect(new Set(later.flatMap(({ rows }) => rows.map(({ id }: { id: string }) => id))).size).toBe(500);
  });

  it('asks a new reader to fetch what does not fit', async () => {
    const { city, feed, reader } = aFeed();
    for (let i = 0; i < 300; i++) city.ingest.statusByGateway.set(`g${i}`, aGatewayStatus({ gateway: `g${i}` }));
    feed.add(reader);
    const event = reader.events('gateways').at(-1);
    expect(event.rows).toHaveLength(200);
    expect(event.refetch).toBe(true);
  });

  it('keeps a stuck reader from holding memory, and lets it go', async () => {
    const { city, feed } = aFeed();
    const stuck = new StuckReader();
    feed.add(stuck);
    for (let turn = 0; turn < 400 && feed.clients > 0; turn++) {
      const readings = Array.from({ length: 500 }, (_, i) =>
        aReading({ device: `d${i}`, time: city.clock.now(), values: { active_power_kw: turn } }),
      );
      city.ingest.tell({ gateway: 'library', readings });
      await city.clock.advance(250);
    }
    expect(feed.clients).toBe(0);
    expect(stuck.destroyed).toBe(true);
    expect(stuck.writableLength).toBeLessThan(3 * 1_024 * 1_024);
  });

  it('takes no reader once closed', () => {
    const { city, feed, reader } = aFeed();
    feed.add(reader);
    feed.close();
    expect(reader.writableEnded).toBe(true);
    expect(feed.hasRoom).toBe(false);
    expect(city.ingest.listeners.size).toBe(0);
  });
});

describe('GET /api/live', () => {
  async function aListeningConsole() {
    const city = aCityOfOne({ clock: systemClock });
    const console = createConsole({ ...city, options: { port: 0 } });
    await console.start();
    onTestFinished(() => console.stop());
    return { city, console };
  }

  it('streams what happens and ends at once when the console stops', async () => {
    const { city, console } = await aListeningConsole();
    const reply = await fetch(`${console.address}/api/live`);
    expect(reply.headers.get('content-type')).toContain('text/event-stream');
    expect(reply.headers.get('content-security-policy')).toContain("default-src 'none'");
    const reader = reply.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    const until = async (words: string) => {
      while (!text.includes(words)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the stream ended before ${words}`);
        text += value;
      }
    };
    await until('event: gateways');
    city.ingest.tell({ gateway: 'library', readings: [aReading({ values: { active_power_kw: 77.7 } })] });
    await until('77.7');
    await until('event: status\n');
    await console.stop();
    const end = (async () => {
      while (!(await reader.read()).done);
    })();
    await expect(end).resolves.toBeUndefined();
    expect(city.ingest.listeners.size).toBe(0);
  });

  it('lets go of a reader that hangs up', async () => {
    const { city, console } = await aListeningConsole();
    const hangUp = new AbortController();
    const before = city.ingest.listeners.size;
    const reply = await fetch(`${console.address}/api/live`, { signal: hangUp.signal });
    await reply.body!.getReader().read();
    expect(city.ingest.listeners.size).toBe(before + 1);
    hangUp.abort();
    while (city.ingest.listeners.size > before) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('says that a port is taken', async () => {
    const { city, console } = await aListeningConsole();
    const port = Number(new URL(console.address).port);
    const second = createConsole({ ...city, options: { port } });
    await expect(second.start()).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`);
    await second.stop();
  });
});
