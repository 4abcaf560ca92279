/** The three databases (buckets) as Grafana data sources, each with a uid that never changes: boards and rules name it. */
export const DATASOURCES = {
  /** Readings as they came; what the pipeline and the gateways say of themselves. */
  raw: { uid: 'lamplighter-raw', name: 'City readings', suffix: '', minInterval: '15s' },
  /** Quarter hours: of each series (`energy`, `environment`, `lighting`, `water`), of sites and circuits (`site_15m`, `circuit_15m`). */
  quarters: { uid: 'lamplighter-15m', name: 'City quarter hours', suffix: '_15m', minInterval: '15m' },
  /** Hours and days (`energy_1h`, `energy_1d` …), days of sites (`site_1d`, `site_hours`), events of meters. */
  long: { uid: 'lamplighter-long', name: 'City hours and days', suffix: '_long', minInterval: '1h' },
} as const;

export type DatasourceName = keyof typeof DATASOURCES;

export function datasourceRef(name: DatasourceName): { type: 'influxdb'; uid: string } {
  return { type: 'influxdb', uid: DATASOURCES[name].uid };
}

/** Grafana's own: a panel whose queries ask several data sources. */
export const MIXED = { type: 'datasource', uid: '-- Mixed --' } as const;
