/** What a city's meters count: the carriers, each with the counter that measures it and the gauge beside it. */
import { metricById } from '../contract/metrics.ts';
import type { Carrier } from '../contract/site-figures.ts';

export { CARRIERS, type Carrier } from '../contract/site-figures.ts';

export interface CarrierMetrics {
  /** Metric id of the counter. */
  readonly counter: string;
  /** Metric id of the rate; undefined where there is none. */
  readonly rate: string | undefined;
}

export const METRICS_OF: Readonly<Record<Carrier, CarrierMetrics>> = {
  electricity: { counter: 'active_energy_kwh', rate: 'active_power_kw' },
  export: { counter: 'active_energy_export_kwh', rate: undefined },
  solar: { counter: 'solar_energy_kwh', rate: 'solar_power_kw' },
  gas: { counter: 'gas_volume_m3', rate: 'gas_flow_m3_per_h' },
  water: { counter: 'water_volume_m3', rate: 'water_flow_m3_per_h' },
  heat: { counter: 'heat_energy_kwh', rate: 'heat_power_kw' },
  lighting: { counter: 'lamp_energy_kwh', rate: undefined },
};

/** The unit of a carrier as people write it. */
export function unitOf(carrier: Carrier): string {
  return metricById.get(METRICS_OF[carrier].counter)?.symbol ?? '';
}
