/** Names and colours of the bands of air. Where they begin, and by whose word, is contract/air-bands.ts. */
import { AIR_BANDS } from '../../contract/air-bands.ts';

export type BandTone = 'good' | 'fair' | 'warn' | 'bad' | 'severe' | 'none';

export interface Band {
  readonly id: string;
  readonly label: string;
  readonly tone: BandTone;
  /** Highest value that belongs to it. */
  readonly most: number;
}

const LOOKS: Readonly<Record<string, Pick<Band, 'label' | 'tone'>>> = {
  good: { label: 'Good', tone: 'good' },
  moderate: { label: 'Moderate', tone: 'fair' },
  'unhealthy-sensitive': { label: 'Unhealthy for sensitive groups', tone: 'warn' },
  unhealthy: { label: 'Unhealthy', tone: 'bad' },
  'very-unhealthy': { label: 'Very unhealthy', tone: 'severe' },
  hazardous: { label: 'Hazardous', tone: 'severe' },
  acceptable: { label: 'Acceptable', tone: 'fair' },
  poor: { label: 'Poor', tone: 'warn' },
  'very-poor': { label: 'Very poor', tone: 'bad' },
};

/** A band that the page does not know is shown by its id. */
function looksOf(id: string): Pick<Band, 'label' | 'tone'> {
  return LOOKS[id] ?? { label: id.replaceAll('-', ' '), tone: 'none' };
}

const BANDS: Readonly<Record<string, readonly Band[]>> = Object.fromEntries(
  Object.entries(AIR_BANDS).map(([metric, bands]) => [metric, bands.map((band) => ({ ...band, ...looksOf(band.id) }))]),
);
const NONE: readonly Band[] = [];

/** The same array each time. */
export function bandsOf(metric: string): readonly Band[] {
  return BANDS[metric] ?? NONE;
}

export const CO2_BANDS: readonly Band[] = bandsOf('co2_ppm');

/** The band with the server's id. */
export function bandOf(metric: string, id: string | null): Band | undefined {
  if (id === null) return undefined;
  return bandsOf(metric).find((band) => band.id === id) ?? { id, most: Number.POSITIVE_INFINITY, ...looksOf(id) };
}
