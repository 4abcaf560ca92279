/** The value that a decision is about: it must be stored, or the decision would mean nothing and nobody would notice. */

import { localIso } from '../../energy/calendar.ts';
import { effectiveTime, meterRules } from '../../energy/counting/meter-rules.ts';
import { counterFault } from '../../register/counter-metric.ts';
import { parseInstantAt } from '../../register/device-instant.ts';
import { instantFaults } from '../../register/instant-faults.ts';
import type { Device } from '../../register/model.ts';
import type { ConsoleDeps } from './console-deps.ts';
import { RequestError } from './request-error.ts';
import { siteOf } from './site-finder.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MOST_NAMED = 3;

export interface DecisionTarget {
  readonly gateway: string;
  readonly device: string;
  readonly metric: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

interface Asked extends Omit<DecisionTarget, 'at'> {
  /** Epoch milliseconds, or a time as people write it: without an offset it is the time at the site. */
  readonly at: number | string;
}

/** Throws RequestError for an unknown device, for what is no counter, and for what is no time. */
export function targetOf({ register }: ConsoleDeps, { gateway, device, metric, at }: Asked): DecisionTarget {
  const known = register.device(gateway, device);
  if (known === undefined) {
    const words = `"${gateway}/${device}" is not in the register; GET /api/devices?gateway=${gateway} lists them`;
    throw new RequestError('device', words, 'not-found');
  }
  const wrong = counterFault(metric);
  if (wrong !== undefined) throw new RequestError('metric', `"${metric}" ${wrong}`);
  const zoneOf = (site: string) => register.site(site)?.zone ?? 'UTC';
  const instant = typeof at === 'number' ? at : parseInstantAt(at, known.placements, zoneOf);
  const outside = instant === undefined ? [] : instantFaults('', instant);
  if (outside.length > 0) throw new RequestError('at', outside.join(' '));
  if (instant !== undefined) return { gateway, device, metric, at: instant };
  const example = '2026-05-04T12:00 (the time at the site), 2026-05-04T12:00:10-04:00, or epoch milliseconds';
  throw new RequestError('at', `"${at.toString().slice(0, 60)}" is no time; write ${example}`);
}

/** Throws RequestError, naming values and events nearby, when no value of the counter was read at that instant. */
export async function mustBeStored(deps: ConsoleDeps, target: DecisionTarget): Promise<void> {
  const { gateway, device, metric, at } = target;
  const known = deps.register.device(gateway, device);
  const shift = known === undefined ? 0 : shiftOf(known, metric);
  const query = { devices: [{ gateway, device }], metrics: [metric] };
  const [found] = await deps.store.values({ ...query, from: at - shift, to: at - shift + 1 });
  if (found !== undefined && found.times.length > 0) return;

  const near = { ...query, from: at - shift - HOUR_MS, to: at - shift + HOUR_MS };
  const values = (await deps.store.values(near)).flatMap(({ times }) => Array.from(times, (time) => time + shift));
  const events = await deps.store.meterEvents({ ...query, from: at - DAY_MS, to: at + DAY_MS });
  const zone = deps.register.site(siteOf(deps.register, gateway, device, at) ?? '')?.zone ?? 'UTC';
  const told = [
    ...nearest(
      events.map((event) => [event.at, event.kind] as const),
      at,
      zone,
    ),
    ...nearest(
      values.map((time) => [time, 'a value'] as const),
      at,
      zone,
    ),
  ];
  throw new RequestError(
    'at',
    `no value of ${metric} of ${gateway}/${device} was read at ${localIso(at, zone)}, or it is no longer kept; name the later value of the two. ` +
      (told.length === 0 ? 'There is none within an hour either.' : `Nearby: ${told.join('; ')}.`),
  );
}

/** What lies between a stamp and the instant that the counter was read. */
function shiftOf({ interval_s: interval, interval_stamp: intervalStamp }: Device, metric: string): number {
  const intervalMs = interval === undefined ? undefined : interval * 1_000;
  return effectiveTime(0, meterRules({ metric, intervalMs, intervalStamp }));
}

function nearest(all: readonly (readonly [time: number, words: string])[], at: number, zone: string): string[] {
  return all
    .toSorted(([one], [other]) => Math.abs(one - at) - Math.abs(other - at))
    .slice(0, MOST_NAMED)
    .map(([time, words]) => `${words} at ${localIso(time, zone)}`);
}
