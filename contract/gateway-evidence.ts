/**
 * What ingest has noticed of a gateway besides its readings, so that a missing reading can be explained
 * (energy/completeness/). Plain data: ingest may run in another process than who asks. All times are epoch milliseconds
 * by ingest's clock, unless they are said to be times of readings.
 */
import type { MarkedDayKey } from './roll-up-marks.ts';
import type { LaterReason } from './verdicts.ts';

/** A reading that arrives later than this after its time is counted as late: its quarter hour is over by then. */
export const LATE_AFTER_MS = 15 * 60_000;

/** `to` exclusive. */
export interface EvidenceStretch {
  readonly from: number;
  readonly to: number;
}

/** Readings whose times lie within the stretch. */
export interface CountedEvidence extends EvidenceStretch {
  readonly count: number;
}

export interface PresenceChange {
  readonly at: number;
  readonly online: boolean;
  /** Of an online: the connection it speaks of, by the gateway's clock. One that was announced before is the same one. */
  readonly since: number;
  /** Of an offline: when the gateway was last heard of before; a dead link is noticed only a while later. */
  readonly heard: number;
}

/** A new start of the gateway, by its health. */
export interface GatewayStart {
  readonly at: number;
  readonly epoch: string;
}

/** Batches that were never settled although later ones of the same epoch are. */
export interface SequenceGap {
  readonly epoch: string;
  readonly first: number;
  readonly last: number;
  /** Times of the readings before and after it; null when they are not known. */
  readonly from: number | null;
  readonly to: number | null;
}

export interface RefusedReadings extends CountedEvidence {
  readonly device: string;
  readonly reason: string;
}

export interface WaitingReadings extends CountedEvidence {
  readonly device: string;
  readonly reason: LaterReason;
}

/** What the gateway still holds, by its last health. */
export interface HeldReadings {
  readonly at: number;
  /** Epoch of the gateway's start that said so. */
  readonly epoch: string;
  /** When the oldest of it was put into the outbox; `at` when it holds nothing. */
  readonly oldestAt: number;
  readonly buffered: number;
  /** Of the buffered: put aside after repeated failures. */
  readonly setAside: number;
  /** Given up since the outbox was made. */
  readonly dropped: number;
}

export interface GatewayEvidence {
  readonly gateway: string;
  /** Since when its presence is known; null when it was never heard of, or says nothing of its presence. */
  readonly knownSince: number | null;
  /** In order, and of the time before: as many as are kept. */
  readonly presence: readonly PresenceChange[];
  readonly starts: readonly GatewayStart[];
  /** Given up by its full outbox; the count may lie anywhere in the stretch. */
  readonly dropped: readonly CountedEvidence[];
  readonly gaps: readonly SequenceGap[];
  /** Null when it says nothing of its health. */
  readonly held: HeldReadings | null;
  /** Refused for good, as far as the dead letters are still kept. */
  readonly refused: readonly RefusedReadings[];
  /** Told to come again later. Known since the start of ingest. */
  readonly waiting: readonly WaitingReadings[];
  /** Stored readings that came more than LATE_AFTER_MS after their time, by the hour (UTC) of their time. */
  readonly late: readonly CountedEvidence[];
}

export interface EvidenceQuery {
  readonly gateways: readonly string[];
  /** Of readings in [from, to). */
  readonly from: number;
  readonly to: number;
  /** Quarter hours that end after this are not expected to be rolled up. */
  readonly rolledUpBefore: number;
}

export interface CompletenessEvidence {
  /** When ingest ran and heard the broker, in order; the last one is still open and ends when it answered. */
  readonly listening: readonly EvidenceStretch[];
  readonly gateways: readonly GatewayEvidence[];
  /** Not all dead letters could be looked at, or not all are kept: refused readings may be missing here. */
  readonly refusedPartly: boolean;
  /** Days of devices (UTC) whose readings of before `rolledUpBefore` are not all rolled up. */
  readonly unfinishedDays: readonly MarkedDayKey[];
}
