/** Where figures of sites are to be made again because a meter was retired at another time than they were made with. */
import type { RegisterView } from '../../register/register-view.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import type { Retirement } from './applied-facts.ts';
import { nameOf } from './device-facts.ts';
import { COUNTERS, MISSED_MS } from './known-meters.ts';
import { staysAt } from './site-stays.ts';
import type { TouchedSite } from './touched-sites.ts';

const DAY_MS = 96 * QUARTER_MS;

/** No further than a silent meter is missed (known-meters.ts). Throws StoreFailure. */
export async function sitesOfRetired(
  retirements: readonly Retirement[],
  { register, store, now }: { register: RegisterView; store: Pick<RollUpStore, 'latestRollUps'>; now: number },
): Promise<TouchedSite[]> {
  const devices = retirements.map(({ gateway, device }) => ({ gateway, device }));
  const rows = await store.latestRollUps({ devices, metrics: COUNTERS, from: 0, before: now });
  const lastRow = new Map<string, number>();
  for (const row of rows) lastRow.set(nameOf(row), Math.max(row.start, lastRow.get(nameOf(row)) ?? 0));
  return retirements.flatMap((retirement) => {
    const last = lastRow.get(nameOf(retirement));
    if (last === undefined) return [];
    const from = Math.max(0, retirement.from);
    const to = Math.min(retirement.to, now, last + MISSED_MS + DAY_MS);
    const sites = new Set(register.device(retirement.gateway, retirement.device)?.placements.map(({ site }) => site));
    return [...sites].flatMap((site) =>
      staysAt(register, site, retirement)
        .map((stay) => ({ site, from: Math.max(from, stay.from), to: Math.min(to, stay.to) }))
        .filter((stretch) => stretch.from < stretch.to),
    );
  });
}
