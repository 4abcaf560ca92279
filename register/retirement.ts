/**
 * Until when readings of a device are due: the one place that answers it. A device is out of use when it is retired or
 * its gateway is. Up to that instant everything is expected of it, so that no figure of the past changes on the day on
 * which somebody retires it; from then on nothing is, and what it says all the same is stored and counted.
 *
 * The register dates each retirement when it is written. Entries that were retired before it kept dates have none: of
 * them the last word is the best that is known.
 */
import { LamplighterError } from '../contract/error-codes.ts';
import type { Change, Known } from './change.ts';
import type { Device, Gateway } from './model.ts';

type Retirable = { readonly retired?: boolean | undefined; readonly retired_at?: number | undefined };
type Gateways = { gateway(id: string): Gateway | undefined };

/**
 * Epoch milliseconds from which on nothing is expected: infinite while it is in use. `lastWord`: from when on nothing is
 * expected of a device whose retirement has no date, such as the instant after its newest reading.
 */
export function expectedUntil(
  register: Gateways,
  device: Pick<Device, 'gateway' | 'retired' | 'retired_at'>,
  lastWord: number = Number.NEGATIVE_INFINITY,
): number {
  const untilOf = ({ retired, retired_at }: Retirable): number =>
    retired === true ? (retired_at ?? lastWord) : Number.POSITIVE_INFINITY;
  return Math.min(untilOf(device), untilOf(register.gateway(device.gateway) ?? {}));
}

/** Whether it is in use at an instant (epoch milliseconds). */
export function isExpectedAt(
  register: Gateways,
  device: Pick<Device, 'gateway' | 'retired' | 'retired_at'>,
  time: number,
): boolean {
  return time < expectedUntil(register, device);
}

/**
 * The change with the date of a retirement: the one that it names, or that the entry had, or now. An entry that begins
 * its life retired is not dated, since nobody said when it was.
 * @throws LamplighterError `bad-request` for a date in the future.
 */
export function datedRetirement(change: Change, before: Known, now: number): Change {
  if (change.kind !== 'device' && change.kind !== 'gateway') return change;
  const { value } = change;
  if (value.retired !== true) return change;
  if (value.retired_at !== undefined) {
    if (value.retired_at <= now) return change;
    const name = change.kind === 'device' ? `${change.value.gateway}/${value.id}` : value.id;
    throw new LamplighterError(
      'bad-request',
      `The ${change.kind} '${name}' was not saved. retired_at: lies in the future (${new Date(value.retired_at).toISOString()}). Retire it on the day itself, or leave the date out for now.`,
    );
  }
  const known: Retirable | undefined =
    change.kind === 'device' ? before.device(change.value.gateway, value.id) : before.gateway(value.id);
  const at = known === undefined || known.retired === true ? known?.retired_at : Math.floor(now);
  return at === undefined ? change : ({ ...change, value: { ...value, retired_at: at } } as Change);
}

/** What is wrong with the date of a retirement beside its shape. */
export function retirementFaults({ retired, retired_at }: Retirable): string[] {
  if (retired_at === undefined || retired === true) return [];
  return ['says since when it is out of use, but retired does not say that it is. Set retired, or take the date out.'];
}
