import { describe, expect, test } from 'vitest';
import { type Ambiguous, StampReader } from '../../../cli/import/stamp-reader.ts';
import { timeFormat } from '../../../cli/import/time-format.ts';

describe('formats', () => {
  test.each([
    ['iso', '2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['iso', '2026-01-31 14:05', '2026-01-31T14:05:00.000Z'],
    ['iso', '2026-01-31T14:05:06.789-05:00', '2026-01-31T19:05:06.789Z'],
    ['iso', '2026-01-31T14:05:06Z', '2026-01-31T14:05:06.000Z'],
    ['epoch-ms', '1769868306789', '2026-01-31T14:05:06.789Z'],
    ['epoch-s', '1769868306.5', '2026-01-31T14:05:06.500Z'],
    ['MM/dd/yyyy HH:mm', '01/31/2026 14:05', '2026-01-31T14:05:00.000Z'],
    ['M/d/yy h:mm a', '1/31/26 12:05 AM', '2026-01-31T00:05:00.000Z'],
    ['M/d/yy h:mm a', '1/31/26 2:05 pm', '2026-01-31T14:05:00.000Z'],
    ['dd-MMM-yyyy HH.mm.ss', '31-Jan-2026 14.05.06', '2026-01-31T14:05:06.000Z'],
  ])('%s reads %s', (format, text, expected) => {
    const read = timeFormat(format)(text);
    expect(new Date(read?.ms ?? Number.NaN).toISOString()).toBe(expected);
  });

  test.each([
    ['iso', '2026-02-30'],
    ['iso', '2026-01-01T24:00'],
    ['iso', '01/31/2026'],
    ['epoch-s', 'yesterday'],
    ['MM/dd/yyyy HH:mm', '13/01/2026 10:00'],
    ['dd-MMM-yyyy HH', '01-Jäh-2026 10'],
    ['h:mm a M/d/yyyy', '13:00 PM 1/1/2026'],
  ])('%s does not read %s', (format, text) => {
    expect(timeFormat(format)(text)).toBeUndefined();
  });

  test.each(['HH:mm', 'yyyy-MM-dd hh:mm', 'yyyy-QQ-dd HH', 'dddd'])('%s is no format', (format) => {
    expect(() => timeFormat(format)).toThrow('--time-format');
  });
});

describe('civil time', () => {
  const reader = (ambiguous: Ambiguous = 'file-order', zone: string | undefined = 'America/New_York') =>
    new StampReader({ format: timeFormat('iso'), formatName: 'iso', zone, ambiguous });
  const utc = (stamps: StampReader, texts: string[], device = 'a') =>
    texts.map((text) => {
      const read = stamps.read(text, device);
      return typeof read === 'number' ? new Date(read).toISOString().slice(11, 16) : read;
    });
  const november = (times: string[]) => times.map((time) => `2026-11-01 ${time}`);

  test('the repeated hour keeps the order of the file, rising or falling, device by device', () => {
    const times = ['00:30', '01:00', '01:30', '01:00', '01:30', '02:00'];
    const expected = ['04:30', '05:00', '05:30', '06:00', '06:30', '07:00'];
    const stamps = reader();
    expect(utc(stamps, november(times))).toEqual(expected);
    expect(utc(stamps, november(times), 'b')).toEqual(expected);
    expect(stamps.ambiguous).toBe(8);
    const falling = ['03:00', '02:00', '01:30', '01:00', '01:30', '01:00', '00:30'];
    expect(utc(reader(), november(falling))).toEqual(['08:00', '07:00', '06:30', '06:00', '05:30', '05:00', '04:30']);
  });

  test('or is always the one that was asked for', () => {
    expect(utc(reader('later'), november(['01:00', '01:30']))).toEqual(['06:00', '06:30']);
    expect(utc(reader('earlier'), november(['01:30', '01:30']))).toEqual(['05:30', '05:30']);
  });

  test('a skipped time is refused', () => {
    const [before, skipped, after] = utc(
      reader(),
      ['01:59', '02:00', '03:00'].map((time) => `2026-03-08 ${time}`),
    );
    expect([before, after]).toEqual(['06:59', '07:00']);
    expect(skipped).toContain('does not exist in America/New_York');
  });

  test('half an hour is enough', () => {
    const times = ['01:15', '01:45', '01:45', '02:15'].map((time) => `2026-04-05 ${time}`);
    expect(utc(reader('file-order', 'Australia/Lord_Howe'), times)).toEqual(['14:15', '14:45', '15:15', '15:45']);
  });

  test('without a zone it is not guessed', () => {
    const stamps = new StampReader({
      format: timeFormat('iso'),
      formatName: 'iso',
      zone: undefined,
      ambiguous: 'file-order',
    });
    expect(() => stamps.read('2026-01-01 00:00', 'a')).toThrow('--zone');
    expect(stamps.read('2026-01-01T00:00Z', 'a')).toBe(Date.UTC(2026, 0, 1));
  });
});
