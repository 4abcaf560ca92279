/**
 * The table of alerts in Grafana's file format (grafana/grafana, pkg/services/provisioning/alerting/rules_types.go).
 * What is easily wrong: `folder` is a title; ranges are seconds; a query must answer time series, has neither template
 * variables nor $__interval, and fills nothing (a null would be reduced); `$` in texts that are no model is expanded
 * from the environment, but in annotations only `${NAME}` is, so that `{{ $labels.site }}` may stand there.
 */
import type { GrafanaForm } from '../../alerts/grafana-form.ts';
import { ALERT_RULES } from '../../alerts/rules/table.ts';
import { type DatasourceName, datasourceRef } from '../datasources.ts';
import { DEAD_MEN, type GrafanaRule } from './dead-men.ts';

/** Not the folder of the boards: that has a uid, and Grafana looks this one up by its title. */
export const FOLDER = 'Lamplighter alerts';
const EXPRESSIONS = '__expr__';
const EVALUATE_EVERY = '60s';
const MINUTE_MS = 60_000;

/** Rules that look at the same data are evaluated one after the other, so each database has a group of its own. */
const GROUPS: Readonly<Record<DatasourceName, string>> = {
  raw: 'Now',
  quarters: 'Quarter hours',
  long: 'Days',
};

export const GRAFANA_RULES: readonly GrafanaRule[] = [...DEAD_MEN, ...ALERT_RULES];

export function rulesFile(): object {
  return {
    apiVersion: 1,
    groups: (Object.keys(GROUPS) as DatasourceName[]).map((from) => ({
      orgId: 1,
      name: GROUPS[from],
      folder: FOLDER,
      interval: EVALUATE_EVERY,
      rules: GRAFANA_RULES.filter(({ grafana }) => grafana.from === from).map(ruleOf),
    })),
  };
}

function ruleOf({ id, title, summary, whatToDo, severity, owner, forMs, keepMs, grafana }: GrafanaRule): object {
  const place = grafana.tags.map((tag) => `{{ $labels.${tag} }}`).join(' ');
  return {
    uid: `lamplighter-${id}`,
    title,
    condition: 'C',
    data: dataOf(grafana),
    noDataState: grafana.noData,
    // A question that failed is no answer: what fired goes on firing.
    execErrState: 'KeepLast',
    for: wordOf(forMs),
    ...(keepMs > 0 && { keepFiringFor: wordOf(keepMs) }),
    annotations: {
      summary: place === '' ? title : `${title}: ${place}`,
      description: summary,
      what_to_do: whatToDo,
      value: `{{ humanize $values.B.Value }}${grafana.unit === '' ? '' : ` ${grafana.unit}`}`,
    },
    labels: { rule: id, severity, owner },
    isPaused: false,
  };
}

function dataOf({ from, query, rangeMs, reduce, limit }: GrafanaForm): object[] {
  const relativeTimeRange = { from: rangeMs / 1_000, to: 0 };
  const expression = (refId: string, model: object): object => ({
    refId,
    relativeTimeRange,
    datasourceUid: EXPRESSIONS,
    model: { refId, datasource: { type: EXPRESSIONS, uid: EXPRESSIONS }, hide: false, ...model },
  });
  const datasource = datasourceRef(from);
  return [
    {
      refId: 'A',
      relativeTimeRange,
      datasourceUid: datasource.uid,
      model: {
        refId: 'A',
        datasource,
        hide: false,
        rawQuery: true,
        query,
        resultFormat: 'time_series',
        intervalMs: MINUTE_MS,
        maxDataPoints: 43_200,
      },
    },
    // dropNN: what is no number is left out before it is reduced.
    expression('B', { type: 'reduce', expression: 'A', reducer: reduce, settings: { mode: 'dropNN' } }),
    expression('C', { type: 'threshold', expression: 'B', conditions: [{ evaluator: evaluatorOf(limit) }] }),
  ];
}

function evaluatorOf(limit: GrafanaForm['limit']): { readonly type: string; readonly params: readonly number[] } {
  if ('above' in limit) return { type: 'gt', params: [limit.above] };
  if ('below' in limit) return { type: 'lt', params: [limit.below] };
  return { type: 'outside_range', params: limit.outside };
}

/** `90s`, `2m`: as Grafana writes durations. */
function wordOf(ms: number): string {
  return ms % MINUTE_MS === 0 ? `${ms / MINUTE_MS}m` : `${ms / 1_000}s`;
}
