/**
 * A year of some sites of the demo city whose meters fail in every way (a month of it outside of continuous integration):
 * readings are made by the simulators and committed straight into DuckDB with their marks, as ingest does it, then rolled
 * up by the worker. What can be known is there, what cannot is named. Gateways, MQTT and admission have no part in it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MeterEvent, RollUp, RollUpWidth } from '../../contract/roll-up.ts';
import { periodsIn } from '../../energy/calendar.ts';
import { deviceDays, readingCounts } from '../../energy/completeness/device-days.ts';
import { QUARTER_MS, scaleOf } from '../../energy/counter-rules.ts';
import { RollUpWorker } from '../../energy/rollup/roll-up-worker.ts';
import { FileRollUpMarks, QUIET_MS } from '../../ingest/roll-up-marks.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import { silentLog } from '../../runtime/log.ts';
import { demoCity, type SimulatedCity } from '../../simulators/city.ts';
import { type CityFaults, FIVE_DIGITS, NO_FAULTS } from '../../simulators/city-faults.ts';
import { countIn, GroundTruth } from '../../simulators/ground-truth.ts';
import { entriesOf } from '../../simulators/manifest.ts';
import { type CounterName, MeterTruth } from '../../simulators/meter-truth.ts';
import type { SimulatedDevice } from '../../simulators/simulated-devices.ts';
import { DuckDBStore } from '../../store/duckdb/duckdb-store.ts';
import type { AdmittedBatch } from '../../store/telemetry-store.ts';
import { isLong } from '../is-long.ts';
import { ManualClock } from '../manual-clock.ts';

const ZONE = 'America/New_York';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Both have the day of 25 hours in them, the year the one of 23 too. */
const [FROM, TO] = isLong
  ? [Date.parse('2026-01-01T00:00:00-05:00'), Date.parse('2027-01-01T00:00:00-05:00')]
  : [Date.parse('2026-10-15T00:00:00-04:00'), Date.parse('2026-11-15T00:00:00-05:00')];
/** So that the period does not begin with the first reading of all, nor end with the last. */
const TOLD = { from: FROM - HOUR, to: TO + HOUR };
const ENERGY = 'active_energy_kwh';
const METER = 'main-meter';

/** Five digits, which it runs through three times a month. */
const POLICE = 'police-headquarters';
/** A solar roof, gas and water. */
const SCHOOL = 'mather-school';
/** So small that a digit less is a fall; a solar roof. */
const LIBRARY = 'east-boston-library';
const CIRCUIT = 'blue-hill-circuit-9';
const SITES = [POLICE, SCHOOL, LIBRARY, CIRCUIT];
/** Rooms and lamps count nothing that anyone pays for. */
const METERS = new Set([METER, 'solar-meter', 'gas-meter', 'water-meter', 'feeder']);

/** Everything that a meter can do, over and over, never two things of one meter at once but where that is the story. */
function faults(): CityFaults {
  const registers: CityFaults['registers'][number][] = [
    { kind: 'rollover', site: POLICE, from: FROM - DAY, limit: FIVE_DIGITS, at: FROM + 3 * DAY },
  ];
  const displays: CityFaults['displays'][number][] = [];
  // Nothing of the whole site, from Saturday evening over the night in which clocks go back.
  const pauses: CityFaults['pauses'][number][] = [
    { site: POLICE, from: Date.parse('2026-10-31T22:10:00-04:00'), to: Date.parse('2026-11-01T11:20:00-05:00') },
  ];
  for (let start = FROM; start + 10 * DAY < TO; start += 10 * DAY) {
    const at = (days: number, hours = 0) => start + days * DAY + hours * HOUR;
    displays.push({ kind: 'glitch-zero', site: POLICE, from: at(1, 9), to: at(1, 9) + 6 * MINUTE });
    displays.push({ kind: 'spike', site: SCHOOL, from: at(1, 14), to: at(1, 14) + 4 * MINUTE });
    registers.push({ kind: 'swap', site: SCHOOL, from: at(3, 12), restart: 4_711.5 });
    // Power is cut for seven hours, and the register begins again at 0 with it.
    pauses.push({ site: SCHOOL, from: at(6, 20), to: at(6, 27) });
    registers.push({ kind: 'reset', site: SCHOOL, from: at(6, 27), restart: 0 });
    displays.push({ kind: 'glitch-zero', site: SCHOOL, from: at(8, 23.9), to: at(8, 23.9) + 10 * MINUTE });
    displays.push({ kind: 'dip', site: LIBRARY, from: at(2, 3), to: at(2, 3) + MINUTE });
    registers.push({ kind: 'reset', site: LIBRARY, from: at(4, 13), restart: 0 });
    pauses.push({ site: LIBRARY, device: METER, from: at(7, 1), to: at(7, 5) });
    pauses.push({ site: CIRCUIT, from: at(5, 19), to: at(5, 33) });
  }
  return { ...NO_FAULTS, registers, displays, pauses };
}

function aCity(): SimulatedCity {
  const city = demoCity(11, { faults: faults(), firstDay: Math.floor(FROM / DAY) - 3 });
  return { ...city, sites: city.sites.filter(({ id }) => SITES.includes(id)) };
}

const city = aCity();
const truth = new GroundTruth(city);
const meters = new MeterTruth(truth, TOLD);
const days = periodsIn({ from: FROM, to: TO }, 'day', ZONE);
const counters = meters.counters().filter(({ device }) => METERS.has(device));
const devices = truth.devices().filter(({ id }) => METERS.has(id));

function registerView(): RegisterView {
  const entries = entriesOf(city);
  return {
    version: 1,
    site: (id) => entries.sites.find((site) => site.id === id),
    sites: () => entries.sites,
    gateway: (id) => entries.gateways.find((gateway) => gateway.id === id),
    gateways: () => entries.gateways,
    device: (gateway, id) => entries.devices.find((device) => device.gateway === gateway && device.id === id),
    devices: () => entries.devices,
    credential: () => undefined,
    onChange: () => () => {},
  };
}

/** Of every device what it counted, a week of it in each commit. */
async function tell(store: DuckDBStore, marks: FileRollUpMarks): Promise<void> {
  let seq = 0;
  for (let start = TOLD.from; start < TOLD.to; start += 7 * DAY) {
    const group: AdmittedBatch[] = [];
    for (const { gateway, id } of devices) {
      const names = counters.filter((one) => one.gateway === gateway && one.device === id).map(({ metric }) => metric);
      const told = truth.expectedReadings(gateway, id, start, Math.min(start + 7 * DAY, TOLD.to));
      const readings = [...told].map(({ device, time, values }) => ({
        device,
        time,
        values: Object.fromEntries(names.map((metric) => [metric, values[metric]!])),
      }));
      group.push({ gateway, epoch: 'year', seq: ++seq, readings, rejected: [] });
    }
    await marks.beforeCommit(group);
    await store.commit(group, async () => {});
    marks.settled();
  }
}

describe(`${isLong ? 'a year' : 'a month'} of meters that fail`, { timeout: 120_000 }, () => {
  const rows = new Map<string, RollUp[]>();
  let events: readonly MeterEvent[];

  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-year-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeAll(async () => {
    const clock = new ManualClock(TOLD.to + 2 * HOUR);
    const store = new DuckDBStore({ options: { path: join(folder, 'city.duckdb') }, log: silentLog });
    await store.open();
    const marks = new FileRollUpMarks({ folder: join(folder, 'marks'), clock });
    await marks.start();
    await tell(store, marks);
    await clock.advance(QUIET_MS);
    const worker = new RollUpWorker({
      options: { folder: join(folder, 'state') },
      store,
      marks,
      register: registerView(),
      clock,
      random: Math.random,
      log: silentLog,
      registry: new Registry(),
    });
    await worker.start();
    for (;;) {
      const { pendingQuarters, caughtUpAt, fault, failedDevices } = await worker.status();
      if (fault !== '' || failedDevices.length > 0) throw new Error(`not rolled up: ${fault} ${failedDevices}`);
      if (pendingQuarters === 0 && caughtUpAt !== undefined) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await worker.stop();
    await marks.stop();
    for (const width of ['15m', '1d'] as const) {
      for (const row of await store.rollUps({ width, from: FROM, to: TO })) {
        getOrCreate(rows, `${width} ${nameOf(row)}`, () => []).push(row);
      }
    }
    events = await store.meterEvents({ from: FROM, to: TO });
    await store.close();
  }, 300_000);

  const rowsOf = (width: RollUpWidth, name: CounterName) => rows.get(`${width} ${nameOf(name)}`) ?? [];
  const sumOf = (some: readonly RollUp[], { metric }: CounterName) =>
    some.reduce((sum, { consumption }) => sum + Math.round((consumption ?? 0) * scaleOf(metric)), 0) / scaleOf(metric);
  const eventsOf = (name: CounterName) =>
    events.filter(
      ({ gateway, device, metric }) => gateway === name.gateway && device === name.device && metric === name.metric,
    );

  it.each(SITES)('%s: all that can be known of the whole period is booked, and no more', (site) => {
    for (const name of counters.filter(({ gateway }) => gateway === `${site}-gateway`)) {
      const booked = sumOf(rowsOf('1d', name), name);
      const counted = meters.counted(name, FROM, TO);
      const lost = meters.lost(name, FROM, TO).reduce((sum, { amount }) => sum + amount, 0);
      const words = `${name.device} ${name.metric}: ${booked} of ${counted}, ${lost} lost`;
      expect(Math.abs(booked - (counted - lost)), words).toBeLessThanOrEqual(0.001 * counted);
      // Of single days too, where a digit at both ends is all that a small one may be off.
      for (const row of rowsOf('1d', name)) {
        const day = days.find(({ from }) => from === row.start)!;
        const known = meters.known(name, day.from, day.to);
        const digit = 100 / scaleOf(name.metric);
        const off = Math.abs((row.consumption ?? 0) - known);
        const which = `${name.device} ${name.metric} ${new Date(row.start).toISOString()}: ${row.consumption} of ${known}`;
        expect(off, which).toBeLessThanOrEqual(Math.max(0.001 * known, 2 * digit));
      }
    }
  });

  it('each kWh that is lost is named: an event that books nothing, and quarter hours that were not measured', () => {
    let lostKwh = 0;
    for (const name of counters) {
      const lost = meters.lost(name, FROM, TO);
      const resets = eventsOf(name).filter(({ kind }) => kind === 'reset');
      expect(resets.map(({ from, at, booked }) => [from, at, booked])).toEqual(
        lost.map(({ from, to }) => [from, to, 0]),
      );
      for (const { from, to, amount } of lost) {
        if (name.metric === ENERGY) lostKwh += amount;
        const quarters = rowsOf('15m', name).filter(({ start }) => start + QUARTER_MS > from && start < to);
        expect(quarters.every(({ coverage }) => coverage < 100)).toBe(true);
        const hidden = quarters.filter(({ start }) => start >= from && start + QUARTER_MS <= to);
        expect(hidden.every(({ consumption }) => consumption === null)).toBe(true);
      }
    }
    expect(lostKwh).toBeGreaterThan(isLong ? 3_000 : 200);
  });

  it('each kWh of which only the sum is known is flagged, and every other event is one that happened', () => {
    for (const name of counters) {
      const gaps = meters.gaps(name, FROM, TO);
      const told = eventsOf(name).filter(({ kind }) => kind === 'gap' || kind === 'rollover');
      for (const { from, to, amount } of gaps) {
        const event = told.find((one) => one.from === from && one.at === to);
        expect(event, `${name.gateway} ${name.metric} ${new Date(from).toISOString()}`).toBeDefined();
        expect(Math.abs(event!.booked - amount)).toBeLessThanOrEqual(0.2);
        const quarters = rowsOf('15m', name).filter(({ start }) => start >= from && start + QUARTER_MS <= to);
        expect(quarters.every(({ coverage, count }) => coverage === 0 && count === 0)).toBe(true);
        expect(quarters.every(({ consumption, interpolated }) => consumption === interpolated)).toBe(true);
      }
      const { registers, displays } = city.faults;
      const isHere = ({ site }: { site: string }) => name.gateway === `${site}-gateway` && name.metric === ENERGY;
      const count = (kind: string) => eventsOf(name).filter((event) => event.kind === kind).length;
      const swaps = registers.filter((fault) => isHere(fault) && fault.kind === 'swap' && fault.from >= FROM);
      expect(count('swap')).toBe(swaps.length);
      const breaks = name.metric === ENERGY ? truth.device(name.gateway, name.device).breaksUntil(TO) : [];
      const rounds = breaks.filter(({ kind, time }) => kind === 'rollover' && time >= FROM);
      expect(count('rollover')).toBe(rounds.length);
      const isDuring = (wrong: string) => (event: MeterEvent) =>
        displays.some((one) => isHere(one) && one.kind === wrong && one.from <= event.at && event.at < one.to + MINUTE);
      for (const [kind, wrong] of [
        ['glitch-zero', 'glitch-zero'],
        ['implausible-rate', 'spike'],
        ['dip', 'dip'],
      ] as const) {
        const ofKind = eventsOf(name).filter((event) => event.kind === kind);
        expect(ofKind.filter((event) => !isDuring(wrong)(event))).toEqual([]);
        const happened = displays.filter((one) => isHere(one) && one.kind === wrong);
        for (const one of happened)
          expect(
            ofKind.some(({ at }) => at >= one.from && at < one.to + MINUTE),
            kind,
          ).toBe(true);
      }
      // A gap that was no pause is one of readings that were wrong for longer than three intervals.
      for (const { from, at } of eventsOf(name).filter(({ kind }) => kind === 'gap')) {
        const isPause = gaps.some((gap) => gap.from === from && gap.to === at);
        const isWrong = displays.some((one) => isHere(one) && from < one.to && at >= one.to);
        expect(isPause || isWrong).toBe(true);
      }
    }
  });

  it('each reading that is missing is counted, where it is missing', () => {
    for (const device of devices) {
      const { gateway, id, intervalMs, pauses } = device;
      const of = counters
        .filter((name) => name.gateway === gateway && name.device === id)
        .flatMap((name) => rowsOf('15m', name));
      const period = { from: FROM, to: TO };
      const complete = deviceDays({ expectation: { intervalMs }, counts: readingCounts(of), period, zone: ZONE });
      const missing = complete.reduce((sum, day) => sum + (day.missing ?? 0), 0);
      const paused = countIn(withoutPauses(device), FROM, TO) - countIn(device, FROM, TO);
      const inPeriod = pauses.filter((pause) => pause.from < TO && pause.to > FROM);
      // An interval that a silence ends in may be counted or not.
      expect(Math.abs(missing - paused), `${gateway} ${id}`).toBeLessThanOrEqual(inPeriod.length);
      for (const range of complete.flatMap(({ ranges }) => ranges)) {
        const isPaused = pauses.some((pause) => range.from < pause.to && range.to > pause.from);
        expect(isPaused, `${gateway} ${id} ${new Date(range.from).toISOString()}`).toBe(true);
      }
    }
  });
});

function nameOf({ gateway, device, metric }: CounterName): string {
  return `${gateway}/${device}/${metric}`;
}

function withoutPauses(device: SimulatedDevice): SimulatedDevice {
  return { ...device, pauses: [] };
}
