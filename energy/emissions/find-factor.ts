/** Which row of the factor tables is meant. Nothing is guessed: what is not there is an error that names what is. */
import type { EmissionCarrier, Factor, Gwp } from './factor-table.ts';

export type FactorErrorCode =
  | 'unknown-factor'
  | 'unknown-year'
  | 'unknown-revision'
  | 'unknown-gwp'
  | 'ambiguous-region';

export class FactorError extends Error {
  readonly code: FactorErrorCode;
  constructor(code: FactorErrorCode, words: string) {
    super(words);
    this.name = 'FactorError';
    this.code = code;
  }
}

export interface FactorQuery {
  readonly carrier: EmissionCarrier;
  readonly set: string;
  readonly method: Factor['method'];
  /** Vintage: the year that the factor is made for, not the year of use (see `vintageFor`). */
  readonly year: number;
  /** Needed when the set has several. */
  readonly region?: string | undefined;
  /** Absent: the one that was published last. */
  readonly revision?: string | undefined;
}

/** Throws a FactorError. */
export function findFactor(tables: readonly Factor[], query: FactorQuery): Factor {
  const { year, revision } = query;
  const rows = candidates(tables, query);
  const ofYear = rows.filter((row) => row.year === year);
  if (ofYear.length === 0) {
    throw new FactorError('unknown-year', `${nameOf(query)} has no factor for ${year}. There are: ${listOf(rows)}.`);
  }
  const found = revision === undefined ? latest(ofYear) : ofYear.find((row) => row.revision === revision);
  if (found === undefined) {
    const words = `${nameOf(query)} of ${year} has no revision "${revision}". There are: ${listOf(ofYear)}.`;
    throw new FactorError('unknown-revision', words);
  }
  return found;
}

/** The newest vintage that is not younger than `year`: what a figure of that year can be made with. Throws a FactorError. */
export function vintageFor(tables: readonly Factor[], query: FactorQuery): number {
  const rows = candidates(tables, query);
  const years = rows.map((row) => row.year).filter((year) => year <= query.year);
  if (years.length > 0) return Math.max(...years);
  const words = `${nameOf(query)} has no factor for ${query.year} or before. There are: ${listOf(rows)}.`;
  throw new FactorError('unknown-year', words);
}

/** Throws a FactorError. */
export function findGwp(sets: readonly Gwp[], id: string): Gwp {
  const found = sets.find((set) => set.id === id);
  if (found !== undefined) return found;
  const known = sets.map((set) => set.id).join(', ');
  throw new FactorError('unknown-gwp', `There are no global warming potentials called ${id}. Choose one of ${known}.`);
}

function candidates(tables: readonly Factor[], query: FactorQuery): Factor[] {
  const { carrier, set, method, region } = query;
  const ofCarrier = tables.filter((row) => row.carrier === carrier && row.method === method);
  const rows = ofCarrier.filter((row) => row.set === set && (region === undefined || row.region === region));
  if (rows.length === 0) {
    const known = [...new Set(ofCarrier.map((row) => place(row)))].join(', ') || 'none';
    throw new FactorError(
      'unknown-factor',
      `There is no factor of ${nameOf(query)}. For ${carrier} (${method}): ${known}.`,
    );
  }
  const regions = [...new Set(rows.map((row) => row.region))];
  if (regions.length > 1) {
    const words = `${nameOf(query)} has several regions: ${regions.map((name) => name ?? 'none').join(', ')}. Name one.`;
    throw new FactorError('ambiguous-region', words);
  }
  return rows;
}

function latest(rows: readonly Factor[]): Factor | undefined {
  return [...rows].sort((one, other) => (one.published < other.published ? 1 : -1))[0];
}

function nameOf({ set, carrier, method, region }: FactorQuery): string {
  return `${set}${region === undefined ? '' : ` ${region}`}, ${carrier} (${method})`;
}

function place({ set, region }: Factor): string {
  return region === undefined ? set : `${set} ${region}`;
}

function listOf(rows: readonly Factor[]): string {
  return rows.map(({ year, revision }) => `${year} (${revision})`).join(', ');
}
