/** Presence: retained on `{prefix}/{gateway}/presence`, and the gateway's last will. */
import { z } from 'zod';

export const presenceSchema = z.object({
  online: z.boolean(),
  /** Epoch milliseconds of the connection this message speaks of; the will carries the same. */
  since: z.int(),
  version: z.string().max(64),
});

export type Presence = z.infer<typeof presenceSchema>;

/** An offline that speaks of an older connection than the known online is a late last will: ignore it. */
export function isStaleOffline(known: Presence | undefined, next: Presence): boolean {
  return known?.online === true && !next.online && next.since < known.since;
}
