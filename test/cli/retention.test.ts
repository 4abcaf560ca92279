import { describe, expect, test } from 'vitest';
import { readSettings } from '../../cli/read-settings.ts';
import { admissionRetentionMs, keptFor } from '../../cli/retention.ts';

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-01T12:00:00Z');

function retention(flags: Record<string, string>) {
  const result = readSettings({ flags, env: {} });
  if (!result.ok) throw new Error(result.faults.map(({ source, words }) => `${source}: ${words}`).join('\n'));
  return { admission: admissionRetentionMs(result.settings), kept: keptFor(result.settings) };
}

describe('retention', () => {
  test('is 400 days for readings, which are refused a day before, and six years for quarter hours', () => {
    const { admission, kept } = retention({});
    expect(admission).toBe(399 * DAY_MS);
    expect(kept).toEqual({ rawMs: 400 * DAY_MS, quarterMs: 2_192 * DAY_MS });
    expect(new Date(NOW - (kept.quarterMs as number)).toISOString()).toBe('2020-10-31T12:00:00.000Z');
  });

  test('off keeps for ever, and the oldest instant taken is still a date', () => {
    const { admission, kept } = retention({ retention_days: 'off', retention_15m_days: 'off' });
    expect(kept).toEqual({});
    expect(Number.isNaN(new Date(NOW - admission).getTime())).toBe(false);
  });

  test('of quarter hours is at least that of readings', () => {
    expect(() => retention({ retention_days: 'off' })).toThrow(/--retention-15m-days: must not be shorter/);
    expect(() => retention({ retention_15m_days: '30' })).toThrow(/--retention-15m-days: must not be shorter/);
    expect(retention({ retention_15m_days: 'off' }).kept).toEqual({ rawMs: 400 * DAY_MS });
  });

  test.each(['1', '-5', '2.5', 'long', '9999999'])('of %s days is refused', (days) => {
    expect(() => retention({ retention_days: days })).toThrow(
      '--retention-days: must be a whole number of days from 2 to 365250, or off',
    );
  });
});
