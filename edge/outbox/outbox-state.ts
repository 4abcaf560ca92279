/** What an outbox knows besides its batches: the totals of the accounting identity, cursors, and where epochs begin. */
import { isRejectionReason } from '../../contract/acknowledgement.ts';
import type { OutboxCounters } from './outbox.ts';

/** Reasons that this version does not know are kept word for word up to this many; further ones share OTHER_REASON. */
const MAX_UNKNOWN_REASONS = 32;
const OTHER_REASON = 'other';
const MAX_REASON_LENGTH = 64;

export interface Totals {
  produced: number;
  stored: number;
  rejected: Map<string, number>;
  dropped: number;
  buffered: number;
  /** Readings in batches that are set aside. */
  setAside: number;
  undated: number;
  batches: number;
  bytes: number;
  /** Ids of the newest batch and undated reading ever made. */
  lastId: number;
  lastUndatedId: number;
  /** Dropped batches that are still remembered. */
  droppedRecords: number;
}

/** An epoch's batches have consecutive ids from here up to the next epoch's start, so that seq = id − firstId + 1. */
export interface EpochStart {
  readonly epoch: string;
  readonly firstId: number;
}

export interface OutboxState {
  readonly totals: Readonly<Totals>;
  readonly cursors: ReadonlyMap<string, string>;
  /** By rising firstId. */
  readonly epochs: readonly EpochStart[];
}

export function emptyState(): OutboxState {
  const totals: Totals = {
    produced: 0,
    stored: 0,
    rejected: new Map(),
    dropped: 0,
    buffered: 0,
    setAside: 0,
    undated: 0,
    batches: 0,
    bytes: 0,
    lastId: 0,
    lastUndatedId: 0,
    droppedRecords: 0,
  };
  return { totals, cursors: new Map(), epochs: [] };
}

export function copyTotals(totals: Readonly<Totals>): Totals {
  return { ...totals, rejected: new Map(totals.rejected) };
}

/** Counts rejected readings; the number of reasons stays bounded whatever ingest sends. */
export function countRejected(totals: Totals, reason: string, readings: number): void {
  const word = reason.slice(0, MAX_REASON_LENGTH);
  const key = isRejectionReason(word) || totals.rejected.has(word) || hasRoomFor(totals) ? word : OTHER_REASON;
  totals.rejected.set(key, (totals.rejected.get(key) ?? 0) + readings);
}

function hasRoomFor(totals: Totals): boolean {
  let unknown = 0;
  for (const key of totals.rejected.keys()) if (!isRejectionReason(key) && key !== OTHER_REASON) unknown++;
  return unknown < MAX_UNKNOWN_REASONS;
}

export function countersOf(totals: Readonly<Totals>, capacityBytes: number): OutboxCounters {
  const { produced, stored, dropped, buffered, setAside, undated, batches, bytes } = totals;
  const rejected = Object.fromEntries(totals.rejected);
  return { produced, stored, rejected, dropped, buffered, setAside, undated, batches, bytes, capacityBytes };
}

/** Ids that the batches of an epoch have, both ends included; undefined for an epoch of which nothing is known. */
export function idsOfEpoch(state: OutboxState, epoch: string): { first: number; last: number } | undefined {
  const at = state.epochs.findIndex((entry) => entry.epoch === epoch);
  const entry = state.epochs[at];
  if (entry === undefined) return undefined;
  const next = state.epochs[at + 1];
  return { first: entry.firstId, last: next === undefined ? state.totals.lastId : next.firstId - 1 };
}

/** The epoch and seq of a batch that this outbox numbered. */
export function numberOf(state: OutboxState, id: number): { epoch: string; seq: number } {
  const entry = state.epochs.findLast((candidate) => candidate.firstId <= id);
  if (entry === undefined) throw new Error(`batch ${id} belongs to no epoch of this outbox`);
  return { epoch: entry.epoch, seq: id - entry.firstId + 1 };
}

/** JSON of totals and cursors; epochs are saved apart because they change once a start. */
export function stateToJson(state: OutboxState): string {
  return JSON.stringify({ ...state.totals, rejected: [...state.totals.rejected], cursors: [...state.cursors] });
}

/** Throws when the text is not what `stateToJson` and JSON.stringify(epochs) wrote. */
export function stateFromJson(stateJson: string, epochsJson: string): OutboxState {
  const { rejected, cursors, ...numbers } = JSON.parse(stateJson);
  const state = emptyState();
  const totals: Totals = { ...state.totals, ...numbers, rejected: new Map(rejected) };
  for (const [name, value] of Object.entries(totals))
    if (name !== 'rejected' && !(Number.isSafeInteger(value) && value >= 0))
      throw new Error(`the counter ${name} must be a whole number, got ${value}`);
  const epochs: EpochStart[] = JSON.parse(epochsJson);
  return { totals, cursors: new Map(cursors), epochs };
}
