/** How often each device of a site reports, so that old is told from slow. */
import { useMemo } from 'preact/hooks';
import type { SiteDetailReply } from '../city/replies.ts';
import { useAsked } from '../use-asked.ts';

interface DevicesReply {
  readonly devices: readonly { readonly gateway: string; readonly id: string; readonly interval_s?: number }[];
}

/** For a device whose interval the register does not know. */
const USUAL_S = 300;
/** One late reading is jitter, three are silence. */
const LATE_INTERVALS = 3;

/** Says whether an age, seconds, is more than three intervals of `gateway/device`. */
export function useIsOld(site: SiteDetailReply): (device: string, ageS: number | null | undefined) => boolean {
  const gateway = site.gateways[0]?.id;
  const path = gateway === undefined ? undefined : `/api/devices?gateway=${encodeURIComponent(gateway)}`;
  const { reply } = useAsked<DevicesReply>(path, { everyMs: 300_000 });
  return useMemo(() => {
    const intervals = new Map(reply?.devices.map((one) => [`${one.gateway}/${one.id}`, one.interval_s]));
    return (device, ageS) => typeof ageS === 'number' && ageS > LATE_INTERVALS * (intervals.get(device) ?? USUAL_S);
  }, [reply]);
}
