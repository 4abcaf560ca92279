/**
 * What a network does to messages: they come twice, in the wrong order, and their answers get lost. Each batch gets the
 * same answer however often it comes, and the store holds each reading once.
 */
import { join } from 'node:path';
import type { MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import type { DeadLettersReply } from '../../console/api/replies.ts';
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import type { Reading } from '../../contract/reading.ts';
import type { ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { expectBooksBalance, expectExactly, storedSeries, sumsOf } from './ledger.ts';
import { aServer, connected, countsOf, enrol, eventually } from './story.ts';

interface Batch {
  readonly epoch: string;
  readonly seq: number;
  readonly readings: readonly Reading[];
}

/** How one batch was answered: the part of an acknowledgement that speaks of it. */
interface Answer {
  readonly isStored: boolean;
  readonly rejected: Acknowledgement['rejected'];
}

/** A gateway played by hand. */
class Library {
  readonly acks: Acknowledgement[] = [];
  readonly #token: string;
  #client: MqttClient | undefined;

  constructor(token: string) {
    this.#token = token;
  }

  async connect(server: ServerProcess): Promise<void> {
    const client = await connected(server, { clientId: 'library', username: 'library', password: this.#token });
    client.on('message', (_, payload) => this.acks.push(JSON.parse(String(payload)) as Acknowledgement));
    await client.subscribeAsync('city/v1/library/ack');
    this.#client = client;
  }

  /** Nothing arrives any more, though what is sent still goes out. */
  deafen(): void {
    this.#client?.stream.pause();
  }

  async cut(): Promise<void> {
    this.#client?.stream.destroy();
    await this.#client?.endAsync(true);
  }

  async send({ epoch, seq, readings }: Batch): Promise<void> {
    await this.#client?.publishAsync('city/v1/library/readings', JSON.stringify({ v: 1, epoch, seq, readings }));
  }

  async ask(batch: Batch): Promise<Answer> {
    const before = this.acks.length;
    await this.send(batch);
    const answer = await eventually(
      () => answerTo(batch, this.acks.slice(before)),
      (found) => found !== undefined,
    );
    return answer as Answer;
  }
}

function answerTo({ epoch, seq }: Batch, acks: readonly Acknowledgement[]): Answer | undefined {
  for (const ack of acks.filter((one) => one.epoch === epoch)) {
    const isStored = ack.stored.some(([first, last]) => first <= seq && seq <= last);
    const rejected = ack.rejected.filter(([of]) => of === seq);
    if (isStored || rejected.length > 0) return { isStored, rejected };
  }
  return undefined;
}

interface Scene {
  readonly data: string;
  readonly server: ServerProcess;
  readonly library: Library;
}

async function aScene(): Promise<Scene> {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const server = await aServer({ data });
  const { token } = await enrol(server.api, folder, 'library', '');
  const library = new Library(token);
  await library.connect(server);
  return { data, server, library };
}

const T0 = Date.now() - 3_600_000;
let made = 0;

function aReading(values: Record<string, number> = { active_power_kw: 1 }): Reading {
  made++;
  return { device: `meter-${made % 3}`, time: T0 + made, values };
}

function batches(epoch: string, count: number): Batch[] {
  return Array.from({ length: count }, (_, i) => ({ epoch, seq: i + 1, readings: [aReading(), aReading()] }));
}

const readingsOf = (list: readonly Batch[]): Reading[] => list.flatMap(({ readings }) => readings);

async function holdsExactly({ api }: ServerProcess, readings: readonly Reading[]): Promise<void> {
  expectExactly(await storedSeries(api), new Map([['library', sumsOf(readings)]]));
  await expectBooksBalance(api);
}

test('two epochs interleaved, in the wrong order and twice, are stored once', async () => {
  const { server, library } = await aScene();
  const all = [...batches('a', 40), ...batches('b', 40)];
  // The same disorder every time: each batch twice, spread over the whole.
  const order = [...all, ...all].map((batch, i) => ({ batch, key: (i * 61) % 160 })).sort((x, y) => x.key - y.key);
  for (const { batch } of order) await library.send(batch);
  for (const batch of all) {
    const answer = await eventually(
      () => answerTo(batch, library.acks),
      (found) => found !== undefined,
    );
    expect(answer).toEqual({ isStored: true, rejected: [] });
  }
  const counts = await eventually(
    () => countsOf(server.api, 'library'),
    (found) => found.received === 320,
  );
  expect(counts).toMatchObject({ received: 320, stored: 160, duplicate: 160, rejected: {}, later: {}, shed: 0 });
  await holdsExactly(server, readingsOf(all));
});

test('an answer that was lost is given again, word for word', async () => {
  const { server, library } = await aScene();
  const good = aReading();
  const bad = aReading({ humidity_percent: 101 });
  const last = aReading();
  const batch = { epoch: 'a', seq: 7, readings: [good, bad, last] };
  library.deafen();
  await library.send(batch);
  await eventually(
    () => countsOf(server.api, 'library'),
    ({ stored }) => stored === 2,
  );
  await library.cut();
  expect(answerTo(batch, library.acks)).toBeUndefined();

  await library.connect(server);
  const expected = { isStored: true, rejected: [[7, 1, 'value-out-of-range']] };
  expect(await library.ask(batch)).toEqual(expected);
  expect(await library.ask(batch)).toEqual(expected);
  const counts = await countsOf(server.api, 'library');
  expect(counts).toMatchObject({ received: 9, stored: 2, duplicate: 6, rejected: { 'value-out-of-range': 1 } });
  expect((await deadLetters(server)).map(({ id }) => id)).toEqual(['library/a/7/1']);
  await holdsExactly(server, [good, last]);
});

test('of several values at one instant the last one counts', async () => {
  const { server, library } = await aScene();
  const at = aReading({ active_power_kw: 1, active_energy_kwh: 10 });
  const changed = { ...at, values: { active_power_kw: 2 } };
  const again = { ...at, values: { active_power_kw: 3 } };
  const twice = aReading({ active_power_kw: 5 });
  const better = { ...twice, values: { active_power_kw: 6 } };
  await library.ask({ epoch: 'a', seq: 1, readings: [at] });
  await library.ask({ epoch: 'a', seq: 2, readings: [changed, twice, better] });
  await library.ask({ epoch: 'b', seq: 1, readings: [again] });
  // A batch that was settled before does not bring its old value back.
  await library.ask({ epoch: 'a', seq: 2, readings: [changed, twice, better] });
  await holdsExactly(server, [at, changed, twice, better, again]);
  const { values } = await server.api.get<{ values: { device: string; metric: string; value: number }[] }>(
    '/api/latest',
  );
  const latest = Object.fromEntries(values.map(({ device, metric, value }) => [`${device} ${metric}`, value]));
  expect(latest).toEqual({
    [`${at.device} active_power_kw`]: 3,
    [`${at.device} active_energy_kwh`]: 10,
    [`${twice.device} active_power_kw`]: 6,
  });
});

test('after a power cut the server knows what it has stored and what it has refused', async () => {
  const { data, server, library } = await aScene();
  const good = [...batches('a', 10), ...batches('b', 10)];
  const mixed = { epoch: 'a', seq: 11, readings: [aReading(), aReading({ smell: 1 })] };
  const whole = { epoch: 'b', seq: 11, readings: [aReading({ humidity_percent: -1 })] };
  for (const batch of good) await library.ask(batch);
  const answers = [await library.ask(mixed), await library.ask(whole)];
  expect(answers).toEqual([
    { isStored: true, rejected: [[11, 1, 'unknown-metric']] },
    { isStored: true, rejected: [[11, 0, 'value-out-of-range']] },
  ]);
  const letters = await deadLetters(server);
  expect(letters.length).toBe(2);
  await library.cut();
  await server.kill();

  const restarted = await aServer({ data });
  await library.connect(restarted);
  for (const batch of good.toReversed()) expect(await library.ask(batch)).toEqual({ isStored: true, rejected: [] });
  expect([await library.ask(mixed), await library.ask(whole)]).toEqual(answers);
  const fresh = { epoch: 'a', seq: 12, readings: [aReading()] };
  await library.ask(fresh);
  expect(await countsOf(restarted.api, 'library')).toMatchObject({
    received: 44,
    duplicate: 43,
    stored: 1,
    rejected: {},
  });
  expect(await deadLetters(restarted)).toEqual(letters);
  await holdsExactly(restarted, [...readingsOf(good), mixed.readings[0] as Reading, ...fresh.readings]);
});

async function deadLetters({ api }: ServerProcess): Promise<DeadLettersReply['letters']> {
  return (await api.get<DeadLettersReply>('/api/dead-letters')).letters;
}
