/**
 * A gateway and its two devices miss readings for five reasons within half a minute; the product names each reading with
 * its reason, and still does after it was killed and started again.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import type { CompletenessReply } from '../../console/api/completeness/replies-completeness.ts';
import type { Health } from '../../contract/health.ts';
import { aHealth } from '../console/fake-city.ts';
import { isLong } from '../is-long.ts';
import type { ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { lamplighter } from './command.ts';
import { aServer, connected, enrol, eventually } from './story.ts';

const SECOND = 1_000;
/** Readings are said in the middle of each second. */
const PHASE = 500;

/** A gateway played by hand, so that it can do what a real one never does. */
class Hall {
  readonly #token: string;
  readonly #epochs: string[] = [];
  #client: MqttClient | undefined;
  #seq = 0;

  constructor(token: string) {
    this.#token = token;
  }

  async start(server: ServerProcess, epoch: string): Promise<void> {
    this.#epochs.push(epoch);
    this.#seq = 0;
    const presence = (online: boolean) => JSON.stringify({ online, since: this.#epochs.length, version: '1' });
    const will = {
      topic: 'city/v1/hall/presence',
      payload: Buffer.from(presence(false)),
      qos: 1,
      retain: true,
    } as const;
    const credential = { clientId: 'hall', username: 'hall', password: this.#token };
    this.#client = await connected(server, { ...credential, reconnectPeriod: 0, will });
    await this.#client.publishAsync(will.topic, presence(true), { qos: 1, retain: true });
    await this.health({ uptime_s: 0.1 });
  }

  async health(change: Partial<Health>): Promise<void> {
    const epoch = this.#epochs.at(-1) ?? '';
    const health = aHealth({ buffered: 0, oldest_s: 0 }, { epoch, epochs: this.#epochs, ...change });
    await this.#client?.publishAsync('city/v1/hall/health', JSON.stringify(health));
  }

  async say(readings: readonly object[], isLost: boolean): Promise<void> {
    const batch = { v: 1, epoch: this.#epochs.at(-1), seq: ++this.#seq, readings };
    if (!isLost) await this.#client?.publishAsync('city/v1/hall/readings', JSON.stringify(batch));
  }

  /** As when its power is cut. */
  cut(): void {
    this.#client?.stream.destroy();
  }
}

test.runIf(isLong)('each missing reading is named with its reason', { timeout: 150_000 }, async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const first = await aServer({ data });
  const { token } = await enrol(first.api, folder, 'hall', '');
  const start = Math.ceil(Date.now() / SECOND) * SECOND + SECOND;
  const list = ['meter', 'mute'].map((id) => `hall,${id},1,${new Date(start).toISOString()}`);
  await first.api.postFile('/api/import/devices', {}, 'text/csv', `gateway,id,interval_s,from\n${list.join('\n')}\n`);

  const hall = new Hall(token);
  await hall.start(first, 'one');
  for (let second = 0; second < 26; second++) {
    const time = start + second * SECOND + PHASE;
    await sleep(Math.max(0, time - Date.now()));
    if (second === 12) hall.cut();
    if (second === 19) await hall.start(first, 'two');
    if (second >= 12 && second <= 19) continue;
    const power = second === 8 ? 1e12 : 40;
    const meter = { device: 'meter', time, values: { active_power_kw: power } };
    const mute = { device: 'mute', time, values: { temperature_c: 20 } };
    await hall.say(second >= 4 && second <= 6 ? [meter] : [meter, mute], second === 9);
  }
  await hall.health({ uptime_s: 7 });

  const query = { gateway: 'hall', from: start, to: start + 26 * SECOND };
  const expected = {
    meter: [
      ['rejected', 8, 1],
      ['not-received', 9, 1],
      ['gateway-silent', 12, 8],
    ],
    mute: [
      ['never-produced', 4, 3],
      ['not-received', 9, 1],
      ['gateway-silent', 12, 8],
    ],
  };
  const told = (answer: CompletenessReply) =>
    Object.fromEntries(
      answer.devices.map(({ device, ranges }) => [
        device,
        ranges.map(({ cause, from_ms, readings }) => [cause, Math.floor((from_ms - start) / SECOND), readings]),
      ]),
    );
  const ask = async (server: ServerProcess) =>
    await eventually(
      () => server.api.get<CompletenessReply>('/api/completeness', query),
      ({ total }) => total.expected === 52,
      60_000,
    );

  const answer = await ask(first);
  expect(told(answer)).toEqual(expected);
  expect(answer.total).toMatchObject({ expected: 52, stored: 30, missing: 22, surplus: 0 });
  expect(answer.devices.flatMap(({ ranges }) => ranges).every(({ exact }) => exact)).toBe(true);

  const options = ['--gateway', 'hall', '--from', String(query.from), '--to', String(query.to), '--data', data];
  const printed = await lamplighter(['completeness', ...options, '--missing']);
  expect(printed.stderr).toBe('');
  expect(printed.stdout).toMatch(/hall\/meter \(town-hall\): 1 reading is missing .*: refused as value-out-of-range/);
  expect(printed.stdout).toMatch(/hall\/mute \(town-hall\): 3 readings are missing .*: the device said nothing/);
  expect(printed.stdout).toMatch(/8 readings are missing .*: hall sent nothing .*, and was then restarted\./);
  expect(printed.stdout).toContain('22 of 52 readings missing.');
  const csv = await lamplighter(['completeness', ...options, '--missing', '--csv']);
  expect(csv.stdout.trim().split('\r\n')).toHaveLength(7);

  await first.kill();
  const again = await aServer({ data });
  expect(told(await ask(again))).toEqual(expected);
});
