/** Variables that several boards share. */
import type { VariableSpec } from './board.ts';

/** Sites that have figures of electricity; all of them at first. */
export const SITES: VariableSpec = {
  name: 'site',
  label: 'Site',
  description: 'Sites whose figures are shown, by their ids in the register',
  from: 'long',
  query: 'SHOW TAG VALUES FROM "site_1d" WITH KEY = "site"',
  multi: true,
};

/** One site, for boards about one building. */
export const SITE: VariableSpec = { ...SITES, description: 'Site whose figures are shown', multi: false };
