import { beforeEach, expect, test } from 'vitest';
import { type ConfirmedInstant, confirmedInstantFile } from '../../edge/confirmed-instant.ts';
import { GatewayClock } from '../../edge/gateway-clock.ts';
import { silentLog } from '../../runtime/log.ts';
import { NOON } from '../builders.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

let clock: ManualClock;
let probes: number[];
let isConnected: boolean;
let measured: number;
let known: number | undefined;

const confirmedInstant: ConfirmedInstant = {
  read: () => known,
  write: (instant) => {
    known = instant;
  },
};

beforeEach(() => {
  clock = new ManualClock(NOON);
  probes = [];
  isConnected = true;
  measured = 0;
  known = undefined;
});

function aClock(boot = 'boot1'): GatewayClock {
  const probe = () => {
    if (isConnected) probes.push(clock.monotonicMs());
    return isConnected;
  };
  const onMeasured = () => void measured++;
  const gatewayClock = new GatewayClock({
    clock,
    random: () => 0.5,
    log: silentLog,
    boot,
    confirmedInstant,
    probe,
    onMeasured,
  });
  gatewayClock.start();
  return gatewayClock;
}

function held(takenMonotonicMs: number, takenWallMs: number, boot = 'boot1') {
  return { device: 'lamp', values: {}, takenMonotonicMs, takenWallMs, boot };
}

test('it is not confirmed until ingest has answered', async () => {
  const time = aClock();
  expect(time.isConfirmed).toBe(false);
  expect(time.offsetMs).toBeUndefined();
  time.connected();
  expect(probes).toEqual([0]);
  await clock.advance(40);
  time.heard(NOON + 20 + 3_600_000, 0);
  expect(time.isConfirmed).toBe(true);
  expect(measured).toBe(1);
  expect(time.offsetMs).toBe(3_600_000);
  expect(time.now()).toBe(NOON + 40 + 3_600_000);
});

test('its own clock is kept while it is within a second of ingest', async () => {
  const time = aClock();
  time.connected();
  time.heard(NOON + 900, 0);
  expect(time.now()).toBe(NOON);
  expect(time.offsetMs).toBe(900);
});

test('a jump of the wall clock moves nothing, and is measured again', async () => {
  const time = aClock();
  time.connected();
  time.heard(NOON, 0);
  await clock.advance(5_000);
  clock.setWall(Date.parse('1970-01-01T00:00:00Z'));
  expect(time.now()).toBe(NOON + 5_000);
  clock.setWall(NOON + 86_400_000);
  expect(time.now()).toBe(NOON + 5_000);
  await clock.advance(10_000);
  expect(probes.length).toBe(2);
});

test('after days without an answer a wall clock that NTP keeps is believed, for quartz drifts', async () => {
  const time = aClock();
  time.connected();
  time.heard(NOON, 0);
  await clock.advance(5 * 86_400_000);
  clock.setWall(clock.now() - 20_000);
  expect(time.now()).toBe(clock.now());
});

test('it is measured again every ten minutes, after each connect, and after an answer that never came', async () => {
  const time = aClock();
  time.connected();
  await clock.advance(10_000);
  await clock.advance(500);
  expect(probes.length).toBe(2);
  time.heard(clock.now(), clock.monotonicMs());
  await clock.advance(600_000);
  expect(probes.length).toBe(3);
  isConnected = false;
  time.disconnected();
  await clock.advance(3_600_000);
  expect(probes.length).toBe(3);
  isConnected = true;
  time.connected();
  expect(probes.length).toBe(4);
});

test('a slow answer is taken only when no quick one comes', async () => {
  const time = aClock();
  time.connected();
  await clock.advance(8_000);
  time.heard(NOON + 60_000, 0);
  expect(time.isConfirmed).toBe(false);
  await clock.advance(2_000);
  expect(time.isConfirmed).toBe(true);
  // set in the middle of the eight seconds
  expect(time.now()).toBe(NOON + 60_000 - 4_000 + 10_000);
});

test('a held reading of this boot is dated by its monotonic age, whatever the wall clock did', async () => {
  clock.setWall(Date.parse('1970-01-01T00:00:00Z'));
  const time = aClock();
  await clock.advance(100_000);
  const reading = held(30_000, clock.now());
  clock.setWall(Date.parse('2036-01-01T00:00:00Z'));
  time.connected();
  time.heard(NOON + 100_000, 100_000);
  expect(time.date(reading)).toBe(NOON + 30_000);
});

test('a held reading of another boot keeps its wall clock if that lies between two known instants', () => {
  known = NOON - 3_600_000;
  const time = aClock('boot2');
  time.connected();
  time.heard(NOON, 0);
  expect(time.date(held(99, NOON - 60_000))).toBe(NOON - 60_000);
  expect(time.date(held(99, NOON - 3_600_001))).toBeUndefined();
  expect(time.date(held(99, NOON + 1))).toBeUndefined();
  expect(time.date(held(99, 0))).toBeUndefined();
});

test('without a known instant on disk a reading of another boot cannot be dated', () => {
  const time = aClock('boot2');
  time.connected();
  time.heard(NOON, 0);
  expect(time.date(held(99, NOON - 60_000))).toBeUndefined();
  time.remember();
  expect(known).toBe(NOON);
});

test('the known instant survives on disk, and nonsense there counts as none', () => {
  const path = `${temporaryFolder()}/data/confirmed-instant`;
  const file = confirmedInstantFile(path);
  expect(file.read()).toBeUndefined();
  file.write(NOON + 0.7);
  expect(confirmedInstantFile(path).read()).toBe(NOON);
  file.write(Number.NaN);
  expect(file.read()).toBeUndefined();
});
