/** What imports answer. */
import { z } from 'zod';
import { IMPORT_KINDS } from '../../register/import/columns.ts';

export const importReply = z.object({
  kind: z.enum(IMPORT_KINDS),
  /** False for a preview. */
  written: z.boolean(),
  /** Names what would be done: give it with the import, and it is refused when it would do something else by then. */
  plan: z.string(),
  new: z.number(),
  changed: z.number(),
  unchanged: z.number(),
  tokens_to_make: z.number(),
  first_new: z.array(z.object({ line: z.number(), id: z.string() })),
  first_changed: z.array(
    z.object({
      line: z.number(),
      id: z.string(),
      fields: z.array(z.object({ field: z.string(), before: z.string(), after: z.string() })),
    }),
  ),
  /** Shown this once. */
  tokens: z.array(
    z.object({ id: z.string(), site: z.string(), token: z.string(), gateway_yaml: z.string().optional() }),
  ),
});
export type ImportReply = z.infer<typeof importReply>;

export const manifestReply = z.object({
  written: z.boolean(),
  changes: z.array(z.object({ action: z.string(), kind: z.string(), id: z.string(), words: z.string() })),
  conflicts: z.array(z.object({ kind: z.string(), id: z.string(), words: z.string() })),
});
export type ManifestReply = z.infer<typeof manifestReply>;

export const importLimitsReply = z.object({
  gateway: z.string(),
  retired: z.boolean(),
  /** Times from the one to the other are taken now, epoch milliseconds. */
  oldest_ms: z.number(),
  newest_ms: z.number(),
  retention_days: z.number(),
});
export type ImportLimitsReply = z.infer<typeof importLimitsReply>;

/** How one batch ended. */
export const importedBatchReply = z.object({
  outcome: z.enum(['settled', 'duplicate', 'pending', 'later', 'shed']),
  /** Of `settled` and `duplicate`: what is not stored, by its position in the batch. */
  rejected: z.array(z.object({ index: z.number(), reason: z.string(), detail: z.string() })),
  /** Of the others: why, and what helps. */
  words: z.string(),
});
export type ImportedBatchReply = z.infer<typeof importedBatchReply>;
