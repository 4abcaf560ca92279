/** What the console's routes answer with. The page imports the types, OpenAPI is made from the schemas. */
import { z } from 'zod';
import { LATER_REASONS } from '../../contract/verdicts.ts';
import { meterSchema, tariffsSchema } from '../../register/model.ts';

export type { ErrorReply } from './error-reply.ts';
export { errorReply } from './error-reply.ts';

const count = z.number().describe('Number of readings');
const byReason = z.record(z.string(), z.number());
const epochMs = z.number().describe('Epoch milliseconds, UTC');
const isoTime = z.string().describe('ISO 8601, UTC');

export const partReply = z.object({ ok: z.boolean(), words: z.string() });
export const healthReply = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string().optional(),
  uptime_s: z.number().optional(),
  at: isoTime.optional(),
  /** Left out for those who may not read. */
  parts: z
    .object({
      broker: partReply,
      ingest: partReply,
      store: partReply,
      roll_ups: partReply,
      disk: partReply,
      register: partReply,
      console: partReply,
    })
    .optional(),
});
export type HealthReply = z.infer<typeof healthReply>;

export const metricReply = z.object({
  id: z.string(),
  label: z.string(),
  unit: z.string().describe('UCUM code'),
  symbol: z.string().describe('The unit as people write it'),
  family: z.string(),
  kind: z.string(),
  min: z.number(),
  max: z.number(),
  decimals: z.number(),
  roll_up: z.string(),
});
export const catalogueReply = z.object({ metrics: z.array(metricReply) });

export const siteReply = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  use: z.string().optional(),
  floor_area_m2: z.number().optional(),
  schedule: z
    .object({ days: z.array(z.number()), open: z.string(), close: z.string() })
    .optional()
    .describe('Local hours of use; days of the week, 0 is Sunday'),
  latitude: z.number().optional(),
  longitude: z.number().optional(),
  address: z.string().optional(),
  zone: z.string(),
  tariffs: tariffsSchema.optional().describe('Ids of tariffs by carrier'),
  factors: z.string().optional().describe('Id of the set of emission factors'),
  contract_demand_kw: z.number().optional(),
  budget_kwh: z.number().optional().describe('Electricity of a fiscal year'),
  retired: z.boolean().optional(),
});
export type SiteReply = z.infer<typeof siteReply>;
export const sitesReply = z.object({ sites: z.array(siteReply) });

export const deviceReply = z.object({
  gateway: z.string(),
  id: z.string(),
  name: z.string(),
  kind: z.string().optional(),
  interval_s: z.number().optional(),
  nominal_w: z.number().optional().describe('What a lamp takes at full power'),
  interval_stamp: z.enum(['begin', 'end']).optional().describe('Which end of its interval a reading is stamped with'),
  meter: meterSchema.optional().describe('How its registers count, and when they were exchanged'),
  site: z.string().describe('Where it is now'),
  placements: z.array(z.object({ site: z.string(), from: epochMs })),
  is_new: z.boolean(),
  retired: z.boolean().optional(),
  retired_at: epochMs.optional().describe('From when on nothing is expected of it'),
});
export const devicesReply = z.object({ devices: z.array(deviceReply) });

export const valueReply = z.object({
  site: z.string().nullable(),
  gateway: z.string(),
  device: z.string(),
  metric: z.string(),
  label: z.string(),
  value: z.number(),
  unit: z.string().describe('The unit as people write it'),
  time: isoTime,
  time_ms: epochMs,
  age_s: z.number(),
});
export type ValueReply = z.infer<typeof valueReply>;
export const latestReply = z.object({ at: isoTime, at_ms: epochMs, values: z.array(valueReply) });
export type LatestReply = z.infer<typeof latestReply>;

export const pointReply = z.object({
  time: isoTime,
  time_ms: epochMs,
  value: z.number().describe('The stored value, or the mean of the bucket'),
  min: z.number().optional(),
  max: z.number().optional(),
  last: z.number().optional(),
  count: z.number().optional(),
});
export const totalPointReply = z.object({
  time: isoTime,
  time_ms: epochMs,
  value: z.number().describe('Sum of the bucket means'),
  devices: z.number().describe('How many devices it adds up'),
});
export const seriesReply = z.object({
  metric: z.string(),
  label: z.string(),
  unit: z.string(),
  from: isoTime,
  from_ms: epochMs,
  to: isoTime,
  to_ms: epochMs,
  every_ms: z.number().nullable(),
  points: z.number().describe('Number of points in this answer'),
  series: z.array(
    z.object({ site: z.string().nullable(), gateway: z.string(), device: z.string(), points: z.array(pointReply) }),
  ),
  total: z.array(totalPointReply).optional(),
});
export type SeriesReply = z.infer<typeof seriesReply>;

export const totalReply = z.object({
  gateway: z.string(),
  device: z.string(),
  metric: z.string(),
  count: z.number().describe('Distinct stored values'),
  sum: z.number(),
  unit: z.string(),
  first_time: isoTime,
  first_ms: epochMs,
  last_time: isoTime,
  last_ms: epochMs,
});
export const totalsReply = z.object({
  from: isoTime.nullable(),
  to: isoTime.nullable(),
  count: z.number(),
  totals: z.array(totalReply),
});

export const countsReply = z
  .object({
    received: count,
    stored: count,
    duplicate: count,
    rejected: byReason,
    later: byReason,
    shed: count,
    queued: count,
  })
  .describe('Since ingest started: received = stored + duplicate + rejected + later + shed + queued');

export const gatewayHealthReply = z.object({
  at: isoTime,
  at_ms: epochMs,
  age_s: z.number(),
  uptime_s: z.number(),
  outbox: z.object({
    produced: count,
    stored: count,
    rejected: byReason,
    dropped: count,
    buffered: count,
    set_aside: count,
    undated: count,
    batches: z.number(),
    bytes: z.number(),
    capacity_bytes: z.number(),
    oldest_s: z.number(),
  }),
  later: byReason.describe(`Batches to be sent again, by reason: ${Object.keys(LATER_REASONS).join(', ')}`),
  clock_offset_ms: z.number().nullable(),
  memory_mib: z.number(),
  sources: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      state: z.string(),
      detail: z.string(),
      readings: count,
      refused: z.number(),
    }),
  ),
});

export const GATEWAY_STATES = ['online', 'silent', 'offline', 'never-seen', 'retired'] as const;
export type GatewayState = (typeof GATEWAY_STATES)[number];

export const gatewayReply = z.object({
  id: z.string(),
  name: z.string().nullable(),
  site: z.string().nullable(),
  registered: z.boolean().describe('False for a gateway that is heard of but not in the register'),
  retired: z.boolean(),
  retired_at: epochMs.optional().describe('From when on nothing is expected of its devices'),
  state: z
    .enum(GATEWAY_STATES)
    .describe('online: present and its health is fresh; silent: present by its last word, but no health for 90 s'),
  silent: z.boolean().describe('No health for more than three intervals'),
  since: isoTime.nullable(),
  since_ms: epochMs.nullable(),
  version: z.string().nullable(),
  two_epochs: z.boolean().describe('Two starts of this gateway are alive at once: a cloned disk'),
  health: gatewayHealthReply.nullable(),
  counts: countsReply,
});
export type GatewayReply = z.infer<typeof gatewayReply>;

export const gatewaySummaryReply = z.object({
  gateways: z.number(),
  by_state: z.record(z.string(), z.number()),
  two_epochs: z.number(),
  buffered: count,
  oldest_s: z.number(),
  set_aside: count,
  dropped: count,
});
export type GatewaySummaryReply = z.infer<typeof gatewaySummaryReply>;

export const gatewaysReply = z.object({
  at: isoTime,
  summary: gatewaySummaryReply,
  gateways: z.array(gatewayReply),
  next: z.string().nullable().describe('Send as `after` for the next page'),
});
export type GatewaysReply = z.infer<typeof gatewaysReply>;

export const newGatewayReply = z.object({
  id: z.string(),
  site: z.string(),
  token: z.string().describe('Shown once and never again'),
  gateway_yaml: z.string().describe('Ready configuration file for the gateway'),
});
export const newTokenReply = z.object({ id: z.string(), token: z.string().describe('Shown once and never again') });

export const ingestReply = z.object({
  session: z.string(),
  accepting: z.boolean(),
  store_fault: z.string(),
  queue: z.object({
    batches: z.number(),
    readings: count,
    bytes: z.number(),
    capacity_bytes: z.number(),
  }),
  undecodable: z.number(),
  stored_per_s: z.number(),
  acknowledgement: z.object({ p50_ms: z.number(), p99_ms: z.number() }).nullable(),
  last_commit: isoTime.nullable(),
  counts: countsReply,
});

export const storeCheckReply = z.object({
  ok: z.boolean(),
  engine: z.string(),
  version: z.string(),
  words: z.string(),
});

export const deadLetterReply = z.object({
  id: z.string(),
  gateway: z.string(),
  epoch: z.string(),
  seq: z.number(),
  index: z.number().describe('Position in its batch; -1 for the whole batch'),
  reason: z.string(),
  /** What to do about this reason. */
  mend: z.string(),
  detail: z.string(),
  at: isoTime,
  at_ms: epochMs,
  content: z.string(),
});
export type DeadLetterReply = z.infer<typeof deadLetterReply>;
export const deadLettersReply = z.object({
  counts: byReason.describe('How many are kept, by reason'),
  letters: z.array(deadLetterReply),
  next: z.string().nullable().describe('Send as `after` for the next page'),
});
export type DeadLettersReply = z.infer<typeof deadLettersReply>;
export const replayReply = z.object({ stored: count, rejected: byReason });
export type ReplayReply = z.infer<typeof replayReply>;
export const dropReply = z.object({ dropped: z.number() });

export const sessionReply = z.object({
  signed_in: z.boolean(),
  may_read: z.boolean(),
  may_write: z.boolean().describe('With the header x-lamplighter-write: 1'),
});
export type SessionReply = z.infer<typeof sessionReply>;

/** Event `status` of /api/live, each second. */
export const statusEvent = z.object({
  at_ms: epochMs,
  version: z.string(),
  /** Epoch milliseconds when this console started. */
  since_ms: epochMs,
  received_per_s: z.number().nullable(),
  stored_per_s: z.number(),
  acknowledgement: z.object({ p50_ms: z.number(), p99_ms: z.number() }).nullable(),
  queue: ingestReply.shape.queue,
  accepting: z.boolean(),
  store_fault: z.string(),
  broker_fault: z.string(),
  stored: count,
  rejected: count,
  dead_letters: z.number(),
});
export type StatusEvent = z.infer<typeof statusEvent>;

/** Event `values` of /api/live: [site, gateway, device, metric, epoch milliseconds, value]. */
export const valuesEvent = z.object({
  values: z.array(z.tuple([z.string().nullable(), z.string(), z.string(), z.string(), z.number(), z.number()])),
  /** Readings that came too fast to be shown since the event before; /api/latest has them. */
  skipped: z.number(),
});
export type ValuesEvent = z.infer<typeof valuesEvent>;

/** Event `gateways` of /api/live. */
export const gatewaysEvent = z.object({
  summary: gatewaySummaryReply,
  /** Rows that changed. */
  rows: z.array(gatewayReply),
  /** More changed than fits: fetch /api/gateways again. */
  refetch: z.boolean(),
});
export type GatewaysEvent = z.infer<typeof gatewaysEvent>;
