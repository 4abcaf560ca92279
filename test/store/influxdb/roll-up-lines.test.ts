import { describe, expect, it } from 'vitest';
import { LAST_TIME_MS } from '../../../store/influxdb/line-protocol.ts';
import { RollUpLines } from '../../../store/influxdb/roll-up-lines.ts';
import { NOON } from '../../builders.ts';
import { aGaugeRollUp, aMeterEvent, anEmptyRollUp, aRollUp } from '../../suites/roll-up-store.ts';

const rowLine = (...args: Parameters<RollUpLines['ofRow']>) => new RollUpLines().ofRow(...args).text;

describe('a roll-up as line protocol', () => {
  it('has every field, of a counter', () => {
    expect(rowLine(aRollUp(), '15m')).toBe(
      'energy,device=main-meter,gateway=library,metric=active_energy_kwh,site=main-library ' +
        'count=15,expected=15,coverage=100,min=918273.5,mean=918274.1,max=918275.2,last=918275.2,known=1,' +
        `consumption=1.7,interpolated=0,estimated=0,peak=6.8,peak_at=${NOON},` +
        `height=918275200,height_time=${NOON + 840_000},height_until=0 ${NOON}`,
    );
  });

  it('has every field, of a gauge and of a row that is taken away', () => {
    const zeros =
      'known=0,consumption=0,interpolated=0,estimated=0,peak=0,peak_at=0,height=0,height_time=0,height_until=0';
    const tags = 'device=main-meter,gateway=library,metric=active_power_kw,site=main-library';
    expect(rowLine(aGaugeRollUp(), '1h')).toBe(
      `energy_1h,${tags} count=15,expected=15,coverage=100,min=38.5,mean=41.2,max=44,last=40.1,${zeros} ${NOON}`,
    );
    expect(rowLine(anEmptyRollUp({ metric: 'active_power_kw' }), '1d')).toBe(
      `energy_1d,${tags} count=0,expected=15,coverage=0,min=0,mean=0,max=0,last=0,${zeros} ${NOON}`,
    );
  });

  it('has its own tags whatever row came before', () => {
    const lines = new RollUpLines();
    const rows = [
      aRollUp(),
      aRollUp({ site: 'other' }),
      aRollUp({ gateway: 'other' }),
      aRollUp({ device: 'other' }),
      aRollUp({ metric: 'active_power_kw' }),
      aRollUp({ metric: 'temperature_c' }),
      aRollUp(),
    ];
    for (const width of ['15m', '1h', '1d'] as const) {
      for (const row of rows) expect(lines.ofRow(row, width)).toEqual(new RollUpLines().ofRow(row, width));
    }
  });

  it.each([
    ['a metric outside the catalogue', { metric: 'no_such_metric' }, /no_such_metric.*not in the catalogue/],
    ['a number that is none', { mean: Number.NaN }, /mean of the 15m row of library\/main-meter .* is NaN/],
    ['infinity', { consumption: Infinity }, /consumption .* is Infinity/],
    ['half a millisecond', { start: NOON + 0.5 }, /no whole millisecond/],
    ['a time that the server cannot keep', { start: LAST_TIME_MS + 1 }, /years 1677 to 2262/],
    ['a name with a line break', { site: 'a\nb' }, /control character/],
    ['an empty name', { site: '' }, /empty name/],
  ])('refuses %s', (_, change, words) => {
    expect(() => rowLine(aRollUp(change), '15m')).toThrow(
      expect.objectContaining({ name: 'StoreFailure', kind: 'misconfigured', message: expect.stringMatching(words) }),
    );
  });
});

describe('a meter event as line protocol', () => {
  it('has every field, and none of its words when it is erased', () => {
    const tags = 'meter_events,device=main-meter,gateway=library,metric=active_energy_kwh';
    const event = aMeterEvent({ kind: 'glitch-zero', booked: 3, decidedBy: 'person' });
    expect(new RollUpLines().ofEvent(event).text).toBe(
      `${tags} kind="glitch-zero",from=${NOON - 60_000},before=918273.5,after=0.2,booked=3,decided_by="person" ${NOON}`,
    );
    expect(new RollUpLines().ofErased(event).text).toBe(
      `${tags} kind="",from=0,before=0,after=0,booked=0,decided_by="" ${NOON}`,
    );
  });

  it('refuses a number that is none', () => {
    expect(() => new RollUpLines().ofEvent(aMeterEvent({ before: Number.NaN }))).toThrow(/before of the meter event/);
  });
});
