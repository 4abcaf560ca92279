/** Identifiers of gateways, devices, sites and epochs, as they appear in topics, keys and URLs. */
import { z } from 'zod';

export const ID_PATTERN = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A gateway, device or site id: 1–63 of `a-z 0-9 -`, not starting with `-`. Safe in a topic, a file name and a URL. */
export const idSchema = z
  .string()
  .regex(ID_PATTERN, 'must be 1 to 63 characters of a-z, 0-9 and "-", starting with a letter or digit');

/** Random and new at every start of a gateway; those of `isServerEpoch` are reserved. */
export const EPOCH_PATTERN = /^[a-z0-9]{1,32}$/;
export const epochSchema = z.string().regex(EPOCH_PATTERN, 'must be 1 to 32 characters of a-z and 0-9');

export const REPLAY_EPOCH = 'replay';
/** Epochs of imported files begin so; the rest is made from the file, so that the same file has the same epoch. */
export const IMPORT_EPOCH_PREFIX = 'import';

/** Epochs that the server itself numbers. No gateway ever names them as held, so the ledger never folds them. */
export function isServerEpoch(epoch: string): boolean {
  return epoch === REPLAY_EPOCH || epoch.startsWith(IMPORT_EPOCH_PREFIX);
}
