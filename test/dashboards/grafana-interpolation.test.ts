/** The port of Grafana's interpolation, by examples of its documentation and source. */
import { describe, expect, it } from 'vitest';
import { interpolate, panelRange, relativeTime, stepOf, type VariableValue } from './grafana-interpolation.ts';

const NOW = Date.parse('2026-11-02T17:00:00Z');
const ZONE = 'America/New_York';

const aVariable = (change: Partial<VariableValue> = {}): VariableValue => ({
  name: 'site',
  isMulti: true,
  value: ['a'],
  allValue: undefined,
  options: ['a', 'b.c'],
  ...change,
});

const of = (query: string, variables: readonly VariableValue[] = []) =>
  interpolate(query, { range: { from: 0, to: 3_600_000 }, maxDataPoints: 1_000, minInterval: '15m', variables });

describe('interpolation', () => {
  it('writes time and interval', () => {
    expect(of('WHERE $timeFilter GROUP BY time($__interval)')).toBe(
      'WHERE time >= 0ms and time <= 3600000ms GROUP BY time(15m)',
    );
    expect(of('3600000 / $__interval_ms')).toBe('3600000 / 900000');
  });

  it.each([
    ['one of several', aVariable(), '/^a$/'],
    ['several', aVariable({ value: ['a', 'b.c'] }), '/^(a|b\\.c)$/'],
    ['all', aVariable({ value: '$__all', allValue: '.*' }), '/^.*$/'],
    ['all that are listed', aVariable({ value: '$__all' }), '/^(a|b\\.c)$/'],
    ['a single one', aVariable({ isMulti: false, value: ['x/y'] }), '/^x\\/y$/'],
  ])('writes a variable of %s', (_, variable, written) => {
    expect(of('"site" =~ /^$site$/', [variable])).toBe(`"site" =~ ${written}`);
    expect(of(`"site" =~ /^$${'{site}'}$/`, [variable])).toBe(`"site" =~ ${written}`);
  });

  it('does not take one name for the beginning of another', () => {
    expect(of('/^$site_kind$/', [aVariable(), aVariable({ name: 'site_kind', value: ['k'] })])).toBe('/^k$/');
    expect(of('/^$site_other$/', [aVariable()])).toBe('/^$site_other$/');
  });

  it('takes steps as wide as the panel needs, and not finer than its points', () => {
    const step = (hours: number, minInterval?: string) =>
      stepOf({ range: { from: 0, to: hours * 3_600_000 }, maxDataPoints: 1_000, minInterval, variables: [] });
    expect(step(1, '15s')).toBe(15_000);
    expect(step(24)).toBe(60_000);
    expect(step(24, '15m')).toBe(900_000);
    expect(step(30 * 24, '15m')).toBe(1_800_000);
  });

  it('knows relative times by the clock on the wall', () => {
    const at = (text: string) => new Date(relativeTime(text, NOW, ZONE)).toISOString();
    expect(at('now')).toBe('2026-11-02T17:00:00.000Z');
    expect(at('now/d')).toBe('2026-11-02T05:00:00.000Z');
    expect(at('now-1d/d')).toBe('2026-11-01T04:00:00.000Z');
    expect(at('now/M')).toBe('2026-11-01T04:00:00.000Z');
    expect(at('now-1y')).toBe('2025-11-02T17:00:00.000Z');
    expect(() => at('now/fy')).toThrow(/fy/);
  });

  it('gives a panel its own time, and the time before', () => {
    const board = { from: 'now-7d', to: 'now' };
    const iso = (range: { from: number; to: number }) =>
      [range.from, range.to].map((time) => new Date(time).toISOString());
    expect(iso(panelRange(board, {}, NOW, ZONE))[1]).toBe('2026-11-02T17:00:00.000Z');
    expect(iso(panelRange(board, { timeFrom: 'now/d', timeShift: '7d' }, NOW, ZONE))).toEqual([
      '2026-10-26T04:00:00.000Z',
      '2026-10-26T16:00:00.000Z',
    ]);
    expect(iso(panelRange(board, { timeFrom: '24h' }, NOW, ZONE))[0]).toBe('2026-11-01T17:00:00.000Z');
  });
});
