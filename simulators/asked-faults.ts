/** The faults that a simulated city can be asked for: disturbances of the way, and registers that roll over or are swapped. */
import type { Disturbance } from './disturbances.ts';
import type { AskedRegisterFault } from './founding.ts';

export const CITY_FAULTS = ['offline', 'duplicate', 'reorder', 'skew', 'garbage', 'rollover', 'swap'] as const;
export type CityFaultName = Disturbance | AskedRegisterFault;
