/**
 * Where a simulated feed stands: everything before `live` has been told, but for the holes. As text it is the source's
 * cursor: `1790000000000`, or `1790000000000;1788700000000-1789900000000` with its holes, oldest first.
 */

export interface Hole {
  /** Epoch milliseconds, inclusive; and exclusive. */
  readonly from: number;
  readonly to: number;
}

export interface FeedPlace {
  readonly live: number;
  /** In order of time, apart from each other. */
  readonly holes: readonly Hole[];
}

export function textOfPlace({ live, holes }: FeedPlace): string {
  return [String(live), ...(holes.length === 0 ? [] : [holes.map(({ from, to }) => `${from}-${to}`).join(',')])].join(
    ';',
  );
}

/** @throws Error for a text that is none. */
export function placeOfText(cursor: string): FeedPlace {
  const match = /^(\d{1,15})(?:;(\d{1,15}-\d{1,15}(?:,\d{1,15}-\d{1,15})*))?$/.exec(cursor);
  if (match === null)
    throw new Error(`the cursor '${cursor}' is not one of this feed. Was the source's name used for another source?`);
  const holes = (match[2] ?? '').split(',').flatMap((text) => {
    const [from, to] = text.split('-').map(Number);
    return from === undefined || to === undefined ? [] : [{ from, to }];
  });
  return { live: Number(match[1]), holes };
}

/** With a hole where a long time was not told, so that what happens now does not wait for it. */
export function jumpedTo({ live, holes }: FeedPlace, now: number): FeedPlace {
  return { live: now, holes: [...holes, { from: live, to: now }] };
}

/** With the newest hole no longer than `mostMs`: what is older becomes a hole of its own, told later. */
export function withShortNewest({ live, holes }: FeedPlace, mostMs: number): FeedPlace {
  const newest = holes.at(-1);
  if (newest === undefined || newest.to - newest.from <= mostMs) return { live, holes };
  const edge = newest.to - mostMs;
  return { live, holes: [...holes.slice(0, -1), { from: newest.from, to: edge }, { from: edge, to: newest.to }] };
}

/** With the newest hole told up to an instant. */
export function withNewestToldTo({ live, holes }: FeedPlace, time: number): FeedPlace {
  const newest = holes.at(-1);
  const rest = holes.slice(0, -1);
  if (newest !== undefined && time < newest.to) rest.push({ from: time, to: newest.to });
  return { live, holes: rest };
}
