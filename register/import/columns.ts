/** The columns that lists of sites, gateways and devices may have. Their order in the file is free. */
import { tariffsSchema } from '../model.ts';

export const IMPORT_KINDS = ['sites', 'gateways', 'devices'] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

export interface Column {
  readonly name: string;
  /** Every file must have it. */
  readonly needed?: true;
  readonly words: string;
}

const ID_WORDS = '1 to 63 characters of a-z, 0-9 and "-"';

const RETIRED_AT_WORDS = 'since when nothing is expected of it: 2026-05-31; the day of the import when left out';

export const COLUMNS: Readonly<Record<ImportKind, readonly Column[]>> = {
  sites: [
    { name: 'id', needed: true, words: ID_WORDS },
    { name: 'name', words: 'for people; needed for a new site' },
    { name: 'kind', words: 'building, streetlights or station; needed for a new site' },
    { name: 'use', words: 'use of a building: office, school, library …' },
    { name: 'floor_area_m2', words: 'square metres' },
    { name: 'latitude', words: 'degrees, WGS 84' },
    { name: 'longitude', words: 'degrees, WGS 84' },
    { name: 'address', words: 'one line' },
    { name: 'zone', words: "IANA time zone; the city's when left out" },
    ...tariffsSchema.keyof().options.map((carrier) => ({
      name: `tariff_${carrier}`,
      words: `id of the tariff for ${carrier}; the city's when left out`,
    })),
    { name: 'factors', words: "id of the set of emission factors; the city's when left out" },
    { name: 'contract_demand_kw', words: 'demand that the supply contract covers' },
    { name: 'budget_kwh', words: 'electricity of a fiscal year' },
    { name: 'retired', words: 'yes or no' },
  ],
  gateways: [
    { name: 'id', needed: true, words: `${ID_WORDS}; also its MQTT client id` },
    { name: 'site', words: 'id of the site where it hangs; needed for a new gateway' },
    { name: 'name', words: 'for people; the id when left out' },
    { name: 'retired', words: 'yes or no' },
    { name: 'retired_at', words: RETIRED_AT_WORDS },
  ],
  devices: [
    { name: 'gateway', needed: true, words: 'id of its gateway' },
    { name: 'id', needed: true, words: `${ID_WORDS}; unique within the gateway` },
    { name: 'name', words: 'for people; the id when left out' },
    { name: 'kind', words: 'electricity-meter, air-sensor, lamp …' },
    { name: 'interval_s', words: 'seconds between readings' },
    { name: 'interval_stamp', words: 'begin or end: which end of its interval a reading is stamped with' },
    { name: 'nominal_w', words: 'what a lamp takes at full power' },
    { name: 'multiplier', words: 'what one unit of its registers stands for; 1 when left out' },
    { name: 'register_limit', words: 'where its registers begin again at 0' },
    { name: 'max_per_hour', words: 'the most that can be counted in an hour (kWh: kW)' },
    { name: 'site', words: "where it is; its gateway's site when left out" },
    { name: 'from', words: 'since when it is there: 2025-09-15, in the zone of the site; ever since when left out' },
    { name: 'retired', words: 'yes or no' },
    { name: 'retired_at', words: RETIRED_AT_WORDS },
  ],
};
