/** Why nobody can say whether something is still so: an alert does not end because its witnesses fell silent. */
import { lampState } from '../../energy/lamp-state.ts';
import type { AlertInputs } from '../alert-inputs.ts';
import type { AlertPlace } from '../alert-rule.ts';

/** A gateway that is not connected says nothing of its outbox, clock and devices. */
export function gatewayAway({ gateways }: AlertInputs, { gateway }: AlertPlace): string | undefined {
  const found = gateways.find((one) => one.gateway === gateway);
  if (found === undefined || found.state === 'online' || found.state === 'retired') return undefined;
  return `${found.name} is not connected`;
}

/** One of the lamps that showed it says nothing by now. A lamp that is no longer listed is nobody's witness. */
export function lampsAway({ now, circuits }: AlertInputs, { site, devices }: AlertPlace): string | undefined {
  const circuit = circuits.find((one) => one.site === site);
  const silent = (circuit?.lamps ?? []).filter(
    (lamp) => devices.includes(`${lamp.gateway}/${lamp.device}`) && lampState(lamp.now, now, undefined) === 'silent',
  );
  const [first] = silent;
  if (first === undefined) return undefined;
  return silent.length === 1 ? `${first.name} says nothing` : `${silent.length} of its lamps say nothing`;
}

/** Nothing was measured of the last hours of a quarter-hour series. */
export function notMeasuredLately(
  series: { readonly firstSlot: number; readonly values: Float64Array } | undefined,
  fromSlot: number,
): boolean {
  if (series === undefined) return true;
  return series.values.subarray(Math.max(0, fromSlot - series.firstSlot)).every(Number.isNaN);
}
