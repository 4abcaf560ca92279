/** Lamps whose controllers report a failure. */
import { aFinding, devicesOf, figure, type Rule, written } from './finding.ts';

/** A crew goes out for a street, not for a lamp: from this share on the street is badly lit. */
const BADLY_LIT = 0.1;
const FEWEST_LAMPS = 3;

export const lampFailure: Rule = ({ circuits }) =>
  circuits.flatMap(({ site, name, lamps }) => {
    const failed = lamps.filter(({ now }) => (now.failure ?? 0) >= 1);
    const [only] = failed;
    if (only === undefined) return [];
    const share = failed.length / lamps.length;
    const isOne = failed.length === 1;
    const listed = failed.slice(0, 5).map((lamp) => lamp.name);
    const more = failed.length - listed.length;
    return [
      aFinding({
        kind: 'lamp-failure',
        severity: failed.length >= FEWEST_LAMPS && share >= BADLY_LIT ? 'warning' : 'info',
        site,
        ...(isOne ? { gateway: only.gateway, device: only.device } : {}),
        devices: devicesOf(failed),
        title: `${failed.length} ${isOne ? 'lamp has' : 'lamps have'} failed: ${name}`,
        words: `${listed.join(', ')}${more > 0 ? ` and ${more} more` : ''} of ${lamps.length} lamps (${written(100 * share, 1)} %) report a failure.`,
        whatToDo: 'Put them on the list of the next round; a street from a tenth of its lamps on is badly lit.',
        figures: [figure('Failed', failed.length, ''), figure('Lamps', lamps.length, '')],
      }),
    ];
  });
