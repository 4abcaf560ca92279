/**
 * Bands of air: where they begin and what they mean.
 * Outdoors: US EPA air quality index, breakpoints since 6 May 2024 (89 FR 16202). The index is made for means of a day,
 * of eight hours or of one; a single value says how such a time would be called that is like this moment.
 * CO₂: classes I to III of EN 16798-1:2019, annex B, above 420 ppm outdoors.
 * Which band a value is in is the server's word (energy/air-bands.ts); these rows draw the lines and name the bands.
 */
export type BandTone = 'good' | 'fair' | 'warn' | 'bad' | 'severe' | 'none';

export interface Band {
  readonly id: string;
  readonly label: string;
  readonly tone: BandTone;
  /** Highest value that belongs to it. */
  readonly most: number;
}

const AQI: readonly Omit<Band, 'most'>[] = [
  { id: 'good', label: 'Good', tone: 'good' },
  { id: 'moderate', label: 'Moderate', tone: 'fair' },
  { id: 'unhealthy-sensitive', label: 'Unhealthy for sensitive groups', tone: 'warn' },
  { id: 'unhealthy', label: 'Unhealthy', tone: 'bad' },
  { id: 'very-unhealthy', label: 'Very unhealthy', tone: 'severe' },
  { id: 'hazardous', label: 'Hazardous', tone: 'severe' },
];

function aqi(...most: readonly number[]): readonly Band[] {
  return AQI.map((band, index) => ({ ...band, most: most[index] ?? Number.POSITIVE_INFINITY }));
}

export const CO2_BANDS: readonly Band[] = [
  { id: 'good', label: 'Good', tone: 'good', most: 970 },
  { id: 'acceptable', label: 'Acceptable', tone: 'fair', most: 1_220 },
  { id: 'poor', label: 'Poor', tone: 'warn', most: 1_770 },
  { id: 'very-poor', label: 'Very poor', tone: 'bad', most: Number.POSITIVE_INFINITY },
];

const BANDS: Readonly<Record<string, readonly Band[]>> = {
  pm2_5_ug_per_m3: aqi(9, 35.4, 55.4, 125.4, 225.4),
  pm10_ug_per_m3: aqi(54, 154, 254, 354, 424),
  no2_ppb: aqi(53, 100, 360, 649, 1_249),
  o3_ppb: aqi(54, 70, 85, 105, 200),
  co2_ppm: CO2_BANDS,
};
const NONE: readonly Band[] = [];

/** The same array each time. */
export function bandsOf(metric: string): readonly Band[] {
  return BANDS[metric] ?? NONE;
}

/** The band with the server's id; one that the page does not know is shown by its id. */
export function bandOf(metric: string, id: string | null): Band | undefined {
  if (id === null) return undefined;
  return (
    bandsOf(metric).find((band) => band.id === id) ?? {
      id,
      label: id.replaceAll('-', ' '),
      tone: 'none',
      most: Number.POSITIVE_INFINITY,
    }
  );
}
