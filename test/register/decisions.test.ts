import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { MeterDecision } from '../../register/model.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aDevice, aRegister, aSmallRegister } from './a-register.ts';

type New = Omit<MeterDecision, 'decided'>;

function aDecision(change: Partial<New> = {}): New {
  return {
    gateway: 'library',
    device: 'main-meter',
    metric: 'active_energy_kwh',
    at: 1_790_000_000_000,
    decision: 'reset',
    who: 'Ada',
    why: 'The meter was restarted.',
    ...change,
  };
}

describe('decisions about counters', () => {
  it('hold by their last word, keep every word, and outlast a restart', async () => {
    const folder = join(temporaryFolder(), 'register');
    const register = await aSmallRegister(folder);
    let told = 0;
    register.onChange(() => told++);
    await register.putDecision(aDecision());
    await register.putDecision(aDecision({ at: 5_000, decision: 'glitch-zero' }));
    await register.putDecision(aDecision({ decision: 'swap', last: 7.5, why: 'It was exchanged.', estimate: 3 }));
    const { gateway, device, metric, at } = aDecision({ at: 5_000 });
    await register.withdrawDecision({ gateway, device, metric, at }, { who: 'Grace', why: 'Mistaken.' });
    expect(told).toBe(4);
    const holding = [{ ...aDecision({ decision: 'swap', last: 7.5, why: 'It was exchanged.', estimate: 3 }) }];
    expect(register.decisions()).toMatchObject(holding);
    expect(register.decisions()[0]).not.toHaveProperty('number');
    const record = register.decisionHistory();
    expect(record.map(({ number, decision, who, why }) => [number, decision, who, why])).toEqual([
      [1, 'reset', 'Ada', 'The meter was restarted.'],
      [2, 'glitch-zero', 'Ada', 'The meter was restarted.'],
      [3, 'swap', 'Ada', 'It was exchanged.'],
      [4, 'withdrawn', 'Grace', 'Mistaken.'],
    ]);
    const before = [register.decisions(), record, register.version];
    await register.stop();
    const again = await aRegister(folder);
    expect([again.decisions(), again.decisionHistory(), again.version]).toEqual(before);
    await again.putDecision(aDecision({ at: 5_000 }));
    expect(again.decisionHistory().at(-1)?.number).toBe(5);
    expect(again.decisions()).toHaveLength(2);
  });

  it('are read back in the order in which they were made, also past ten', async () => {
    const folder = join(temporaryFolder(), 'register');
    const register = await aSmallRegister(folder);
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => register.putDecision(aDecision({ why: `because of ${n}` }))),
    );
    await register.stop();
    const again = await aRegister(folder);
    expect(again.decisionHistory().map(({ number }) => number)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    expect(again.decisions()).toMatchObject([{ why: 'because of 11' }]);
  });

  it.each([
    ['of an unknown device', { device: 'ghost' }, /device: there is no device 'library\/ghost'/],
    ['of a gauge', { metric: 'active_power_kw' }, /metric: 'active_power_kw' is not a counter/],
    ['of no metric', { metric: 'energy' }, /metric: 'energy' is not in the catalogue/],
    ['of a swap that says nothing', { decision: 'swap' }, /a swap needs the last reading/],
    ['with readings of a swap that is none', { last: 1, first: 2 }, /last: goes with a swap only.* first: goes/],
    ['with less than nothing', { estimate: -1 }, /estimate: /],
    [
      'with an estimate of a value that is ignored',
      { decision: 'glitch-zero', estimate: 4 },
      /does not go with 'glitch/,
    ],
    ['before 1970', { at: -1 }, /at: must lie between 1970 and 2200/],
    ['without a reason', { why: '' }, /why: /],
    ['by nobody', { who: '' }, /who: /],
  ] as [string, Partial<New>, RegExp][])('%s are refused', async (_, change, words) => {
    const register = await aSmallRegister();
    const { version } = register;
    const refused = { code: 'bad-request', message: words };
    await expect(register.putDecision(aDecision(change))).rejects.toMatchObject(refused);
    expect([register.version, register.decisionHistory()]).toEqual([version, []]);
  });

  it('are withdrawn once', async () => {
    const register = await aSmallRegister();
    const by = { who: 'Ada', why: 'Mistaken.' };
    await expect(register.withdrawDecision(aDecision(), by)).rejects.toMatchObject({ code: 'not-found' });
    await register.putDecision(aDecision());
    await register.withdrawDecision(aDecision(), by);
    expect(register.decisions()).toEqual([]);
    await expect(register.withdrawDecision(aDecision(), by)).rejects.toMatchObject({ code: 'not-found' });
    expect(register.decisionHistory()).toHaveLength(2);
  });
});

describe('meters of devices', () => {
  it.each([
    ['swaps of what is no counter', { swaps: [{ metric: 'voltage_v', at: 1 }] }, /meter\.swaps\[0\]\.metric: is not a/],
    [
      'swaps out of order',
      {
        swaps: [
          { metric: 'active_energy_kwh', at: 2 },
          { metric: 'gas_volume_m3', at: 1 },
        ],
      },
      /meter\.swaps\[1\]\.at: must not be earlier/,
    ],
    ['no limit', { register_limit: 0 }, /meter\.register_limit/],
  ])('may not have %s', async (_, meter, words) => {
    const register = await aSmallRegister();
    await expect(register.putDevice(aDevice({ meter }))).rejects.toMatchObject({ code: 'bad-request', message: words });
  });
});
