/** Space on the disk that a data folder lies on, and from when on there is too little. Pure. */

export interface DiskSpace {
  /** What this user may still write. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** `low`: somebody should see to it in the next days; `short`: today. */
export type DiskState = 'enough' | 'low' | 'short';

const GB = 1_000_000_000;
/** A share of the disk, and of large ones no more than so much. */
const LOW = { share: 0.1, mostBytes: 20 * GB };
const SHORT = { share: 0.03, mostBytes: 4 * GB };

export function diskState({ freeBytes, sizeBytes }: DiskSpace): DiskState {
  const isBelow = ({ share, mostBytes }: typeof LOW): boolean => freeBytes < Math.min(share * sizeBytes, mostBytes);
  return isBelow(SHORT) ? 'short' : isBelow(LOW) ? 'low' : 'enough';
}

/** `41.2 GB of 120 GB free, 34 %`. */
export function diskWords({ freeBytes, sizeBytes }: DiskSpace): string {
  const share = (100 * freeBytes) / Math.max(1, sizeBytes);
  return `${written(freeBytes)} of ${written(sizeBytes)} free, ${Number(share.toFixed(share < 10 ? 1 : 0))} %`;
}

function written(bytes: number): string {
  return bytes < GB ? `${Math.round(bytes / 1_000_000)} MB` : `${inGb(bytes)} GB`;
}

/** Gigabytes of 10⁹ bytes, as disks are sold. */
export function inGb(bytes: number): number {
  const gb = bytes / GB;
  return Number(gb.toFixed(gb < 100 ? 1 : 0));
}
