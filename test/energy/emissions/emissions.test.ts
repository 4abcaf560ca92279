import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EmissionsQuery, emissions } from '../../../energy/emissions/emissions.ts';
import { FACTORS, type Factor, factorSchema, GWPS } from '../../../energy/emissions/factor-table.ts';
import { FactorError, vintageFor } from '../../../energy/emissions/find-factor.ts';
import { energyOf } from '../../../energy/emissions/fuel-units.ts';
import { siteEmissions } from '../../../energy/emissions/site-emissions.ts';

const electricity = (change: Partial<EmissionsQuery> = {}): EmissionsQuery => ({
  carrier: 'electricity',
  amount: 1,
  unit: 'MWh',
  year: 2022,
  set: 'egrid',
  gwp: 'AR5',
  method: 'location',
  ...change,
});
const gas = (change: Partial<EmissionsQuery> = {}): EmissionsQuery => ({
  ...electricity({ carrier: 'gas', unit: 'mmBtu', year: 2021, set: 'epa-hub', gwp: 'AR4', method: 'direct' }),
  ...change,
});

describe('emissions', () => {
  it('are those of the worked example of BERDO: 150 MWh × 0.67 × 517 lb', () => {
    const found = emissions(electricity({ amount: 150_000, unit: 'kWh', set: 'berdo', year: 2027 }));
    expect(found.kgCO2e).toBeCloseTo(51_958.5 * 0.45359237, 6);
    expect(found.kgCO2e / 1_000).toBeCloseTo(23.568, 3);
    expect(found).toMatchObject({
      co2: null,
      gwp: 'as published',
      factors: [{ id: 'berdo-2027', isSecondHand: true }],
    });
  });

  it('of gas are 53.11 kg CO2e a mmBtu: 53.06 and the two other gases', () => {
    const found = emissions(gas());
    expect(found).toMatchObject({ co2: 53.06, ch4: 0.001, n2o: 0.0001, gwp: 'AR4' });
    expect(found.kgCO2e).toBeCloseTo(53.06 + 0.025 + 0.0298, 9);
    expect(Math.floor(found.kgCO2e * 100) / 100).toBe(53.11);
    expect(emissions(gas({ amount: 10, unit: 'therm' })).kgCO2e).toBeCloseTo(found.kgCO2e, 9);
    expect(emissions(gas({ gwp: 'AR6' })).kgCO2e).toBeCloseTo(53.06 + 0.0279 + 0.0273, 9);
  });

  it('of No. 2 oil are the 74.21 of New York and Portfolio Manager', () => {
    const oil = emissions(gas({ carrier: 'oil-2', set: 'cfr98', year: 2016 }));
    const ll97 = emissions(gas({ carrier: 'oil-2', set: 'll97', year: 2024 }));
    expect(oil.kgCO2e).toBeCloseTo(ll97.kgCO2e, 1);
    expect(ll97.kgCO2e).toBeCloseTo(74.21, 9);
  });

  it('of the grid turn pounds into kilograms', () => {
    const found = emissions(electricity());
    expect(found.co2).toBeCloseTo(536.428 * 0.45359237, 6);
    expect(found.kgCO2e).toBeCloseTo((536.428 + 0.063 * 28 + 0.008 * 265) * 0.45359237, 6);
    expect(found.kgCO2e / 0.45359237).toBeCloseTo(540.312, 3);
  });

  it('name the factor, and use the newest revision unless told which', () => {
    const newest = emissions(electricity({ year: 2023 }));
    expect(newest.factors).toMatchObject([{ id: 'egrid2023-rev2-newe', revision: 'eGRID2023 rev. 2 (12 June 2025)' }]);
    expect(newest.kgCO2e / 0.45359237).toBeCloseTo(543.18, 1);
    const first = emissions(electricity({ year: 2023, revision: 'eGRID2023 (January 2025)' }));
    expect(first.kgCO2e).toBeCloseTo(245.451, 2);
    expect(first.factors[0]!.id).toBe('egrid2023-newe');
  });

  it('convert gas with a stated heating value', () => {
    const table = emissions(gas({ amount: 1_000, unit: 'm3' }));
    expect(table.energyMmBtu).toBeCloseTo(36.233, 3);
    expect(table.heatingValue!.source).toContain('table C-1');
    const bill = { mmBtuPerUnit: 0.0366, source: 'bill of October' };
    expect(emissions(gas({ amount: 1_000, unit: 'm3', heatingValue: bill }))).toMatchObject({
      energyMmBtu: 36.6,
      heatingValue: bill,
    });
    expect(emissions(gas({ amount: 100, unit: 'kBtu' })).energyMmBtu).toBeCloseTo(0.1);
    expect(energyOf('electricity', 1, 'GJ').mmBtu).toBeCloseTo(0.947817, 5);
    expect(energyOf('gas', 1, 'therm').mmBtu / energyOf('gas', 1, 'kWh').mmBtu).toBeCloseTo(29.3071, 4);
  });

  it('are proportional to the amount, whatever the unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e7, noNaN: true }), fc.constantFrom(...FACTORS), (amount, factor) => {
        const { carrier, year, set, method, revision, region } = factor;
        const query = electricity({ carrier, amount, unit: 'kWh', year, set, method, revision, region });
        const thousand = emissions({ ...query, amount: 1_000 * amount }).kgCO2e;
        const mwh = emissions({ ...query, unit: 'MWh' }).kgCO2e;
        expect(mwh).toBeCloseTo(thousand, 3);
        expect(emissions(query).kgCO2e * 1_000).toBeCloseTo(mwh, 3);
      }),
    );
  });
});

describe('market-based emissions', () => {
  const market = (change: Partial<EmissionsQuery> = {}) =>
    emissions(electricity({ amount: 10, method: 'market', ...change }));
  const grid = emissions(electricity({ amount: 10 })).kgCO2e;
  const supplier: Factor = {
    ...FACTORS.find(({ id }) => id === 'egrid2022-newe')!,
    id: 'supplier-2026',
    set: 'a-supplier',
    method: 'market',
    unit: 'kg/MWh',
    co2: 100,
    ch4: 0,
    n2o: 0,
  };

  it('are the average of the grid where nothing is contracted, and say so', () => {
    expect(market()).toMatchObject({
      kgCO2e: grid,
      method: 'market',
      market: { basis: 'grid-average', coveredMwh: 0 },
    });
  });

  it('fall with certificates that were retired, to nothing and not below', () => {
    expect(market({ contracts: { retiredMwh: 4 } }).kgCO2e).toBeCloseTo(0.6 * grid, 9);
    const all = market({ contracts: { retiredMwh: 400 } });
    expect(all.kgCO2e).toBeCloseTo(0, 9);
    expect(all.market!.coveredMwh).toBeCloseTo(10, 9);
  });

  it('do not take certificates below 0, nor the factor of another carrier', () => {
    expect(() => market({ contracts: { retiredMwh: -1 } })).toThrow(/retiredMwh/);
    expect(() => market({ contracts: { supplier: { ...supplier, carrier: 'gas' } } })).toThrow(/supplier-2026.*gas/);
  });

  it('take the supplier before the residual mix before the grid', () => {
    expect(market({ contracts: { supplier, retiredMwh: 5 } })).toMatchObject({ market: { basis: 'supplier' } });
    expect(market({ contracts: { supplier, retiredMwh: 5 } }).kgCO2e).toBeCloseTo(500, 9);
    const residual = { ...supplier, id: 'residual', set: 'egrid', region: 'NEWE', co2: 300 };
    expect(market({ factors: [...FACTORS, residual] })).toMatchObject({
      market: { basis: 'residual-mix' },
      factors: [{ id: 'residual' }],
    });
  });
});

describe('a factor that there is not', () => {
  const wordsOf = (query: EmissionsQuery) => {
    try {
      emissions(query);
    } catch (error) {
      expect(error).toBeInstanceOf(FactorError);
      return `${(error as FactorError).code}: ${(error as Error).message}`;
    }
    throw new Error('was found');
  };

  it('is an error that names what there is', () => {
    expect(wordsOf(electricity({ year: 2024 }))).toMatch(
      /^unknown-year: egrid.*no factor for 2024.*2018 .*2022 .*2023/,
    );
    expect(wordsOf(electricity({ set: 'iso-ne' }))).toMatch(/^unknown-factor: .*egrid NEWE, berdo Boston/);
    expect(wordsOf(electricity({ region: 'CAMX' }))).toMatch(/^unknown-factor/);
    expect(wordsOf(electricity({ revision: 'eGRID2022 rev 9' }))).toMatch(/^unknown-revision: .*January 2024/);
    expect(wordsOf(electricity({ gwp: 'AR3' }))).toMatch(/^unknown-gwp: .*AR4, AR5, AR6/);
    const other = { ...FACTORS.find(({ id }) => id === 'egrid2022-newe')!, id: 'x', region: 'CAMX' };
    expect(wordsOf(electricity({ factors: [...FACTORS, other] }))).toMatch(/^ambiguous-region: .*NEWE, CAMX/);
    expect(() => emissions(gas({ unit: 'gallon' }))).toThrow(/gas is not measured in gallon.*therm.*m3/);
    expect(() => emissions(gas({ unit: 'toString' }))).toThrow(RangeError);
    expect(() => emissions(gas({ amount: Number.NaN }))).toThrow(/amount/);
  });

  it('the newest vintage up to a year is asked for by name', () => {
    expect(vintageFor(FACTORS, electricity({ year: 2026 }) as never)).toBe(2023);
    expect(vintageFor(FACTORS, electricity({ year: 2022 }) as never)).toBe(2022);
    expect(() => vintageFor(FACTORS, electricity({ year: 2001 }) as never)).toThrow(/2001 or before/);
  });
});

describe('emissions of a site by location', () => {
  it('take the newest vintage up to the year of use, and name it', () => {
    const used = (found: ReturnType<typeof siteEmissions>) => found?.factors.map(({ id }) => id);
    expect(used(siteEmissions('electricity', 1_000, 2026))).toEqual(['egrid2023-rev2-newe']);
    expect(used(siteEmissions('electricity', 1_000, 2022))).toEqual(['egrid2022-newe']);
    expect(used(siteEmissions('gas', 100, 2026))).toEqual(['epa-hub-2024-gas']);
    expect(used(siteEmissions('heat', 100, 2026))).toEqual(['gas-boiler-2016-steam']);
    expect(siteEmissions('electricity', 1_000, 2022)!.kgCO2e).toBeCloseTo(emissions(electricity()).kgCO2e, 9);
    expect(siteEmissions('gas', 1_000, 2026)!.heatingValue!.source).toContain('C-1');
  });

  it('has none for water, nor for what is fed in or made on the roof', () => {
    expect(siteEmissions('water', 5, 2026)).toBeUndefined();
    expect(siteEmissions('export', 5, 2026)).toBeUndefined();
    expect(siteEmissions('solar', 5, 2026)).toBeUndefined();
  });

  it('says that there is no vintage so early', () => {
    expect(() => siteEmissions('electricity', 5, 2010)).toThrow(FactorError);
  });
});

describe('the factor tables', () => {
  it('have each id once, and a source, a revision and a day for every row', () => {
    const ids = [...FACTORS, ...GWPS].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const row of [...FACTORS, ...GWPS]) {
      expect(row.source.length, row.id).toBeGreaterThan(10);
      expect(row.retrieved <= '2026-12-31', row.id).toBe(true);
    }
  });

  it('cover electricity of several vintages and every fuel', () => {
    expect(FACTORS.filter(({ set }) => set === 'egrid').length).toBeGreaterThanOrEqual(4);
    expect(new Set(FACTORS.map(({ carrier }) => carrier)).size).toBe(5);
    expect(GWPS.map(({ id }) => id)).toEqual(['AR4', 'AR5', 'AR6']);
  });

  it('mixed or half rows are refused', () => {
    const row = FACTORS[0]!;
    expect(factorSchema.safeParse({ ...row, co2e: 1, gwp: 'AR5' }).success).toBe(false);
    expect(factorSchema.safeParse({ ...row, n2o: undefined }).success).toBe(false);
    expect(factorSchema.safeParse({ ...row, colour: 'green' }).success).toBe(false);
  });
});
