/** Civil days that hold an instant; the days asked for lately are kept for each zone, since all series ask for the same. */
import { dayFrom, type Period, startOfDay } from '../calendar.ts';

const MOST_KEPT = 64;

export class CivilDays {
  /** Newest first. */
  readonly #kept = new Map<string, Period[]>();

  /** From midnight to midnight, 23 to 25 hours. */
  of(time: number, zone: string): Period {
    const kept = this.#kept.get(zone) ?? [];
    for (const day of kept) if (time >= day.from && time < day.to) return day;
    const day = { from: startOfDay(time, zone), to: dayFrom(time, 1, zone) };
    this.#kept.set(zone, [day, ...kept.slice(0, MOST_KEPT - 1)]);
    return day;
  }

  /** Those that [from, to) touches, in order. */
  in({ from, to }: Period, zone: string): Period[] {
    const days: Period[] = [];
    for (let day = this.of(from, zone); ; day = this.of(day.to, zone)) {
      days.push(day);
      if (day.to >= to) return days;
    }
  }
}
