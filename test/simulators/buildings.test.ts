import { describe, expect, it } from 'vitest';
import { BuildingLoad } from '../../simulators/building-load.ts';
import { demoCity } from '../../simulators/city.ts';
import { contextOf } from '../../simulators/city-context.ts';
import { entriesOf } from '../../simulators/manifest.ts';

const QUARTER = 900_000;
const FISCAL_YEAR = { from: Date.parse('2026-07-01T04:00Z'), to: Date.parse('2027-07-01T04:00Z') };

/** Electricity from the grid over a fiscal year, kWh, and the highest quarter hour in it, kW. */
function yearOf(load: BuildingLoad): { kwh: number; peakKw: number } {
  const first = load.taken.totalAt(FISCAL_YEAR.from);
  let [before, highest] = [first, 0];
  for (let time = FISCAL_YEAR.from + QUARTER; time <= FISCAL_YEAR.to; time += QUARTER) {
    const now = load.taken.totalAt(time);
    highest = Math.max(highest, now - before);
    before = now;
  }
  return { kwh: before - first, peakKw: highest * 4 };
}

describe.each([1, 7])('the healthy city of seed %i', (seed) => {
  const city = demoCity(seed);
  const context = contextOf(city);
  const years = city.sites.flatMap((site) =>
    site.kind === 'building' ? [{ site, ...yearOf(new BuildingLoad(site, context)) }] : [],
  );

  it('keeps within its budgets, but for one pool', () => {
    for (const { site, kwh } of years) {
      const share = kwh / site.budgetKwh;
      expect(share, site.id).toBeGreaterThan(0.85);
      if (site.id === 'mason-pool') expect(share).toBeGreaterThan(1.1);
      else expect(share, site.id).toBeLessThan(0.96);
    }
  });

  it('keeps within its contracts all year, and one yard comes near', () => {
    for (const { site, peakKw } of years) expect(peakKw / site.contractKw, site.id).toBeLessThan(0.9);
    const yard = years.find(({ site }) => site.id === 'franklin-park-yard');
    expect((yard?.peakKw ?? 0) / (yard?.site.contractKw ?? 1)).toBeGreaterThan(0.8);
  });

  it('says both in the register', () => {
    const sites = new Map(entriesOf(city).sites.map((site) => [site.id, site]));
    expect(sites.get('mason-pool')).toMatchObject({ budget_kwh: 540_000, contract_demand_kw: 130 });
    expect(sites.get('kenmore-air')?.budget_kwh).toBeUndefined();
  });
});
