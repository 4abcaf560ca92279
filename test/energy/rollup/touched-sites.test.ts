import { expect, it } from 'vitest';
import { TouchedSites } from '../../../energy/rollup/touched-sites.ts';
import { aRollUp } from '../../suites/roll-up-store.ts';

const DAY = 86_400_000;
const MIDNIGHT = Date.parse('2026-11-03T00:00:00Z');

it('touches the days that have rows, and not the silence between them', () => {
  const touched = new TouchedSites();
  const at = (start: number, site = 'a') => aRollUp({ site, start });
  touched.take([at(MIDNIGHT - 365 * DAY), at(MIDNIGHT + 1_800_000), at(MIDNIGHT), at(MIDNIGHT, 'b')]);
  touched.take([at(MIDNIGHT + 2_700_000)]);
  expect(touched.all()).toEqual([
    { site: 'a', from: MIDNIGHT - 365 * DAY, to: MIDNIGHT - 365 * DAY + 900_000 },
    { site: 'a', from: MIDNIGHT, to: MIDNIGHT + 3_600_000 },
    { site: 'b', from: MIDNIGHT, to: MIDNIGHT + 900_000 },
  ]);
});
