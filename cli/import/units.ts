/**
 * Units that a column of a file may have, and how they become the unit of a metric. Exact by definition, or from
 * NIST Special Publication 811 (2008), appendix B.8; a metric unit below one is a division, so that no digit is lost.
 */
import { type Metric, metricById } from '../../contract/metrics.ts';

export interface Unit {
  /** As people write it in a mapping. */
  readonly name: string;
  readonly convert: (value: number) => number;
}

type Convert = Unit['convert'];

const times = (factor: number) => (value: number) => value * factor;
const over = (divisor: number) => (value: number) => value / divisor;
const same: Convert = (value) => value;

/** International Table Btu, NIST SP 811: 1 Btu = 1055.05585262 J. */
const KWH_PER_KBTU = 1_055.05585262 / 3_600;
/** 1 ft = 0.3048 m exactly. */
const M3_PER_FT3 = 0.028316846592;
/** US gallon: 231 cubic inches exactly. */
const M3_PER_GAL = 0.003785411784;
/** US therm, NIST SP 811: 1.054804e8 J. */
const KWH_PER_THERM = 105_480_400 / 3_600_000;

/** By the symbol of the metric's unit in the catalogue: what else can be turned into it. */
const CONVERSIONS: Readonly<Record<string, Readonly<Record<string, Convert>>>> = {
  kW: {
    kW: same,
    W: over(1_000),
    MW: times(1_000),
    'kBtu/h': times(KWH_PER_KBTU),
    'Btu/h': times(KWH_PER_KBTU / 1_000),
  },
  W: { W: same, kW: times(1_000) },
  kWh: {
    kWh: same,
    Wh: over(1_000),
    MWh: times(1_000),
    kJ: over(3_600),
    MJ: over(3.6),
    GJ: (value) => (value * 1_000) / 3.6,
    therm: times(KWH_PER_THERM),
    kBtu: times(KWH_PER_KBTU),
    MMBtu: times(KWH_PER_KBTU * 1_000),
  },
  kvar: { kvar: same, var: over(1_000), Mvar: times(1_000) },
  kvarh: { kvarh: same, varh: over(1_000), Mvarh: times(1_000) },
  kVA: { kVA: same, VA: over(1_000), MVA: times(1_000) },
  V: { V: same, mV: over(1_000), kV: times(1_000) },
  A: { A: same, mA: over(1_000), kA: times(1_000) },
  Hz: { Hz: same, mHz: over(1_000) },
  'm³': {
    m3: same,
    L: over(1_000),
    gal: times(M3_PER_GAL),
    kgal: times(M3_PER_GAL * 1_000),
    ft3: times(M3_PER_FT3),
    // A hundred and a thousand cubic feet, as utilities write them.
    ccf: times(M3_PER_FT3 * 100),
    mcf: times(M3_PER_FT3 * 1_000),
  },
  'm³/h': {
    'm3/h': same,
    'L/h': over(1_000),
    'L/min': (value) => (value * 60) / 1_000,
    'L/s': times(3.6),
    'gal/min': times(M3_PER_GAL * 60),
    'ft3/h': times(M3_PER_FT3),
    'ft3/min': times(M3_PER_FT3 * 60),
  },
  '°C': { C: same, F: (value) => ((value - 32) * 5) / 9, K: (value) => value - 273.15 },
  '%': { '%': same, fraction: times(100) },
  '°': { deg: same, '°': same },
  ppm: { ppm: same, ppb: over(1_000) },
  ppb: { ppb: same, ppm: times(1_000) },
  'µg/m³': { 'ug/m3': same, 'mg/m3': times(1_000) },
  // 1 footcandle is 1 lumen a square foot.
  lx: { lx: same, klx: times(1_000), fc: over(0.3048 ** 2) },
  // Inch of mercury at 0 °C, NIST SP 811: 3386.389 Pa.
  hPa: { hPa: same, Pa: over(100), kPa: times(10), mbar: same, inHg: times(33.86389) },
  mm: { mm: same, cm: times(10), m: times(1_000), in: times(25.4) },
  'm/s': { 'm/s': same, 'km/h': over(3.6), mph: times(0.44704), kn: (value) => (value * 1_852) / 3_600 },
  h: { h: same, min: over(60), s: over(3_600) },
  s: { s: same, min: times(60), h: times(3_600), ms: over(1_000) },
  ms: { ms: same, s: times(1_000) },
};

const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/µ|μ/g, 'u'],
  [/³/g, '3'],
  [/²/g, '2'],
  [/^°(?=[CFK]$)/, ''],
  [/^deg(?=[CFK]$)/, ''],
];

/** The unit of that name for a metric; undefined when it cannot be turned into the metric's own. */
export function unitFor(metric: Metric, name: string): Unit | undefined {
  const table = tableOf(metric);
  const plain = plainName(name);
  const exact = Object.entries(table).find(([known]) => known === plain);
  // mW and MW, var and VAR: only where capitals make no difference is a spelling taken as it comes.
  const alike = Object.entries(table).filter(([known]) => known.toLowerCase() === plain.toLowerCase());
  const [found] = exact !== undefined ? [exact] : alike.length === 1 && plain !== 'mW' ? alike : [];
  return found && { name: found[0], convert: found[1] };
}

export function ownUnit(metric: Metric): Unit {
  return { name: metric.symbol, convert: same };
}

/** Names of the units that can be turned into that of the metric. */
export function unitNames(metric: Metric): string[] {
  return Object.keys(tableOf(metric));
}

/** Whether any metric is measured in something of that name: so that `(main)` in a header is not taken for a unit. */
export function isUnitName(name: string): boolean {
  const plain = plainName(name);
  return [...metricById.values()].some((metric) => Object.hasOwn(tableOf(metric), plain));
}

function tableOf({ symbol }: Metric): Readonly<Record<string, Convert>> {
  return CONVERSIONS[symbol] ?? (symbol === '' ? { '1': same } : { [plainName(symbol)]: same });
}

function plainName(name: string): string {
  return SPELLINGS.reduce((text, [from, to]) => text.replace(from, to), name.trim());
}
