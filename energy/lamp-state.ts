/** What a lamp does, seen from what it says and where the sun stands. */

export const LAMP_STATES = ['off', 'lit', 'failed', 'day-burner', 'dark', 'silent'] as const;
export type LampState = (typeof LAMP_STATES)[number];

/** What is known of a lamp now; undefined where it does not say. */
export interface LampNow {
  readonly command: number | undefined;
  readonly dim: number | undefined;
  readonly powerW: number | undefined;
  readonly failure: number | undefined;
  /** Epoch milliseconds of the last word. */
  readonly time: number | undefined;
  readonly intervalMs: number | undefined;
}

/** Drivers and controllers take a watt or two when the lamp is off. */
export const STANDBY_W = 3;
/** Up to here a lamp may burn: circuits switch at or a little after sunrise, and one reading may be late. */
export const DAY_FROM_DEG = 4;
/** From here on lamps are on wherever they are switched by the sun (civil twilight ends at −6°). */
export const NIGHT_FROM_DEG = -4;
/** A lamp is silent after three missed readings, and not before a quarter of an hour. */
const SILENT_INTERVALS = 3;
const SILENT_MS = 900_000;

export function isBurning({ dim, powerW }: { dim: number | undefined; powerW: number | undefined }): boolean {
  return powerW === undefined ? (dim ?? 0) > 0 : powerW > STANDBY_W;
}

export function isLampSilent({ time, intervalMs = 0 }: LampNow, now: number): boolean {
  return time === undefined || now - time > Math.max(SILENT_MS, SILENT_INTERVALS * intervalMs);
}

/** `elevation`: degrees of the sun above the horizon; undefined where the place is not known. */
export function lampState(lamp: LampNow, now: number, elevation: number | undefined): LampState {
  if (isLampSilent(lamp, now)) return 'silent';
  const burns = isBurning(lamp);
  if (burns) return elevation !== undefined && elevation > DAY_FROM_DEG ? 'day-burner' : 'lit';
  if ((lamp.failure ?? 0) >= 1) return 'failed';
  return (lamp.command ?? 0) > 0 ? 'dark' : 'off';
}
