/** What is said of one gateway and its devices (contract/self-report.ts). */
import type { GATEWAY_FIELDS } from '../contract/self-report.ts';
import type { RegisterView } from '../register/register-view.ts';
import type { LatestValue } from '../store/telemetry-store.ts';
import type { GatewayStatus } from './ingest-view.ts';

export interface DevicesOfGateway {
  /** Listed and in use. */
  readonly devices: number;
  /** Of these, those that missed three readings, and at least a quarter of an hour. */
  readonly silent: number;
  /** Of the newest stored reading, seconds; undefined where there is none. */
  readonly lastReadingAgeS: number | undefined;
}

const SILENT_INTERVALS = 3;
const SILENT_MS = 900_000;

interface Expected {
  readonly device: string;
  readonly silentAfterMs: number;
}

/** Knows the devices of every gateway without walking the register for each. */
export class DeviceWords {
  readonly #register: RegisterView;
  #version = Number.NaN;
  #byGateway = new Map<string, Expected[]>();

  constructor(register: RegisterView) {
    this.#register = register;
  }

  of(gateway: string, latest: readonly LatestValue[], now: number): DevicesOfGateway {
    this.#refresh();
    const newest = new Map<string, number>();
    let last = Number.NEGATIVE_INFINITY;
    for (const { device, time } of latest) {
      if (time > (newest.get(device) ?? Number.NEGATIVE_INFINITY)) newest.set(device, time);
      if (time > last) last = time;
    }
    const devices = this.#byGateway.get(gateway) ?? [];
    const isSilent = ({ device, silentAfterMs }: Expected) =>
      now - (newest.get(device) ?? Number.NEGATIVE_INFINITY) > silentAfterMs;
    return {
      devices: devices.length,
      silent: devices.filter(isSilent).length,
      lastReadingAgeS: latest.length === 0 ? undefined : Math.max(0, now - last) / 1_000,
    };
  }

  #refresh(): void {
    if (this.#version === this.#register.version) return;
    this.#version = this.#register.version;
    this.#byGateway = new Map();
    for (const { gateway, id, interval_s, retired } of this.#register.devices()) {
      if (retired === true) continue;
      const silentAfterMs = Math.max(SILENT_MS, SILENT_INTERVALS * 1_000 * (interval_s ?? 0));
      const list = this.#byGateway.get(gateway);
      if (list === undefined) this.#byGateway.set(gateway, [{ device: id, silentAfterMs }]);
      else list.push({ device: id, silentAfterMs });
    }
  }
}

type GatewayFields = Record<Exclude<(typeof GATEWAY_FIELDS)[number], 'version'>, number> & { readonly version: string };

export function gatewayFields(status: GatewayStatus, devices: DevicesOfGateway): GatewayFields {
  const { health, online, twoEpochs, version, counts } = status;
  const outbox = health?.outbox;
  return {
    online: online === true ? 1 : 0,
    outbox_readings: outbox?.buffered ?? 0,
    outbox_oldest_s: outbox?.oldest_s ?? 0,
    clock_offset_ms: health?.clock_offset_ms ?? 0,
    clock_known: health?.clock_offset_ms == null ? 0 : 1,
    memory_mib: health?.memory_mib ?? 0,
    two_epochs: twoEpochs ? 1 : 0,
    produced: outbox?.produced ?? 0,
    stored: outbox?.stored ?? counts.stored,
    rejected: outbox === undefined ? sum(counts.rejected) : sum(outbox.rejected),
    dropped: outbox?.dropped ?? 0,
    buffered: outbox?.buffered ?? 0,
    devices: devices.devices,
    silent_devices: devices.silent,
    last_reading_age_s: devices.lastReadingAgeS ?? 0,
    has_readings: devices.lastReadingAgeS === undefined ? 0 : 1,
    version: health?.version ?? version ?? 'unknown',
  };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
