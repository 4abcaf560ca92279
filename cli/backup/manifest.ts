/** What a backup says of itself, in `backup.json`: written last, so that a folder without one is no backup. */
import { z } from 'zod';
import { LamplighterError } from '../../contract/error-codes.ts';

export const MANIFEST = 'backup.json';
/** Raised when an older Lamplighter could not restore it. */
const FORMAT = 1;

/** Relative, with forward slashes, and never out of the folder. */
const path = z.string().regex(/^(?!.*(^|\/)\.\.?(\/|$))[^/\0\\]+(\/[^/\0\\]+)*$/, 'must be a path within the backup');

const manifestSchema = z.object({
  format: z.int().min(1),
  /** Version of Lamplighter that made it. */
  lamplighter: z.string(),
  /** Epoch milliseconds. */
  began: z.int(),
  finished: z.int(),
  store: z.enum(['duckdb', 'influxdb', 'none']),
  roles: z.array(z.string()),
  files: z.array(
    z.strictObject({ path, bytes: z.int().min(0), sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be SHA-256') }),
  ),
});
export type BackupManifest = z.infer<typeof manifestSchema>;
export type BackedUpFile = BackupManifest['files'][number];

export function newManifest(content: Omit<BackupManifest, 'format'>): BackupManifest {
  return { format: FORMAT, ...content };
}

/** @throws LamplighterError when it is no manifest, or one of a newer Lamplighter than `version`. */
export function readManifest(text: string, from: string, version: string): BackupManifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw altered(`${MANIFEST} of ${from} is cut short or altered (${(error as Error).message})`);
  }
  const head = z.object({ format: z.int(), lamplighter: z.string() }).safeParse(json);
  if (head.success && (head.data.format > FORMAT || isNewer(head.data.lamplighter, version))) {
    throw new LamplighterError(
      'conflict',
      `${from} was made by Lamplighter ${head.data.lamplighter}, and this is ${version}. Restore it with that version or a newer one.`,
    );
  }
  const result = manifestSchema.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw altered(`${MANIFEST} of ${from} is altered: ${issue?.path.join('.')} ${issue?.message}`);
  }
  return result.data;
}

export function altered(words: string): LamplighterError {
  return new LamplighterError('bad-request', `${words}. Nothing was restored; use another backup.`);
}

/** By the numbers of both; what follows them (`-rc.1`) does not count. */
function isNewer(theirs: string, ours: string): boolean {
  const numbers = (text: string) => text.split(/[-+]/)[0]?.split('.').map(Number) ?? [];
  const [a, b] = [numbers(theirs), numbers(ours)];
  for (let i = 0; i < 3; i++) if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) > (b[i] ?? 0);
  return false;
}
