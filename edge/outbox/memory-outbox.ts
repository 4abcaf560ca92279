/** An outbox in memory, for gateways without a disk. It keeps every promise but durability: a power cut loses it. */
import { BufferedOutbox, type OutboxOptions } from './buffered-outbox.ts';
import { MemoryStorage } from './memory-storage.ts';
import type { Outbox } from './outbox.ts';

/** A gateway without a disk has little to give: readings of some hours rather than of weeks. */
const MEMORY_CAPACITY_BYTES = 16 * 1024 * 1024;

export function createMemoryOutbox(options: OutboxOptions): Outbox {
  return new BufferedOutbox(new MemoryStorage(), { capacityBytes: MEMORY_CAPACITY_BYTES, ...options });
}
