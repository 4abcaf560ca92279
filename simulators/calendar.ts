/** Days on which municipal buildings are closed, and when school is out. Rules, not an official calendar. */
import type { CivilDay } from './civil-days.ts';

/** Federal holidays that Boston's municipal buildings keep (5 U.S.C. § 6103), without moved days, and Patriots' Day. */
export function isHoliday({ month, dayOfMonth, weekday }: CivilDay): boolean {
  const nth = Math.ceil(dayOfMonth / 7);
  switch (month) {
    case 1:
      return dayOfMonth === 1 || (weekday === 1 && nth === 3);
    case 2:
      return weekday === 1 && nth === 3;
    case 4:
      return weekday === 1 && nth === 3;
    case 5:
      return weekday === 1 && dayOfMonth > 24;
    case 6:
      return dayOfMonth === 19;
    case 7:
      return dayOfMonth === 4;
    case 9:
      return weekday === 1 && nth === 1;
    case 10:
      return weekday === 1 && nth === 2;
    case 11:
      return dayOfMonth === 11 || (weekday === 4 && nth === 4);
    case 12:
      return dayOfMonth === 25;
    default:
      return false;
  }
}

/** Summer, the year's end, and the weeks of the February and April holidays. */
export function isSchoolOut(day: CivilDay): boolean {
  const { month, dayOfMonth, weekday } = day;
  if (month === 7 || month === 8) return true;
  if (month === 6) return dayOfMonth > 22;
  if (month === 9) return dayOfMonth < 5;
  if (month === 12) return dayOfMonth > 23;
  if (month === 1) return dayOfMonth < 2;
  if (month !== 2 && month !== 4) return false;
  const monday = dayOfMonth - ((weekday + 6) % 7);
  return monday >= 15 && monday <= 21;
}
