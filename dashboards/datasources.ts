/** The three databases (buckets) as Grafana data sources, each with a uid that never changes: boards and rules name it. */
export const DATASOURCES = {
  /** Readings as they came; what the pipeline and the gateways say of themselves. */
  raw: { uid: 'lamplighter-raw', name: 'City readings', suffix: '' },
  /** Quarter hours: of each series (`energy`, `environment`, `lighting`, `water`), of each site (`site_15m`). */
  quarters: { uid: 'lamplighter-15m', name: 'City quarter hours', suffix: '_15m' },
  /** Hours and days (`energy_1h`, `energy_1d` …), days of each site (`site_1d`), events of meters. */
  long: { uid: 'lamplighter-long', name: 'City hours and days', suffix: '_long' },
} as const;

export type DatasourceName = keyof typeof DATASOURCES;

export function datasourceRef(name: DatasourceName): { type: 'influxdb'; uid: string } {
  return { type: 'influxdb', uid: DATASOURCES[name].uid };
}
