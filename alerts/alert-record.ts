/** An alert as it is kept: what is wrong, and its life so far. Plain data; all times are epoch milliseconds. */
import { z } from 'zod';
import { SEVERITIES } from '../energy/findings/finding.ts';

const ms = z.number();
const part = z.string().nullable();

const common = z.object({
  /** `rule/site/gateway/device`, as much as the rule's place has; the same for the same thing at the same place. */
  id: z.string(),
  rule: z.string(),
  severity: z.enum(SEVERITIES),
  site: part,
  gateway: part,
  device: part,
  /** `gateway/device`, where it is about several. */
  devices: z.array(z.string()),
  title: z.string(),
  words: z.string(),
  whatToDo: z.string(),
  figures: z.array(z.object({ label: z.string(), value: z.number(), unit: z.string() })),
  /** Since when it is so, as far as the data tell. */
  since: ms.nullable(),
  /** When it was first seen. */
  seenAt: ms,
});

export const openAlertSchema = common.extend({
  /** Pending until it has been so for the time that the rule asks. */
  state: z.enum(['pending', 'firing']),
  /** The worst that it was since it fires, as it was told; absent in what an older version wrote. */
  worst: z.enum(SEVERITIES).optional(),
  /** When it became an alert; null while pending. */
  firingAt: ms.nullable(),
  /** For how long it has been so while pending, and not so while firing: time that was looked at, milliseconds. */
  heldMs: z.number(),
  quietMs: z.number(),
  /** Why it cannot be said whether it is still so; empty when it can. */
  unjudged: z.string(),
});
export type OpenAlert = z.infer<typeof openAlertSchema>;

export const resolvedAlertSchema = common.extend({
  firingAt: ms,
  resolvedAt: ms,
  /** In the order in which they ended. */
  number: z.number(),
});
export type ResolvedAlert = z.infer<typeof resolvedAlertSchema>;

/** What became of an alert, for those who are told. */
export interface AlertChange {
  readonly status: 'firing' | 'resolved';
  readonly alert: OpenAlert | ResolvedAlert;
}
