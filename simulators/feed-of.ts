/** Feeds of the `simulated` source in a gateway's configuration: `profile` is a site of the simulated city, or a use. */
import type { Feed } from '../edge/sources/simulated.ts';
import type { SimulatedDevice as FeedRequest } from '../edge/sources/simulated-kind.ts';
import { demoCity, type Intervals } from './city.ts';
import { COUNTED_PREFIX, countedFeed } from './counted-profile.ts';
import { devicesOf } from './simulated-devices.ts';
import { SimulatedFeed } from './simulated-feed.ts';

/** Names that `profile` may have: the ids of the sites, the uses of the buildings, and `streetlights`. */
export function profiles(): string[] {
  const { sites } = demoCity(0);
  const uses = sites.map((site) => (site.kind === 'building' ? site.use : site.kind));
  return [...new Set([...uses, ...sites.map((site) => site.id)])];
}

/** @throws Error naming the profiles there are, when there is none of that name. */
export function feedOf(
  request: FeedRequest,
  options: { historyMs?: number; intervals?: Partial<Intervals> } = {},
): Feed {
  const { profile, seed, zone } = request;
  if (profile.startsWith(COUNTED_PREFIX)) return countedFeed(profile, seed);
  const city = demoCity(seed, { intervals: options.intervals ?? {} });
  const site =
    city.sites.find(({ id }) => id === profile) ??
    city.sites.find((one) => (one.kind === 'building' ? one.use : one.kind) === profile);
  if (site === undefined) {
    throw new Error(
      `source ${request.name}: profile: there is no simulated '${profile}'. Choose one of ${profiles().join(', ')}.`,
    );
  }
  const devices = devicesOf({ ...city, zone: zone ?? city.zone, sites: [site] });
  return new SimulatedFeed({ devices, historyMs: options.historyMs });
}
