import { expect, it } from 'vitest';
import { linesOfRollUps, verdictOfRollUps } from '../../cli/demo-report.ts';
import type { RollUpStatusReply } from '../../console/api/replies-roll-ups.ts';
import { demoCity } from '../../simulators/city.ts';
import { NO_FAULTS } from '../../simulators/city-faults.ts';
import { CivilDays } from '../../simulators/civil-days.ts';
import { GroundTruth } from '../../simulators/ground-truth.ts';
import { MeterTruth } from '../../simulators/meter-truth.ts';
import { type CountedRow, verifyRollUps } from '../../simulators/roll-up-verification.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** In the afternoon in Boston; the next day but one has 25 hours. */
const FROM = Date.parse('2026-10-30T20:10:00Z');
const TO = Date.parse('2026-11-02T13:20:00Z');
const ZONE = 'America/New_York';
const GATEWAY = 'mason-pool-gateway';
const METER = { gateway: GATEWAY, device: 'main-meter', metric: 'active_energy_kwh' };
const days = new CivilDays(ZONE);

const registers = [{ kind: 'reset', site: 'mason-pool', from: FROM + 20 * HOUR, restart: 0 }] as const;
const firstDay = Math.floor(FROM / DAY) - 3;
const city = demoCity(7, { firstDay, faults: { ...NO_FAULTS, registers } });
const truth = new MeterTruth(new GroundTruth(city), { from: FROM, to: TO });

/** Rows that say what can be known, but for the change. */
async function look(change: (row: CountedRow) => CountedRow | undefined = (row) => row) {
  const asked: string[] = [];
  const result = await verifyRollUps({
    truth,
    zone: ZONE,
    gateways: new Set([GATEWAY]),
    from: FROM,
    to: TO,
    rollUps: {
      rows: async (width, from) => {
        asked.push(`${width} ${new Date(from).toISOString()}`);
        const end = width === '1h' ? from + HOUR : days.at(from).end;
        const ofCity = truth
          .counters()
          .filter(({ gateway }) => gateway.startsWith('mason') || gateway.startsWith('draper'));
        return ofCity.flatMap((name) => {
          const row = { ...name, start: from, consumption: truth.known(name, from, end) };
          return change(row) ?? [];
        });
      },
    },
  });
  return { result, asked };
}

const CAUGHT_UP: RollUpStatusReply = {
  state: 'caught-up',
  pending_quarters: 0,
  oldest_s: 0,
  fault: '',
  failed_devices: [],
};

it('finds nothing wrong where nothing is, in days and in the hours of the running one', async () => {
  const { result, asked } = await look();
  expect(result.deviations).toEqual([]);
  expect(asked).toEqual([
    '1d 2026-10-30T04:00:00.000Z',
    '1d 2026-10-31T04:00:00.000Z',
    '1d 2026-11-01T04:00:00.000Z',
    ...[5, 6, 7, 8, 9, 10, 11].map((hour) => `1h 2026-11-02T${String(hour).padStart(2, '0')}:00:00.000Z`),
  ]);
  // Electricity, gas and water.
  expect([result.days, result.hours]).toEqual([9, 21]);
  const { isRight, words } = verdictOfRollUps(result, CAUGHT_UP, TO);
  expect(isRight).toBe(true);
  expect(words).toMatch(/^ROLL-UPS RIGHT: 9 days and 21 hours of counters/);
  expect(linesOfRollUps(result)).toEqual([
    expect.stringMatching(
      /^mason-pool-gateway main-meter: 1\.\d\d kWh are known to nobody, since its register began again/,
    ),
  ]);
});

it('names a day that is off by more than a thousandth, one without a row and one that nobody counted', async () => {
  const { result } = await look((row) => {
    if (row.gateway !== GATEWAY) return row;
    if (row.device === 'gas-meter') return undefined;
    if (row.device !== METER.device) return row;
    return { ...row, consumption: (row.consumption ?? 0) * (row.start > FROM ? 1.0011 : 1.0009) };
  });
  const wrong = result.deviations.map(({ device, width }) => `${device} ${width}`);
  expect(wrong.filter((word) => word === 'main-meter 1d')).toHaveLength(2);
  expect(result.deviations.filter(({ device, found }) => device === 'gas-meter' && found !== undefined)).toEqual([]);
  expect(wrong).toContain('gas-meter 1d');
  const { isRight, words } = verdictOfRollUps(result, CAUGHT_UP, TO);
  expect(isRight).toBe(false);
  expect(words).toMatch(/^ROLL-UPS WRONG: \d+ of 9 days and 21 hours/);
  expect(linesOfRollUps(result).join('\n')).toMatch(
    /main-meter active_energy_kwh, day from 2026-10-31T04:00:00.000Z: [\d.]+ kWh instead of [\d.]+ kWh/,
  );
  const stranger = await look((row) => ({ ...row, device: row.device === 'gas-meter' ? 'stranger' : row.device }));
  expect(stranger.result.deviations.some(({ device, expected }) => device === 'stranger' && expected === 0)).toBe(true);
});

it('says how far roll-ups are behind, why they stand, and what could not be counted', async () => {
  const { result } = await look(() => undefined);
  const words = (change: object) => verdictOfRollUps(result, { ...CAUGHT_UP, ...change }, TO);
  expect(words({ state: 'behind', pending_quarters: 1_234, oldest_s: 56.4 })).toEqual({
    isRight: false,
    words: expect.stringMatching(
      /^ROLL-UPS BEHIND: 1,234 quarter hours of devices wait, the oldest for 56 s\. Of 9 days/,
    ),
  });
  const at = (time: number) => ({ caught_up_at: new Date(time).toISOString() });
  expect(words({ state: 'behind', pending_quarters: 3, ...at(TO - 1) }).words).toMatch(/^ROLL-UPS BEHIND: 3 /);
  // What waits came later.
  expect(words({ state: 'behind', pending_quarters: 3, ...at(TO) }).words).not.toMatch(/BEHIND/);
  expect(words({ state: 'behind', fault: 'the disk is full' }).words).toBe('ROLL-UPS STOPPED: the disk is full');
  expect(words({ failed_devices: ['a/b'] }).words).toBe('ROLL-UPS FAILED for a/b; the log says why');
});
