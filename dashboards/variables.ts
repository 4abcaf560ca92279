/** Variables that several boards share. */
import { CIRCUIT_QUARTERS, LOAD_HOURS, SITE_MEASUREMENTS } from '../contract/site-figures.ts';
import type { VariableSpec } from './board.ts';

/** Sites that have figures of electricity; all of them at first. */
export const SITES: VariableSpec = {
  name: 'site',
  label: 'Site',
  description: 'Sites whose figures are shown, by their ids in the register',
  from: 'long',
  query: `SHOW TAG VALUES FROM "${SITE_MEASUREMENTS['1d']}" WITH KEY = "site" WHERE "carrier" = 'electricity'`,
  multi: 'all',
};

/** One building. */
export const BUILDING: VariableSpec = {
  name: 'site',
  label: 'Building',
  description: 'The building that is shown, by its id in the register',
  from: 'long',
  query: `SHOW TAG VALUES FROM "${LOAD_HOURS}" WITH KEY = "site"`,
  multi: false,
};

/** Gateways that deliver for the chosen building. */
export const GATEWAYS_OF_SITE: VariableSpec = {
  name: 'gateway_of_site',
  label: 'Gateways of the building',
  description: 'Gateways whose meters stand in the chosen building',
  from: 'long',
  query: 'SHOW TAG VALUES FROM "energy_1d", "water_1d" WITH KEY = "gateway" WHERE "site" =~ /^$site$/',
  multi: 'listed',
  isHidden: true,
};

export const CIRCUITS: VariableSpec = {
  name: 'site',
  label: 'Circuit',
  description: 'Streetlight circuits that are shown, by their ids in the register',
  from: 'quarters',
  query: `SHOW TAG VALUES FROM "${CIRCUIT_QUARTERS}" WITH KEY = "site"`,
  multi: 'all',
};

export const STATIONS: VariableSpec = {
  name: 'station',
  label: 'Station',
  description: 'Sites with outdoor air stations',
  from: 'quarters',
  query: `SHOW TAG VALUES FROM "environment" WITH KEY = "site" WHERE "metric" = 'pm2_5_ug_per_m3'`,
  multi: 'listed',
};

export const AIRED_BUILDINGS: VariableSpec = {
  name: 'building',
  label: 'Building',
  description: 'Buildings with air sensors in their rooms',
  from: 'quarters',
  query: `SHOW TAG VALUES FROM "environment" WITH KEY = "site" WHERE "metric" = 'co2_ppm'`,
  multi: 'listed',
};

export const GATEWAYS: VariableSpec = {
  name: 'gateway',
  label: 'Gateway',
  description: 'Gateways that are shown, by their ids',
  from: 'raw',
  query: 'SHOW TAG VALUES FROM "lamplighter_gateway" WITH KEY = "gateway"',
  multi: 'all',
};
