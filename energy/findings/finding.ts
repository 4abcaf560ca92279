/** What is wrong in a city, and what the rules that find it are given. */
import type { LampNow } from '../lamp-state.ts';
import type { Position } from '../sun.ts';

export const FINDING_KINDS = [
  'after-hours',
  'day-burner',
  'dark-circuit',
  'silent-gateway',
  'meter-reset',
  'high-co2',
  'lamp-failure',
  'store',
  'two-epochs',
  'outbox-dropping',
  'dead-letters',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Figure {
  readonly label: string;
  readonly value: number;
  readonly unit: string;
}

export interface Finding {
  /** The same for the same thing being wrong at the same place. */
  readonly id: string;
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly site: string | null;
  readonly gateway: string | null;
  readonly device: string | null;
  /** The devices that show it, as `gateway/device`, where it is about several; absent when those above say it all. */
  readonly devices?: readonly string[];
  /** Epoch milliseconds; null when nobody can say. */
  readonly since: number | null;
  readonly title: string;
  readonly words: string;
  readonly whatToDo: string;
  readonly figures: readonly Figure[];
}

export type Rule = (city: CityInputs) => readonly Finding[];

/** One number per quarter hour, NaN where unknown. */
export interface QuarterSeries {
  readonly firstSlot: number;
  readonly values: Float64Array;
}

/** Local times such as 07:30 on these days of the week, 0 is Sunday. */
export interface OpenHours {
  readonly days: readonly number[];
  readonly open: string;
  readonly close: string;
}

export interface BuildingInput {
  readonly site: string;
  readonly name: string;
  readonly zone: string;
  readonly use: string | undefined;
  readonly floorAreaM2: number | undefined;
  readonly schedule: OpenHours | undefined;
  /** Mean power that the building takes, its solar roof included, kW; of the last days. */
  readonly load: QuarterSeries;
}

/** What a lamp did at a time that was looked at: the last noon, the last midnight. */
export interface LampSample {
  readonly command: number | undefined;
  readonly powerW: number | undefined;
}

export interface LampInput {
  readonly gateway: string;
  readonly device: string;
  readonly name: string;
  readonly nominalW: number | undefined;
  readonly now: LampNow;
  readonly noon: LampSample | undefined;
  readonly midnight: LampSample | undefined;
}

export interface CircuitInput {
  readonly site: string;
  readonly name: string;
  readonly zone: string;
  readonly position: Position | undefined;
  readonly lamps: readonly LampInput[];
  /** Epoch milliseconds of the samples. */
  readonly noonAt: number;
  readonly midnightAt: number;
}

export interface RoomInput {
  readonly site: string;
  readonly siteName: string;
  readonly zone: string;
  readonly gateway: string;
  readonly device: string;
  readonly name: string;
  /** Means of the last day or more, ppm. */
  readonly co2: QuarterSeries;
}

export interface GatewayInput {
  readonly gateway: string;
  readonly name: string;
  readonly site: string | null;
  readonly zone: string;
  readonly state: 'online' | 'silent' | 'offline' | 'never-seen' | 'retired';
  /** Epoch milliseconds of its youngest stored reading. */
  readonly lastReading: number | undefined;
  /** Seconds between readings of its fastest device. */
  readonly intervalS: number | undefined;
  readonly buffered: number | undefined;
  readonly dropped: number | undefined;
  readonly twoEpochs: boolean;
}

export interface ResetInput {
  readonly site: string | null;
  readonly siteName: string;
  readonly zone: string;
  readonly gateway: string;
  readonly device: string;
  readonly name: string;
  readonly unit: string;
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

export interface CityInputs {
  readonly now: number;
  /** How long the city has been listened to, milliseconds: what is not there after a minute may still be connecting. */
  readonly uptimeMs: number;
  readonly buildings: readonly BuildingInput[];
  readonly circuits: readonly CircuitInput[];
  readonly rooms: readonly RoomInput[];
  readonly gateways: readonly GatewayInput[];
  readonly resets: readonly ResetInput[];
  /** Why readings cannot be stored or read; empty when all is well. */
  readonly storeFault: string;
  /** By reason. */
  readonly deadLetters: Readonly<Record<string, number>>;
}

const NOTHING = { site: null, gateway: null, device: null, since: null } as const;

/** A finding with its id made of kind and place. */
export function aFinding(
  finding: Omit<Finding, 'id' | 'site' | 'gateway' | 'device' | 'since'> & Partial<Finding>,
): Finding {
  const { site, gateway, device } = finding;
  const place = [site, gateway, device].filter((part) => typeof part === 'string');
  return { ...NOTHING, id: [finding.kind, ...place].join('/'), ...finding };
}

/** A figure with as many decimals as are worth showing. */
export function figure(label: string, value: number, unit: string, decimals = 0): Figure {
  return { label, value: Number(value.toFixed(decimals)), unit };
}

export function written(value: number, decimals = 0): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: decimals });
}

/** Names of devices for a finding's `devices`. */
export function devicesOf(lamps: readonly Pick<LampInput, 'gateway' | 'device'>[]): readonly string[] {
  return lamps.map(({ gateway, device }) => `${gateway}/${device}`);
}
