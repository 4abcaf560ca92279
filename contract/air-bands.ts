/**
 * Bands of air: where they begin.
 * PM2.5, PM10, NO₂, O₃: US EPA air quality index, breakpoints since 6 May 2024 (89 FR 16202). The index is made for means
 * of a day (particles), eight hours (ozone) and one hour (NO₂); a single value says how such a time would be called.
 * CO₂: classes I to III of EN 16798-1:2019, annex B, above 420 ppm outdoors.
 */
export interface AirBand {
  readonly id: string;
  /** Highest value that belongs to it. */
  readonly most: number;
}

const AQI = ['good', 'moderate', 'unhealthy-sensitive', 'unhealthy', 'very-unhealthy', 'hazardous'] as const;

function aqi(...most: readonly number[]): readonly AirBand[] {
  return AQI.map((id, index) => ({ id, most: most[index] ?? Number.POSITIVE_INFINITY }));
}

/** Above it a room needs air: the end of class III, to which rooms of existing buildings are aired. */
export const CO2_LIMIT_PPM = 1_220;

/** By metric id, the best first. */
export const AIR_BANDS: Readonly<Record<string, readonly AirBand[]>> = {
  pm2_5_ug_per_m3: aqi(9, 35.4, 55.4, 125.4, 225.4),
  pm10_ug_per_m3: aqi(54, 154, 254, 354, 424),
  no2_ppb: aqi(53, 100, 360, 649, 1_249),
  o3_ppb: aqi(54, 70, 85, 105, 200),
  co2_ppm: [
    { id: 'good', most: 970 },
    { id: 'acceptable', most: CO2_LIMIT_PPM },
    { id: 'poor', most: 1_770 },
    { id: 'very-poor', most: Number.POSITIVE_INFINITY },
  ],
};

/** The band of a value and its rank, 0 the best; undefined for a metric without bands. */
export function airBandOf(metric: string, value: number): { id: string; rank: number } | undefined {
  const bands = AIR_BANDS[metric];
  if (bands === undefined) return undefined;
  const rank = bands.findIndex(({ most }) => value <= most);
  const band = bands[rank];
  return band === undefined ? undefined : { id: band.id, rank };
}
