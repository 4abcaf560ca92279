/**
 * The same things happen in two cities: history is imported, then late readings of three days ago; a person decides about
 * a meter, and a meter turns out to have moved. One of the two servers is killed over and over while it rolls up. In the
 * end both stores hold the same rows and events, to the last digit.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import type { RollUpStatusReply } from '../../console/api/replies-roll-ups.ts';
import { ROLL_UP_WIDTHS } from '../../contract/roll-up.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import { ServerProcess } from '../server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { lamplighter } from './command.ts';
import { eventually } from './story.ts';

const DEVICES = 20;
const DAYS = 10;
const KILLS_IN_HISTORY = 6;
const KILLS_AFTER_EACH = 2;
const MINUTE = 60_000;
const STEP = 5 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CAUGHT_UP_WITHIN_MS = 180_000;
const GATEWAY = 'basement';

/** Where a city keeps its data; both have one of their own. */
export interface StoryStore {
  /** Flags of the server. */
  readonly args: readonly string[];
  /** Called once the server runs for the first time. */
  readonly prepare?: (server: ServerProcess) => Promise<void>;
  /** Opens it when the server is gone; `data` is the server's folder. */
  open(data: string): Promise<RollUpStore & { close(): Promise<void> }>;
}

export async function tellRollUpStory(aStore: () => Promise<StoryStore>): Promise<void> {
  const seed = Number(process.env.STORY_SEED ?? Math.floor(Math.random() * 1e9));
  console.log(`seed of this story: ${seed} (tell it again with STORY_SEED=${seed})`);
  const end = Math.floor(Date.now() / DAY) * DAY - DAY;
  const [calm, killed] = await Promise.all([
    new City(await aStore(), end, undefined).live(),
    new City(await aStore(), end, seeded(seed)).live(),
  ]);

  expect(calm.kills).toBe(0);
  // Otherwise the story tells nothing.
  expect(killed.killsAtWork).toBeGreaterThan(0);
  console.log(`killed ${killed.kills} times, ${killed.killsAtWork} of them with roll-ups behind`);

  for (const width of ROLL_UP_WIDTHS) {
    const rows = calm.lines.filter((line) => line.startsWith(width));
    const days = width === '1d' ? 1 : width === '1h' ? 24 : 96;
    expect(rows.length).toBeGreaterThan(DEVICES * 2 * (DAYS - 1) * days);
  }
  const of = (device: string, words: string) =>
    calm.lines.filter((line) => line.includes(`"${device}"`) && line.includes(words));
  expect(of('meter-1', '"site":"depot"').length).toBeGreaterThan(100);
  expect(of('meter-2', '"decidedBy":"person"')).toHaveLength(1);
  expect(of('meter-3', '"kind":"gap"')).toEqual([]);

  // The first that differ are enough to read.
  const calmLines = new Set(calm.lines);
  const killedLines = new Set(killed.lines);
  expect(killed.lines.filter((line) => !calmLines.has(line)).slice(0, 5)).toEqual([]);
  expect(calm.lines.filter((line) => !killedLines.has(line)).slice(0, 5)).toEqual([]);
  expect(killed.lines.length).toBe(calm.lines.length);
}

interface Ended {
  readonly kills: number;
  readonly killsAtWork: number;
  /** Every row of every width, and every event. */
  readonly lines: readonly string[];
}

class City {
  readonly #store: StoryStore;
  readonly #folder = temporaryFolder();
  readonly #data = join(this.#folder, 'data');
  /** End of its history: midnight UTC, a day ago. */
  readonly #end: number;
  /** Undefined: it is never killed. */
  readonly #random: (() => number) | undefined;
  #server: ServerProcess | undefined;
  #kills = 0;
  #killsAtWork = 0;

  constructor(store: StoryStore, end: number, random: (() => number) | undefined) {
    this.#store = store;
    this.#end = end;
    this.#random = random;
  }

  async live(): Promise<Ended> {
    await this.#start();
    onTestFinished(() => this.#server?.kill());
    await this.#store.prepare?.(this.#running);
    const zone = 'America/New_York';
    for (const [id, name] of [
      ['hall', 'Town hall'],
      ['depot', 'Depot'],
    ]) {
      await this.#running.api.post('/api/sites', { id, name, kind: 'building', zone });
    }
    await this.#running.api.post('/api/gateways', { site: 'hall', id: GATEWAY });
    const devices = Array.from({ length: DEVICES }, (_, number) => `${GATEWAY},meter-${number},300`);
    await this.#run('import', 'devices', this.#file('devices', ['gateway,id,interval_s', ...devices]), '--yes');

    const readings = this.#readings();
    await this.#import(
      'history',
      readings.filter(({ isLate }) => !isLate),
      KILLS_IN_HISTORY,
    );
    await this.#settled(1);

    // Three days later, in two parts and out of order; some of them correct what was told before.
    const late = readings.filter(({ isLate }) => isLate);
    const half = Math.floor(late.length / 2);
    await this.#import('late-1', late.slice(half), KILLS_AFTER_EACH);
    await this.#import('late-2', [...late.slice(0, half), ...this.#corrections()], KILLS_AFTER_EACH);
    const decision = [
      '--as',
      'swap',
      '--last',
      '400.5',
      '--first',
      '0.1',
      '--why',
      'Exchanged, sheet 4711',
      '--who',
      'ada',
    ];
    const target = ['--device', `${GATEWAY}/meter-2`, '--metric', 'active_energy_kwh', '--at', iso(this.#fallAt)];
    await this.#run('meter', 'decide', ...target, ...decision);
    await this.#killOften(KILLS_AFTER_EACH);
    const since = iso(this.#end - 5 * DAY).slice(0, 10);
    const moved = this.#file('moved', ['gateway,id,site,from', `${GATEWAY},meter-1,depot,${since}`]);
    await this.#run('import', 'devices', moved, '--yes');
    await this.#killOften(KILLS_AFTER_EACH);
    // One that has just started begins with everything that there is to do.
    await this.#settled(this.#random === undefined ? 3 : 1);

    expect(await this.#running.stop()).toBe(0);
    const store = await this.#store.open(this.#data);
    const lines = await linesOf(store, this.#end - (DAYS + 2) * DAY, this.#end + 2 * DAY);
    await store.close();
    return { kills: this.#kills, killsAtWork: this.#killsAtWork, lines };
  }

  get #running(): ServerProcess {
    if (this.#server === undefined) throw new Error('the server was not started');
    return this.#server;
  }

  /** When the register of meter-2 falls: within the shortest history. */
  get #fallAt(): number {
    return this.#end - 4 * DAY + 10 * HOUR + 2_000;
  }

  async #start(): Promise<void> {
    this.#server = await ServerProcess.start({ data: this.#data, args: ['--city', 'none', ...this.#store.args] });
  }

  /** A file of readings; where many kills are asked for, the first comes in the middle of it and it is imported again. */
  async #import(name: string, readings: readonly StoryReading[], kills: number): Promise<void> {
    const lines = readings.map(({ time, device, kwh, kw }) => `${iso(time)},${device},${kwh},${kw}`);
    const file = this.#file(name, ['time,device,energy,power', ...lines]);
    const map = ['--device-column', 'device', '--map', 'energy=active_energy_kwh', '--map', 'power=active_power_kw'];
    const command = ['import', 'readings', file, '--gateway', GATEWAY, ...map, '--data', this.#data];
    if (this.#random !== undefined && kills > 1) {
      const cut = lamplighter(command);
      await sleep(800 + this.#random() * 1_500);
      await this.#kill();
      await cut;
    }
    const { code, stderr } = await lamplighter(command);
    expect(code, stderr).toBe(0);
    await this.#killOften(kills);
  }

  async #run(...args: string[]): Promise<void> {
    const { code, stderr } = await lamplighter([...args, '--data', this.#data]);
    expect(code, `${args.join(' ')}: ${stderr}`).toBe(0);
  }

  /** A server that starts rolls up at once what is marked: it is killed again within a second or two. */
  async #killOften(times: number): Promise<void> {
    if (this.#random === undefined) return;
    for (let kill = 0; kill < times; kill++) {
      await sleep(this.#random() * 1_200);
      await this.#kill();
    }
  }

  async #kill(): Promise<void> {
    const { state } = await this.#status();
    await this.#running.kill();
    this.#kills++;
    if (state === 'behind') this.#killsAtWork++;
    await this.#start();
  }

  async #status(): Promise<RollUpStatusReply> {
    return await this.#running.api.get<RollUpStatusReply>('/api/roll-ups/status');
  }

  /**
   * Until the worker has found nothing left so many times. The first may be from before the last change, the second may
   * have begun before it, the third has seen it.
   */
  async #settled(times: 1 | 3): Promise<void> {
    const looks = new Set<string>();
    await eventually(
      async () => {
        const { state, caught_up_at, fault, failed_devices } = await this.#status();
        if (state === 'caught-up' && caught_up_at != null) looks.add(caught_up_at);
        else looks.clear();
        expect(failed_devices).toEqual([]);
        return { state, fault, looks: looks.size };
      },
      (now) => now.looks >= times,
      CAUGHT_UP_WITHIN_MS,
    );
  }

  #file(name: string, lines: readonly string[]): string {
    const file = join(this.#folder, `${name}.csv`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  }

  /** Meters that count, each at its own pace; two fall, some say nothing for a day. */
  #readings(): StoryReading[] {
    const readings: StoryReading[] = [];
    const start = this.#end - DAYS * DAY;
    for (let number = 0; number < DEVICES; number++) {
      const device = `meter-${number}`;
      let kwh = 100 * number;
      for (let time = start + number * 1_000; time < this.#end; time += STEP) {
        const hour = (time / HOUR) % 24;
        const kw = Math.round((5 + number + 4 * Math.sin((hour / 24) * 2 * Math.PI)) * 100) / 100;
        kwh += (kw * STEP) / HOUR;
        const hasFallen = number === 2 && time >= this.#fallAt && time < this.#fallAt + STEP;
        if (hasFallen || (number % 7 === 6 && time % (3 * DAY) < STEP)) kwh = 0.1;
        const sinceGap = time - (this.#end - 3 * DAY - number * HOUR);
        const isLate = number >= 3 && number <= 7 && sinceGap >= 0 && sinceGap < 26 * HOUR;
        // A zero after a restart, now and then.
        const isGlitch = number % 5 === 0 && time % (31 * HOUR) < STEP;
        readings.push({ time, device, kwh: isGlitch ? 0 : Math.round(kwh * 10) / 10, kw, isLate });
      }
    }
    // In order of time, as a gateway would have told them.
    return readings.sort((one, other) => one.time - other.time);
  }

  /** Meter 8 said one thing, and truly it was another. */
  #corrections(): StoryReading[] {
    return this.#readings()
      .filter(({ device, time }) => device === 'meter-8' && Math.abs(time - (this.#end - 4 * DAY)) < 2 * HOUR)
      .map((reading) => ({ ...reading, kw: reading.kw + 1, kwh: Math.round((reading.kwh + 0.2) * 10) / 10 }));
  }
}

interface StoryReading {
  readonly time: number;
  readonly device: string;
  readonly kwh: number;
  readonly kw: number;
  /** Not told with the others. */
  readonly isLate: boolean;
}

async function linesOf(store: RollUpStore, from: number, to: number): Promise<string[]> {
  const lines: string[] = [];
  for (const width of ROLL_UP_WIDTHS) {
    for (const row of await store.rollUps({ width, from, to })) lines.push(`${width} ${JSON.stringify(sorted(row))}`);
  }
  for (const event of await store.meterEvents({ from, to })) lines.push(`event ${JSON.stringify(sorted(event))}`);
  return lines;
}

/** Engines need not name the fields in the same order twice. */
function sorted(row: object): object {
  return Object.fromEntries(Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

/** mulberry32: small, and the same on every machine. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
