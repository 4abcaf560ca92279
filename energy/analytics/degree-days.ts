/**
 * Degree-days: by how much, and for how long, it was colder (heating) or warmer (cooling) outside than a base. Of each
 * day max(base − mean, 0) and max(mean − base, 0) (CalTRACK 2, 3.3). The customary base in the US is 65 °F for both.
 */
import type { DailyTemperature } from './daily-temperature.ts';
import { type Completeness, type Figure, given, refused } from './figure.ts';

/** 65 °F = 18.33 °C. */
export const CUSTOMARY_BASE_C = (65 - 32) / 1.8;

/** Of the days of a period, share whose temperature must be known: more than CalTRACK's 328 of 365. */
const LEAST_DAYS = 0.9;

export interface DegreeDays {
  /** Kelvin days: what is asked for, of the days that are known. One K·d is 1.8 °F·d. */
  readonly heating: number;
  readonly cooling: number;
  readonly days: number;
  readonly daysAsked: number;
}

export interface DegreeDayBases {
  /** °C; 65 °F when absent. */
  readonly heatingBaseC?: number | undefined;
  readonly coolingBaseC?: number | undefined;
}

export function heatingOf(meanC: number, baseC: number = CUSTOMARY_BASE_C): number {
  return Math.max(baseC - meanC, 0);
}

export function coolingOf(meanC: number, baseC: number = CUSTOMARY_BASE_C): number {
  return Math.max(meanC - baseC, 0);
}

/** Sums over the days; missing days are left out, not estimated, and nine in ten must be known. */
export function degreeDays(days: readonly DailyTemperature[], bases: DegreeDayBases = {}): Figure<DegreeDays> {
  let [heating, cooling, count, measured, hours] = [0, 0, 0, 0, 0];
  for (const day of days) {
    measured += day.measuredHours;
    hours += day.hours;
    if (day.celsius === null) continue;
    heating += heatingOf(day.celsius, bases.heatingBaseC);
    cooling += coolingOf(day.celsius, bases.coolingBaseC);
    count++;
  }
  const completeness: Completeness = {
    known: days.length === 0 ? 0 : count / days.length,
    measured: hours === 0 ? 0 : measured / hours,
    interpolated: 0,
    estimated: 0,
  };
  if (count === 0) return refused('nothing-known', completeness);
  if (count < LEAST_DAYS * days.length) return refused('too-few-days', completeness);
  return given({ heating, cooling, days: count, daysAsked: days.length }, completeness);
}
