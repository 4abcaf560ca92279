/** What the register says of a device as far as its roll-ups depend on it, as plain data that can be kept and compared. */
import type { Device, Meter, MeterDecision, Placement } from '../../register/model.ts';
import { type RegisterView, siteAt } from '../../register/register-view.ts';
import { expectedUntil } from '../../register/retirement.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { DeviceKey } from '../../store/telemetry-store.ts';
import { type MeterRules, meterRules } from '../counting/meter-rules.ts';

export type DecisionFacts = Omit<MeterDecision, 'gateway' | 'device' | 'who' | 'why' | 'decided'>;

export interface DeviceFacts {
  /** In rising order of `from`, at least one; the first holds before it as well. */
  readonly placements: readonly Placement[];
  /** Of each site that the device ever stood at. */
  readonly zones: Readonly<Record<string, string>>;
  readonly intervalMs?: number | undefined;
  readonly intervalStamp?: 'begin' | 'end' | undefined;
  readonly meter?: Meter | undefined;
  /** In rising order of `at`. */
  readonly decisions: readonly DecisionFacts[];
  /** From when on nothing is expected of it, epoch milliseconds; absent: it is in use, or nobody knows. Rows do not depend on it. */
  readonly retiredAt?: number | undefined;
}

export function nameOf({ gateway, device }: DeviceKey): string {
  return `${gateway}/${device}`;
}

/** The register → the arithmetic: how the values of one metric of a device are made sense of. */
export function meterRulesOf(facts: DeviceFacts, metric: string): MeterRules {
  const { intervalMs, intervalStamp, meter, decisions } = facts;
  return meterRules({ metric, intervalMs, intervalStamp, meter, decisions });
}

/** Asks the register once for each of its versions. */
export class RegisterFacts {
  readonly #register: RegisterView;
  #version = Number.NaN;
  #decisions = new Map<string, DecisionFacts[]>();
  #facts = new Map<string, DeviceFacts>();

  constructor(register: RegisterView) {
    this.#register = register;
  }

  /** A device that the register does not know yet stands where its gateway hangs. */
  of(key: DeviceKey): DeviceFacts {
    this.#refresh();
    return getOrCreate(this.#facts, nameOf(key), () => {
      const device = this.#register.device(key.gateway, key.device);
      // As it is read back from a file, so that the two compare: without keys that are undefined.
      return JSON.parse(JSON.stringify(this.#factsOf(device, key))) as DeviceFacts;
    });
  }

  /** Of a site; of one that the register does not know, the city's. */
  zone(site: string): string {
    return this.#register.site(site)?.zone ?? this.#register.city?.()?.zone ?? 'UTC';
  }

  devices(): readonly DeviceKey[] {
    return this.#register.devices().map(({ gateway, id }) => ({ gateway, device: id }));
  }

  #factsOf(device: Device | undefined, key: DeviceKey): DeviceFacts {
    const placements = device?.placements ?? [{ site: this.#register.gateway(key.gateway)?.site ?? '', from: 0 }];
    const retiredAt = expectedUntil(this.#register, device ?? key, Number.POSITIVE_INFINITY);
    const zones: Record<string, string> = {};
    for (const { site } of placements) {
      zones[site] = this.zone(site);
    }
    return {
      placements,
      zones,
      ...(device?.interval_s === undefined ? {} : { intervalMs: device.interval_s * 1_000 }),
      ...(device?.interval_stamp === undefined ? {} : { intervalStamp: device.interval_stamp }),
      ...(device?.meter === undefined ? {} : { meter: device.meter }),
      decisions: this.#decisions.get(nameOf(key)) ?? [],
      ...(Number.isFinite(retiredAt) ? { retiredAt } : {}),
    };
  }

  #refresh(): void {
    if (this.#version === this.#register.version) return;
    this.#version = this.#register.version;
    this.#facts = new Map();
    this.#decisions = new Map();
    for (const { gateway, device, who, why, decided, ...decision } of this.#register.decisions?.() ?? []) {
      getOrCreate(this.#decisions, nameOf({ gateway, device }), () => []).push(decision);
    }
    for (const list of this.#decisions.values()) list.sort((one, other) => one.at - other.at);
  }
}

export function siteOf({ placements }: DeviceFacts, time: number): string {
  return siteAt({ placements }, time);
}
