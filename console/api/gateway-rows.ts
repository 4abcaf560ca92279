/** A gateway as the console shows it: what the register says joined with what ingest hears. */
import { gatewayStateOf, hasFreshHealth } from '../../contract/gateway-state.ts';
import type { GatewayCounts, GatewayStatus, IngestView } from '../../ingest/ingest-view.ts';
import type { Gateway } from '../../register/model.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { isoTime } from './iso-time.ts';
import type { GatewayReply, GatewayState, GatewaySummaryReply } from './replies.ts';

const NO_COUNTS: GatewayCounts = {
  received: 0,
  stored: 0,
  duplicate: 0,
  rejected: {},
  later: {},
  shed: 0,
  queued: 0,
};

interface Sources {
  readonly register: RegisterView;
  readonly ingest: IngestView;
}

/** All gateways that the register or ingest knows, in order of id. */
export function gatewayRows(sources: Sources, now: number): GatewayReply[] {
  const statusById = new Map(sources.ingest.gateways().map((status) => [status.gateway, status]));
  const rows: GatewayReply[] = [];
  for (const gateway of sources.register.gateways()) {
    rows.push(gatewayRow(gateway, statusById.get(gateway.id), now));
    statusById.delete(gateway.id);
  }
  for (const status of statusById.values()) rows.push(gatewayRow(undefined, status, now));
  return rows.sort((one, other) => (one.id < other.id ? -1 : 1));
}

export function gatewayRow(gateway: Gateway | undefined, status: GatewayStatus | undefined, now: number): GatewayReply {
  const state = gatewayState(gateway, status, now);
  return {
    id: gateway?.id ?? status?.gateway ?? '',
    name: gateway?.name ?? null,
    site: gateway?.site ?? null,
    registered: gateway !== undefined,
    retired: gateway?.retired ?? false,
    ...(gateway?.retired_at === undefined ? {} : { retired_at: gateway.retired_at }),
    state,
    silent: !hasFreshHealth(status, now),
    since: status?.since === undefined ? null : isoTime(status.since),
    since_ms: status?.since ?? null,
    version: status?.health?.version ?? status?.version ?? null,
    two_epochs: status?.twoEpochs ?? false,
    health: healthRow(status, now),
    counts: countsRow(status?.counts ?? NO_COUNTS),
  };
}

export function gatewayState(
  gateway: Gateway | undefined,
  status: GatewayStatus | undefined,
  now: number,
): GatewayState {
  return gatewayStateOf(status, gateway?.retired === true, now);
}

function healthRow(status: GatewayStatus | undefined, now: number): GatewayReply['health'] {
  if (status?.health === undefined || status.healthAt === undefined) return null;
  const { uptime_s, outbox, later, clock_offset_ms, memory_mib, sources } = status.health;
  return {
    at: isoTime(status.healthAt),
    at_ms: status.healthAt,
    age_s: Math.max(0, (now - status.healthAt) / 1_000),
    uptime_s,
    outbox,
    later,
    clock_offset_ms,
    memory_mib,
    sources,
  };
}

export function countsRow(counts: GatewayCounts): GatewayReply['counts'] {
  const { received, stored, duplicate, rejected, later, shed, queued } = counts;
  return { received, stored, duplicate, rejected: { ...rejected }, later: { ...later }, shed, queued };
}

/** Counts of all gateways added up. */
export function addCounts(all: Iterable<GatewayCounts>): GatewayReply['counts'] {
  const sum = countsRow(NO_COUNTS);
  for (const counts of all) {
    sum.received += counts.received;
    sum.stored += counts.stored;
    sum.duplicate += counts.duplicate;
    sum.shed += counts.shed;
    sum.queued += counts.queued;
    for (const [reason, number] of Object.entries(counts.rejected))
      sum.rejected[reason] = (sum.rejected[reason] ?? 0) + number;
    for (const [reason, number] of Object.entries(counts.later)) sum.later[reason] = (sum.later[reason] ?? 0) + number;
  }
  return sum;
}

export function summarise(rows: readonly GatewayReply[]): GatewaySummaryReply {
  const summary: GatewaySummaryReply = {
    gateways: rows.length,
    by_state: {},
    two_epochs: 0,
    buffered: 0,
    oldest_s: 0,
    set_aside: 0,
    dropped: 0,
  };
  for (const row of rows) {
    summary.by_state[row.state] = (summary.by_state[row.state] ?? 0) + 1;
    if (row.two_epochs) summary.two_epochs++;
    if (row.health === null) continue;
    summary.buffered += row.health.outbox.buffered;
    summary.oldest_s = Math.max(summary.oldest_s, row.health.outbox.oldest_s);
    summary.set_aside += row.health.outbox.set_aside;
    summary.dropped += row.health.outbox.dropped;
  }
  return summary;
}
