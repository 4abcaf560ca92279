/** The register in memory: answers at once, and knows who wrote what. Changes come in whole, already durable. */
import type { Change, Known } from './change.ts';
import { type DecisionKey, Decisions } from './decisions.ts';
import type { City, Credential, DecisionRecord, Device, Gateway, MeterDecision, Origin, Site } from './model.ts';

export type EntryKind = 'city' | 'site' | 'gateway' | 'device' | 'credential';

interface Written<T> {
  readonly value: T;
  readonly origin: Origin;
}

export class Entries implements Known {
  #city: Written<City> | undefined;
  readonly #sites = new Map<string, Written<Site>>();
  readonly #gateways = new Map<string, Written<Gateway>>();
  readonly #devices = new Map<string, Map<string, Written<Device>>>();
  readonly #credentials = new Map<string, Written<Credential>>();
  readonly #decisions = new Decisions();
  /** Lists are made once between two changes. */
  readonly #lists = new Map<string, readonly unknown[]>();

  city(): City | undefined {
    return this.#city?.value;
  }

  site(id: string): Site | undefined {
    return this.#sites.get(id)?.value;
  }

  gateway(id: string): Gateway | undefined {
    return this.#gateways.get(id)?.value;
  }

  device(gateway: string, device: string): Device | undefined {
    return this.#devices.get(gateway)?.get(device)?.value;
  }

  credential(id: string): Credential | undefined {
    return this.#credentials.get(id)?.value;
  }

  sites(): readonly Site[] {
    return this.#list('sites', () => values(this.#sites));
  }

  gateways(): readonly Gateway[] {
    return this.#list('gateways', () => values(this.#gateways));
  }

  devices(gateway?: string): readonly Device[] {
    if (gateway !== undefined) {
      return this.#list(`devices of ${gateway}`, () => values(this.#devices.get(gateway) ?? new Map()));
    }
    return this.#list('devices', () => [...this.#devices.values()].flatMap(values));
  }

  credentials(): readonly Credential[] {
    return this.#list('credentials', () => values(this.#credentials));
  }

  decision(key: DecisionKey): MeterDecision | undefined {
    return this.#decisions.get(key);
  }

  decisions(): readonly MeterDecision[] {
    return this.#decisions.list();
  }

  decisionHistory(): readonly DecisionRecord[] {
    return this.#decisions.history();
  }

  get nextDecision(): number {
    return this.#decisions.nextNumber;
  }

  /** Who wrote an entry; a device's id is `gateway/device`. Undefined when there is no such entry. */
  origin(kind: EntryKind, id: string): Origin | undefined {
    switch (kind) {
      case 'city':
        return this.#city?.origin;
      case 'site':
        return this.#sites.get(id)?.origin;
      case 'gateway':
        return this.#gateways.get(id)?.origin;
      case 'credential':
        return this.#credentials.get(id)?.origin;
      case 'device': {
        const [gateway = '', device = ''] = id.split('/');
        return this.#devices.get(gateway)?.get(device)?.origin;
      }
    }
  }

  apply(changes: readonly Change[]): void {
    this.#lists.clear();
    for (const change of changes) this.#applyOne(change);
  }

  #applyOne(change: Change): void {
    switch (change.kind) {
      case 'city':
        this.#city = change;
        break;
      case 'site':
        this.#sites.set(change.value.id, change);
        break;
      case 'gateway':
        this.#gateways.set(change.value.id, change);
        break;
      case 'device': {
        let devices = this.#devices.get(change.value.gateway);
        if (devices === undefined) {
          devices = new Map();
          this.#devices.set(change.value.gateway, devices);
        }
        devices.set(change.value.id, change);
        break;
      }
      case 'credential':
        this.#credentials.set(change.value.id, change);
        break;
      case 'no-credential':
        this.#credentials.delete(change.id);
        break;
      case 'decision':
        this.#decisions.add(change.value);
        break;
    }
  }

  #list<T>(name: string, make: () => T[]): readonly T[] {
    let list = this.#lists.get(name) as readonly T[] | undefined;
    if (list === undefined) {
      list = make();
      this.#lists.set(name, list);
    }
    return list;
  }
}

function values<T>(written: ReadonlyMap<string, Written<T>>): T[] {
  return [...written.values()].map((entry) => entry.value);
}

/** The register with some changes more, for checking those that follow. */
export class EntriesAhead implements Known {
  readonly #base: Known;
  readonly #sites = new Map<string, Site>();
  readonly #gateways = new Map<string, Gateway>();
  readonly #devices = new Map<string, Device>();

  constructor(base: Known) {
    this.#base = base;
  }

  site(id: string): Site | undefined {
    return this.#sites.get(id) ?? this.#base.site(id);
  }

  gateway(id: string): Gateway | undefined {
    return this.#gateways.get(id) ?? this.#base.gateway(id);
  }

  device(gateway: string, device: string): Device | undefined {
    return this.#devices.get(`${gateway}/${device}`) ?? this.#base.device(gateway, device);
  }

  add(change: Change): void {
    if (change.kind === 'site') this.#sites.set(change.value.id, change.value);
    if (change.kind === 'gateway') this.#gateways.set(change.value.id, change.value);
    if (change.kind === 'device') this.#devices.set(`${change.value.gateway}/${change.value.id}`, change.value);
  }
}
