/** Local days of a zone, of 23, 24 or 25 hours, each found once. */

export interface CivilDay {
  /** Days since 1970-01-01 in the local calendar. */
  readonly index: number;
  /** Epoch milliseconds of local midnight, and of the next one. */
  readonly start: number;
  readonly end: number;
  readonly year: number;
  /** 1–12. */
  readonly month: number;
  readonly dayOfMonth: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

const DAY_MS = 86_400_000;
/** Counters of a city that says nothing else count from this local day on. */
export const FIRST_DAY = Date.UTC(2025, 0, 1) / DAY_MS;

export class CivilDays {
  readonly #format: Intl.DateTimeFormat;
  readonly #days = new Map<number, CivilDay>();
  #last: CivilDay | undefined;

  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  }

  /** The day that holds an instant. */
  at(time: number): CivilDay {
    const last = this.#last;
    if (last !== undefined && last.start <= time && time < last.end) return last;
    // No zone is further than 14 hours from UTC, so the day is this one or a neighbour.
    const guess = Math.floor(time / DAY_MS);
    for (const index of [guess, guess - 1, guess + 1]) {
      const day = this.day(index);
      if (day.start <= time && time < day.end) {
        this.#last = day;
        return day;
      }
    }
    throw new RangeError(`no day holds ${time}`);
  }

  day(index: number): CivilDay {
    let day = this.#days.get(index);
    if (day === undefined) {
      const date = new Date(index * DAY_MS);
      day = {
        index,
        start: this.#midnight(index),
        end: this.#midnight(index + 1),
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        dayOfMonth: date.getUTCDate(),
        weekday: date.getUTCDay(),
      };
      this.#days.set(index, day);
    }
    return day;
  }

  /** Hours since local midnight; on days of a clock change, hours that have passed. */
  hour(time: number): number {
    return (time - this.at(time).start) / 3_600_000;
  }

  /** Two looks suffice: the offset at a first guess, then the offset there. */
  #midnight(index: number): number {
    const local = index * DAY_MS;
    let instant = local;
    for (let look = 0; look < 2; look++) instant = local - this.#offsetMs(instant);
    return instant;
  }

  #offsetMs(instant: number): number {
    const part: Record<string, number> = {};
    for (const { type, value } of this.#format.formatToParts(instant)) part[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = part;
    return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(instant / 60_000) * 60_000;
  }
}
