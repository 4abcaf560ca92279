/** Amounts of energy carriers in millions of British thermal units (mmBtu), higher heating value. */
import type { EmissionCarrier } from './factor-table.ts';

/** 1 kWh = 3.412141633 kBtu; 1 therm = 100 kBtu; 1 GJ = 1/3.6 MWh. */
const MMBTU_OF_KWH = 3.412_141_633 / 1_000;
const MMBTU_OF_UNIT: Readonly<Record<string, number>> = {
  kWh: MMBTU_OF_KWH,
  MWh: MMBTU_OF_KWH * 1_000,
  GJ: (MMBTU_OF_KWH * 1_000) / 3.6,
  kBtu: 1 / 1_000,
  therm: 0.1,
  mmBtu: 1,
};

export interface HeatingValue {
  readonly mmBtuPerUnit: number;
  readonly source: string;
}

/** Cubic feet in a cubic metre: 1 / 0.3048³. */
const FT3_OF_M3 = 1 / 0.3048 ** 3;
const TABLE_C1 = '40 CFR 98 table C-1, 81 FR 89188 (9 December 2016)';

/** What a volume or weight of each carrier holds when nothing better is known: the bill of the utility says. */
export const HEATING_VALUES: Readonly<Partial<Record<EmissionCarrier, Readonly<Record<string, HeatingValue>>>>> = {
  gas: {
    ft3: { mmBtuPerUnit: 0.001_026, source: TABLE_C1 },
    ccf: { mmBtuPerUnit: 0.1026, source: TABLE_C1 },
    m3: { mmBtuPerUnit: 0.001_026 * FT3_OF_M3, source: TABLE_C1 },
  },
  'oil-2': { gallon: { mmBtuPerUnit: 0.138, source: TABLE_C1 } },
  propane: { gallon: { mmBtuPerUnit: 0.091, source: TABLE_C1 } },
  steam: { klb: { mmBtuPerUnit: 1.194, source: 'ENERGY STAR Portfolio Manager; check against the primary' } },
};

export interface EnergyAmount {
  readonly mmBtu: number;
  /** What turned a volume or weight into energy; undefined when the unit is one of energy. */
  readonly heatingValue: HeatingValue | undefined;
}

/**
 * `heatingValue` replaces the table's for volumes and weights, in mmBtu per unit.
 * Throws a RangeError that names the units there are.
 */
export function energyOf(
  carrier: EmissionCarrier,
  amount: number,
  unit: string,
  heatingValue?: HeatingValue | undefined,
): EnergyAmount {
  const factor = Object.hasOwn(MMBTU_OF_UNIT, unit) ? MMBTU_OF_UNIT[unit] : undefined;
  if (factor !== undefined) return { mmBtu: amount * factor, heatingValue: undefined };
  const volumes = HEATING_VALUES[carrier] ?? {};
  const known = Object.hasOwn(volumes, unit) ? volumes[unit] : undefined;
  if (known === undefined) {
    const units = [...Object.keys(MMBTU_OF_UNIT), ...Object.keys(volumes)].join(', ');
    throw new RangeError(`${carrier} is not measured in ${unit}. Give its amount in ${units}.`);
  }
  const used = heatingValue ?? known;
  return { mmBtu: amount * used.mmBtuPerUnit, heatingValue: used };
}

/** Kilograms a mmBtu from a factor's unit. 1 lb = 0.45359237 kg. */
export function perMmBtu(value: number, unit: 'lb/MWh' | 'kg/MWh' | 'kg/kWh' | 'kg/mmBtu'): number {
  if (unit === 'kg/mmBtu') return value;
  if (unit === 'kg/kWh') return value / MMBTU_OF_KWH;
  return (value * (unit === 'lb/MWh' ? 0.453_592_37 : 1)) / (MMBTU_OF_KWH * 1_000);
}
