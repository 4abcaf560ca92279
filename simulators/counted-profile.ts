/**
 * `profile: counted:count=10000,t0=1790000000000,step_ms=100,devices=5,per_second=500` in a gateway's configuration:
 * a source that produces exactly so many readings, each known beforehand. For fault tests and benches.
 */
import { z } from 'zod';
import { CountedFeed } from './counted-feed.ts';

export const COUNTED_PREFIX = 'counted:';

const number = z.coerce.number();
const schema = z.strictObject({
  count: number.int().min(1),
  t0: number.int(),
  step_ms: number.int().min(1).default(1_000),
  devices: number.int().min(1).default(1),
  per_second: number.positive().optional(),
});

/** @throws Error naming the part of the profile that is wrong. */
export function countedFeed(profile: string, seed: number): CountedFeed {
  const pairs = profile.slice(COUNTED_PREFIX.length).split(',');
  const parsed = schema.safeParse(Object.fromEntries(pairs.map((pair) => pair.split('=', 2))));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(
      `profile: ${profile}: ${issue?.path.join('.')} ${issue?.message}. Write it as ${COUNTED_PREFIX}count=10000,t0=0,step_ms=100`,
    );
  }
  const { count, t0, step_ms: stepMs, devices, per_second: perSecond } = parsed.data;
  return new CountedFeed({ seed, count, t0, stepMs, devices, ...(perSecond === undefined ? {} : { perSecond }) });
}
