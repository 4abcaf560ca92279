/** What everyone who holds the city's entries answers from them: the owner (register.ts) and its copies (register-snapshot.ts). */
import type { Entries } from './entries.ts';
import type { City, Credential, Device, Gateway, MeterDecision, Site } from './model.ts';

export abstract class EntriesView {
  /** Those that are durable now. */
  protected abstract held(): Entries;

  /** The city's name and zone, once a manifest or a person has set them. */
  city(): City | undefined {
    return this.held().city();
  }

  site(id: string): Site | undefined {
    return this.held().site(id);
  }

  sites(): readonly Site[] {
    return this.held().sites();
  }

  gateway(id: string): Gateway | undefined {
    return this.held().gateway(id);
  }

  gateways(): readonly Gateway[] {
    return this.held().gateways();
  }

  device(gateway: string, device: string): Device | undefined {
    return this.held().device(gateway, device);
  }

  /** Of one gateway, or all. */
  devices(gateway?: string): readonly Device[] {
    return this.held().devices(gateway);
  }

  credential(id: string): Credential | undefined {
    return this.held().credential(id);
  }

  /** What people decided about counters and still holds, in the order in which it was decided. */
  decisions(): readonly MeterDecision[] {
    return this.held().decisions();
  }
}
