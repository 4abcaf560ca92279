/**
 * The register as its readers see it: broker, ingest and console ask it and never wait.
 * The owner (register.ts) implements it; so does a snapshot in another process.
 */
import type { City, Credential, Device, Gateway, MeterDecision, Placement, Site } from './model.ts';

export interface RegisterView {
  /** The city's name and zone, once somebody has set them. */
  city?(): City | undefined;
  site(id: string): Site | undefined;
  sites(): readonly Site[];
  gateway(id: string): Gateway | undefined;
  gateways(): readonly Gateway[];
  device(gateway: string, device: string): Device | undefined;
  /** Of one gateway, or all. */
  devices(gateway?: string): readonly Device[];
  credential(id: string): Credential | undefined;
  /** What people decided about counters: the decision that holds of each (gateway, device, metric, at). */
  decisions?(): readonly MeterDecision[];
  /** Rises with every change. */
  readonly version: number;
  /** Called after each change; returns how to stop listening. */
  onChange(listener: () => void): () => void;
}

/** The site of a device at an instant (epoch milliseconds); before its first placement, the first one's. */
export function siteAt(device: { readonly placements: readonly Placement[] }, time: number): string {
  let site = device.placements[0]?.site ?? '';
  for (const placement of device.placements) if (placement.from <= time) site = placement.site;
  return site;
}
