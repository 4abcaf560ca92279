/**
 * `city.yaml`: the city as a person writes it down. See city.example.yaml beside this file.
 *
 * Sites hold gateways, gateways hold devices. Dates are local to the site they speak of. What may be left out: a site's
 * zone (the city's), a device's placements (always at its gateway's site), the first placement's date (since ever).
 * Every fault of the file is named at once with its line: shape, duplicate ids, unknown sites, placements out of order.
 */
import { z } from 'zod';
import { idSchema } from '../contract/ids.ts';
import { parseYaml, readYamlFile, type YamlResult } from '../runtime/yaml-file.ts';
import { reservedFaults } from './change.ts';
import { manifestFaults } from './manifest-faults.ts';
import {
  citySchema,
  deviceSchema,
  gatewaySchema,
  MOST_SWAPS,
  meterSchema,
  siteSchema,
  swapSchema,
  zoneSchema,
} from './model.ts';

const placementSchema = z.strictObject({
  site: idSchema,
  /** `2025-09-15`, `2025-09-15T14:00`, or with an offset; only the first placement may go without. */
  from: z.string().optional(),
});

/** Instants of swaps are dates as people write them, local to the site where the device is then. */
const manifestMeterSchema = meterSchema.extend({
  swaps: z
    .array(swapSchema.extend({ at: z.string() }))
    .max(MOST_SWAPS)
    .optional(),
});

const manifestDeviceSchema = deviceSchema.omit({ gateway: true, placements: true, is_new: true }).extend({
  name: deviceSchema.shape.name.optional(),
  meter: manifestMeterSchema.optional(),
  retired_at: z.string().optional(),
  placements: z.array(placementSchema).min(1).optional(),
});

const manifestGatewaySchema = gatewaySchema.omit({ site: true }).extend({
  name: gatewaySchema.shape.name.optional(),
  retired: z.boolean().optional(),
  retired_at: z.string().optional(),
  devices: z.array(manifestDeviceSchema).default([]),
});

const manifestSiteSchema = siteSchema.extend({
  zone: zoneSchema.optional(),
  gateways: z.array(manifestGatewaySchema).default([]),
});

export const manifestSchema = z
  .strictObject({
    city: citySchema.shape.name,
    ...citySchema.omit({ name: true }).shape,
    sites: z.array(manifestSiteSchema).default([]),
  })
  .superRefine(
    (manifest, context) => {
      for (const { path, words } of manifestFaults(manifest, reservedFaults)) {
        context.addIssue({ code: 'custom', path: [...path], message: words });
      }
    },
    // Also when the shape has faults, so that all faults are told at once.
    { when: () => true },
  );

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestSite = Manifest['sites'][number];
export type ManifestGateway = ManifestSite['gateways'][number];
export type ManifestDevice = ManifestGateway['devices'][number];

/** Reads and checks the file; never throws for a fault of the file. */
export function readManifest(path: string): YamlResult<Manifest> {
  return readYamlFile(path, manifestSchema);
}

/** The same for a text; `file` names it in the faults. */
export function parseManifest(text: string, file: string): YamlResult<Manifest> {
  return parseYaml(text, file, manifestSchema);
}
