/** Civil days that hold an instant; the day asked for last is kept for each zone, since neighbours ask for the same. */
import { dayFrom, type Period, startOfDay } from '../calendar.ts';

export class CivilDays {
  readonly #last = new Map<string, Period>();

  /** From midnight to midnight, 23 to 25 hours. */
  of(time: number, zone: string): Period {
    const last = this.#last.get(zone);
    if (last !== undefined && time >= last.from && time < last.to) return last;
    const day = { from: startOfDay(time, zone), to: dayFrom(time, 1, zone) };
    this.#last.set(zone, day);
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
