/** The commands about meters, as a person types them, against a console that listens. */
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { meterCommand } from '../../cli/commands/meter.ts';
import { DataFolder } from '../../cli/data-folder.ts';
import { createConsole } from '../../console/console.ts';
import { hashToken } from '../../register/credentials.ts';
import { Register } from '../../register/register.ts';
import { silentLog } from '../../runtime/log.ts';
import { aCityOfOne, CityStore } from '../console/fake-city.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const NOON = Date.parse('2026-11-01T12:00:00Z');
const KWH = 'active_energy_kwh';
const VALUE = ['--device', 'basement/main', '--metric', KWH];

async function aServer() {
  const clock = new ManualClock(NOON);
  const folder = new DataFolder(join(temporaryFolder(), 'data'));
  await folder.start();
  const register = new Register({ folder: join(folder.path, 'register'), clock, log: silentLog });
  await register.start();
  await register.putSite({ id: 'library', name: 'Central Library', kind: 'building', zone: 'America/New_York' });
  await register.putGateway({ id: 'basement', name: 'Basement', site: 'library', retired: false });
  const placements = [{ site: 'library', from: 0 }];
  await register.putDevice({ gateway: 'basement', id: 'main', name: 'Main meter', placements, is_new: false });
  const store = new CityStore();
  store.put('basement', { device: 'main', time: NOON - 3_600_000, values: { [KWH]: 0.25 } });
  const console = createConsole({
    ...aCityOfOne({ clock }),
    register,
    store,
    operatorTokenSha256: hashToken(folder.operatorToken()),
    options: { port: 0 },
  });
  await console.start();
  folder.addresses = { console: console.address, mqtt: 'mqtt://127.0.0.1:1' };
  onTestFinished(async () => {
    await console.stop();
    await register.stop();
    await folder.stop();
  });
  const happened = async () =>
    await store.putRollUps({
      rows: { '15m': [], '1h': [], '1d': [] },
      events: [
        {
          gateway: 'basement',
          device: 'main',
          metric: KWH,
          kind: 'reset',
          from: NOON - 3_610_000,
          at: NOON - 3_600_000,
          before: 918_273.5,
          after: 0.25,
          booked: 0,
          decidedBy: 'rule',
        },
      ],
      erasedEvents: [],
    });
  return { register, happened, meter: (...words: string[]) => run([...words, '--data', folder.path]) };
}

/** What it prints to standard output. */
async function run(words: readonly string[]): Promise<string> {
  let text = '';
  const out = vi.spyOn(process.stdout, 'write').mockImplementation((part) => {
    text += String(part);
    return true;
  });
  const error = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  try {
    const command = meterCommand();
    for (const each of [command, ...command.commands]) quiet(each);
    await command.parseAsync([...words], { from: 'user' });
  } finally {
    out.mockRestore();
    error.mockRestore();
  }
  return text;
}

/** Throws what it would end the process with. */
function quiet(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {} });
}

describe('lamplighter meter', () => {
  test('lists events, takes a decision by the operator of this machine, and withdraws it', async () => {
    const { meter, happened, register } = await aServer();
    expect(await meter('events')).toContain('There are no events.');
    await happened();
    const listed = await meter('events', '--site', 'library', '--kind', 'reset', 'gap', '--from', '-7d');
    expect(listed).toMatch(
      /2026-11-01T06:00-05:00 {2}reset +basement\/main +active_energy_kwh +918273\.5 +0\.25 +0 +kWh +rule/,
    );
    expect(listed).toContain('Counting goes on from 0.25 kWh.');
    expect(listed).toContain('In all: 1 reset.');

    const at = ['--at', '2026-11-01T06:00-05:00'];
    const decided = await meter(
      'decide',
      ...VALUE,
      ...at,
      '--as',
      'reset',
      '--estimate',
      '12.5',
      '--why',
      'Restarted.',
    );
    expect(decided).toContain(`${userInfo().username} decided on Sunday 1 November 2026, 07:00`);
    expect(decided).toContain('12.5 kWh is booked by estimate');
    expect(register.decisions()).toMatchObject([{ at: NOON - 3_600_000, estimate: 12.5, who: userInfo().username }]);
    expect(await meter('decisions')).toContain('In all: 1.');
    // A zone is not needed: it is the time at the site.
    await meter('withdraw', ...VALUE, '--at', '2026-11-01T06:00', '--why', 'Mistaken.', '--who', 'Grace');
    expect(await meter('decisions')).toContain('There are no decisions.');
    const history = await meter('decisions', '--history');
    expect(history.indexOf('Grace withdrew')).toBeLessThan(history.indexOf('decided on'));
    const csv = await meter('decisions', '--history', '--csv');
    expect(csv.split('\r\n')[1]).toContain('withdrawn,,,,kWh,Grace,Mistaken.');
    expect(await meter('events', '--csv')).toContain(',reset,');
  });

  test.each([
    [['decide', ...VALUE, '--at', 'noon', '--as', 'reset', '--why', 'x'], '"noon" is no time'],
    [
      ['decide', ...VALUE, '--at', '2026-11-01T05:59', '--as', 'reset', '--why', 'x'],
      'Nearby: a value at 2026-11-01T06:00',
    ],
    [['decide', ...VALUE, '--at', '2026-11-01T06:00', '--as', 'swap', '--why', 'x'], 'a swap needs the last reading'],
    [
      ['decide', ...VALUE, '--at', '2026-11-01T06:00', '--as', 'wish', '--why', 'x'],
      'Allowed choices are normal, reset',
    ],
    [
      ['decide', ...VALUE, '--at', '2026-11-01T06:00', '--as', 'reset'],
      "required option '--why <words>' not specified",
    ],
    [['decide', ...VALUE, '--at', 'x', '--as', 'reset', '--why', 'x', '--estimate', '1,5'], 'with a decimal point'],
    [['decide', '--device', 'main', '--at', 'x'], 'must be gateway/device'],
    [['withdraw', ...VALUE, '--at', '2026-11-01T06:00', '--why', 'x'], 'No decision holds'],
    [['events', '--kind', 'party'], 'Allowed choices are reset, rollover'],
    [['events', '--site', 'nowhere'], '"nowhere" is not in the register'],
    [['events', '--limit', '0'], 'must be a whole number from 1'],
  ])('says what is wrong with %j', async (words, expected) => {
    const { meter, register } = await aServer();
    await expect(meter(...words)).rejects.toThrow(expected);
    expect(register.decisionHistory()).toEqual([]);
  });
});
