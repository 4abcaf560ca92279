/**
 * What ingest says of itself and of the gateways, as points for boards: one measurement each, every field every time.
 * Counts are those since the process started; after a restart they begin at 0 again.
 */

/** Of the process. Tag: process. */
export const PIPELINE = 'lamplighter_pipeline';
export const PIPELINE_FIELDS = [
  'received',
  'stored',
  'duplicate',
  'rejected',
  'later',
  'shed',
  'queued',
  'queue_bytes',
  'queue_capacity_bytes',
  'accepting',
  'store_failing',
  'ack_p50_ms',
  'ack_p99_ms',
  'stored_per_s',
  'undecodable',
  'dead_letters',
  'memory_mib',
  // Of the disk of its data folder. `disk_short`: 0 enough, 1 low, 2 short; all 0 with `disk_known` 0.
  'disk_known',
  'disk_free_bytes',
  'disk_size_bytes',
  'disk_short',
] as const;

/** Readings by what kept them out. Tags: process, kind (`rejected`, `later`, `dead_letter`), reason. Field: count. */
export const REASONS = 'lamplighter_reasons';

/** Of a gateway, as it said last. Tags: gateway, site. */
export const GATEWAY = 'lamplighter_gateway';
export const GATEWAY_FIELDS = [
  'online',
  'outbox_readings',
  'outbox_oldest_s',
  'clock_offset_ms',
  'clock_known',
  'memory_mib',
  'two_epochs',
  'produced',
  'stored',
  'rejected',
  'dropped',
  'buffered',
  'devices',
  'silent_devices',
  // Age of its newest stored reading; 0 with `has_readings` 0 where it never sent one.
  'last_reading_age_s',
  'has_readings',
  // Text.
  'version',
] as const;
