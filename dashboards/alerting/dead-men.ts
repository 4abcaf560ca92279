/**
 * What only somebody else can notice: that ingest or the analysis say nothing at all. A series that stops is "missing"
 * to Grafana and fires nothing, so these ask for a count and fire on no data.
 */
import type { AlertRule } from '../../alerts/alert-rule.ts';
import type { GrafanaForm } from '../../alerts/grafana-form.ts';
import { ALERTING } from '../../contract/alert-points.ts';
import { PIPELINE } from '../../contract/self-report.ts';

export type GrafanaRule = Pick<
  AlertRule,
  'id' | 'title' | 'summary' | 'whatToDo' | 'severity' | 'owner' | 'forMs' | 'keepMs' | 'grafana'
>;

const MINUTE_MS = 60_000;

function countOf(field: string, measurement: string): GrafanaForm {
  return {
    from: 'raw',
    query: `SELECT count("${field}") FROM "${measurement}" WHERE $timeFilter GROUP BY time(1m) fill(none)`,
    tags: [],
    rangeMs: 5 * MINUTE_MS,
    reduce: 'sum',
    limit: { below: 1 },
    noData: 'Alerting',
    unit: 'reports',
  };
}

export const DEAD_MEN: readonly GrafanaRule[] = [
  {
    id: 'ingest-says-nothing',
    title: 'Ingest says nothing',
    summary: 'Ingest has reported nothing of itself for five minutes: it is down, or it cannot write to InfluxDB.',
    whatToDo: 'Look whether the container of ingest runs and what it logs, then at InfluxDB: disk, token, memory.',
    severity: 'critical',
    owner: 'operator',
    forMs: 2 * MINUTE_MS,
    keepMs: 0,
    grafana: countOf('stored', PIPELINE),
  },
  {
    id: 'analysis-says-nothing',
    title: 'Analysis says nothing',
    summary:
      'Alerts have not been evaluated for five minutes. Those that only the analysis can judge would not fire now, and those that fired may look as if they were over.',
    whatToDo: 'Look whether the container of the analysis runs and what it logs, then at InfluxDB.',
    severity: 'critical',
    owner: 'operator',
    forMs: 2 * MINUTE_MS,
    keepMs: 0,
    grafana: countOf('rules', ALERTING),
  },
];
