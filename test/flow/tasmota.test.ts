/**
 * A site with Tasmota meters on a Mosquitto of its own: what they say, in local time and their own units, stands in the
 * city's store in UTC and ours. Garbage is counted and harms nothing; the broker on site may restart.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { expect, onTestFinished, test } from 'vitest';
import type { LatestReply } from '../../console/api/replies.ts';
import { type Mosquitto, startMosquitto } from '../real-servers/mosquitto.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { findProgram } from '../real-servers/server-process.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { expectBooksBalance, openHeld, storedSeries } from './ledger.ts';
import { aServer, EdgeProcess, enrol, eventually, freshHealth } from './story.ts';

/** tasmota/docs: devices/Sonoff-Pow-R2.md */
const ENERGY = {
  TotalStartTime: '2025-11-14T18:39:40',
  Total: 6.294,
  Yesterday: 5.34,
  Today: 0.954,
  Period: 217,
  Power: 2635,
  ApparentPower: 2650,
  ReactivePower: 282,
  Factor: 0.99,
  Voltage: 227,
  Current: 11.661,
};

/** arendst/Tasmota#17671 */
const THREE_PHASES = {
  Total: 16647.945,
  ExportActive: [1508.369, 1929.488, 1696.624],
  Period: [0, 0, 0],
  Power: [-136.495, 0, -78.478],
  ApparentPower: [153.005, 10.484, 80.817],
  ReactivePower: [-68.949, -9.75, -27.549],
  Factor: [-0.89, -0.24, -0.93],
  Frequency: 49.9,
  Voltage: [230.75, 230.456, 230.327],
  Current: [0.675, 0.046, 0.366],
  ImportActive: [4392.588, 2795.954, 4301.033],
};

describeWithServer('mosquitto')('Tasmota meters on a broker on site', () => {
  test('are read in local time and watts, through garbage and restarts', { timeout: 180_000 }, async () => {
    const folder = temporaryFolder();
    const onSite = await startMosquitto();
    onTestFinished(() => onSite.remove());
    const server = await aServer({ data: join(folder, 'data') });
    const source = [
      '  - kind: mqtt',
      '    name: meters',
      `    url: ${onSite.url}`,
      '    subscriptions:',
      '      - { topic: tele/+/SENSOR, codec: tasmota, device: "{1}" }',
    ];
    const gateway = await enrol(server.api, folder, 'depot', source.join('\n'));
    const edge = new EdgeProcess([gateway.file], join(folder, 'edge.log'));
    const saidOf = async (device: string): Promise<Said> => {
      const { values } = await server.api.get<LatestReply>('/api/latest', { gateway: 'depot', device });
      return Object.fromEntries(values.map(({ metric, value, unit, time }) => [metric, [value, unit, time]]));
    };
    await hasListener(onSite);

    // Summer time: four hours behind UTC.
    const summer = lastYearWith('07-04');
    say(onSite, 'plug', { Time: `${summer}-07-04T12:00:00`, ENERGY });
    const noon = `${summer}-07-04T16:00:00.000Z`;
    expect(await eventually(() => saidOf('plug'), hasValues)).toEqual({
      active_energy_kwh: [6.294, 'kWh', noon],
      active_power_kw: [2.635, 'kW', noon],
      apparent_power_kva: [2.65, 'kVA', noon],
      current_a: [11.661, 'A', noon],
      power_factor: [0.99, '', noon],
      reactive_power_kvar: [0.282, 'kvar', noon],
      voltage_v: [227, 'V', noon],
    });

    // Winter time: five hours.
    const winter = lastYearWith('01-15');
    say(onSite, 'main', { Time: `${winter}-01-15T12:00:00`, ENERGY: THREE_PHASES });
    const at = `${winter}-01-15T17:00:00.000Z`;
    expect(await eventually(() => saidOf('main'), hasValues)).toMatchObject({
      active_energy_kwh: [11_489.575, 'kWh', at],
      active_energy_export_kwh: [5_134.481, 'kWh', at],
      active_power_kw: [-0.214973, 'kW', at],
      active_power_l1_kw: [-0.136495, 'kW', at],
      active_power_l2_kw: [0, 'kW', at],
      voltage_l3_v: [230.327, 'V', at],
      current_l1_a: [0.675, 'A', at],
      frequency_hz: [49.9, 'Hz', at],
    });

    say(onSite, 'plug', 'Restarting');
    say(onSite, 'plug', { Time: `${summer}-07-04T12:00:05`, ENERGY: { ...ENERGY, Power: 'much' } });
    say(onSite, 'plug', { Time: `${summer}-07-04T12:00:10`, ENERGY: { ...ENERGY, Power: 100 } });
    await eventually(
      () => saidOf('plug'),
      ({ active_power_kw: power }) => power?.[0] === 0.1 && power[2] === `${summer}-07-04T16:00:10.000Z`,
    );

    await onSite.stop();
    const { sources } = await freshHealth(server, gateway, (health) => health.sources[0]?.state === 'failing');
    expect(sources).toMatchObject([{ name: 'meters', kind: 'mqtt', readings: 3, refused: 2 }]);
    expect(sources[0]?.detail).toMatch(/the broker on site: nothing listens at 127\.0\.0\.1:\d+/);
    await onSite.restart();
    await hasListener(onSite);
    say(onSite, 'plug', { Time: `${summer}-07-04T12:00:20`, ENERGY: { ...ENERGY, Power: 200 } });
    await eventually(
      () => saidOf('plug'),
      ({ active_power_kw: power }) => power?.[0] === 0.2,
    );
    const health = await freshHealth(server, gateway, ({ outbox }) => outbox.buffered === 0);
    expect(health.sources).toMatchObject([{ state: 'running', detail: '', readings: 4, refused: 2 }]);

    expect(await edge.stop()).toBe(0);
    const { account } = await openHeld(join(folder, 'depot'), 'depot');
    expect(account).toEqual({ produced: 4, stored: 4, rejected: {}, dropped: 0, buffered: 0 });
    await expectBooksBalance(server.api);
    const stored = await storedSeries(server.api);
    const power = stored.filter(({ metric }) => metric === 'active_power_kw');
    expect(Object.fromEntries(power.map(({ device, count }) => [device, count]))).toEqual({ plug: 3, main: 1 });
    expect(power.find(({ device }) => device === 'plug')?.sum).toBeCloseTo(2.635 + 0.1 + 0.2, 9);
  });
});

/** metric → value, unit, time. */
type Said = Readonly<Record<string, readonly [value: number, unit: string, time: string]>>;

const hasValues = (said: Said): boolean => Object.keys(said).length > 0;

/** The latest year in which this day has passed in every zone. */
function lastYearWith(monthAndDay: string): number {
  const year = new Date().getUTCFullYear();
  return Date.parse(`${year}-${monthAndDay}T23:59:59-12:00`) < Date.now() ? year : year - 1;
}

/** As a meter does, with Mosquitto's own client. */
function say(broker: Mosquitto, meter: string, message: object | string): void {
  const program = findProgram('mosquitto_pub');
  if (program === undefined) throw new Error('mosquitto_pub is not installed: npm run setup:servers');
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  const address = ['-h', '127.0.0.1', '-p', String(broker.port), '-t', `tele/${meter}/SENSOR`];
  const { status, stderr } = spawnSync(program, [...address, '-q', '1', '-m', text], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
}

/** Somebody has subscribed to what the meters say: MQTT 5 tells a publisher when nobody has (reason code 16). */
async function hasListener(broker: Mosquitto): Promise<void> {
  const client = await mqtt.connectAsync(broker.url, { protocolVersion: 5 });
  let reasonCode: number | undefined = 16;
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'puback') reasonCode = packet.reasonCode;
  });
  try {
    await eventually(
      // A message without a value gives no reading.
      () => client.publishAsync('tele/nobody/SENSOR', '{}', { qos: 1 }),
      () => reasonCode !== 16,
    );
  } finally {
    await client.endAsync();
  }
}
