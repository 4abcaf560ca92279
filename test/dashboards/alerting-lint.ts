/** What is wrong in a file of Grafana's alert rules, in words; what Grafana itself would say late, or not at all. */

export interface RuleInFile {
  uid: string;
  title: string;
  condition: string;
  data: {
    refId: string;
    relativeTimeRange: { from: number; to: number };
    datasourceUid: string;
    model: Record<string, unknown> & { query?: string };
  }[];
  noDataState: string;
  execErrState: string;
  for: string;
  annotations: Record<string, string>;
  labels: Record<string, string>;
}
export interface RulesFile {
  groups: { name: string; folder: string; interval: string; rules: RuleInFile[] }[];
}

/** Grafana's limit of a uid. */
const LONGEST_UID = 40;
const UNITS_S: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

export function faultsOfRules(file: RulesFile, datasources: readonly { readonly uid: string }[]): string[] {
  const rules = file.groups.flatMap((group) => group.rules);
  const faults = rules.flatMap((rule) => [...faultsOf(rule, datasources)].map((fault) => `${rule.uid}: ${fault}`));
  for (const key of ['uid', 'title'] as const) {
    const seen = new Set<string>();
    for (const rule of rules) {
      if (seen.has(rule[key])) faults.push(`${rule.uid}: its ${key} is there twice`);
      seen.add(rule[key]);
    }
  }
  return faults;
}

function* faultsOf(rule: RuleInFile, datasources: readonly { readonly uid: string }[]): Generator<string> {
  if (rule.uid.length > LONGEST_UID) yield 'its uid is too long';
  if (rule.condition !== 'C') yield 'its condition is not C';
  if (rule.execErrState !== 'KeepLast') yield 'an error would fire it';
  if (!['OK', 'Alerting', 'NoData', 'KeepLast'].includes(rule.noDataState)) yield 'its noDataState is unknown';
  if (!/^\d+[smh]$/.test(rule.for)) yield 'its for is no duration';
  const [a, b, c] = rule.data;
  if (rule.data.length !== 3 || a === undefined || b === undefined || c === undefined) return yield 'it is not A, B, C';
  if (!datasources.some(({ uid }) => uid === a.datasourceUid)) yield 'asks no data source of ours';
  if (b.datasourceUid !== '__expr__' || b.model.type !== 'reduce' || b.model.expression !== 'A')
    yield 'B is no reduce of A';
  if (c.datasourceUid !== '__expr__' || c.model.type !== 'threshold' || c.model.expression !== 'B')
    yield 'C is no threshold of B';
  if (a.model.resultFormat !== 'time_series') yield 'answers no time series';
  yield* faultsOfQuery(a.model.query ?? '', a.relativeTimeRange.from);
  for (const [name, text] of Object.entries(rule.labels)) {
    if (/(^|[^$])\$[^$]/.test(text)) yield `its label ${name} has a $ that Grafana expands`;
  }
  const tags = groupTags(a.model.query ?? '');
  for (const [name, text] of Object.entries(rule.annotations)) {
    if (/\$\{/.test(text)) yield `its annotation ${name} has a $ that Grafana expands`;
    for (const [, label = ''] of text.matchAll(/\$labels\.(\w+)/g)) {
      if (!tags.includes(label)) yield `its annotation ${name} names ${label}, which is no tag of its series`;
    }
  }
}

function* faultsOfQuery(query: string, rangeS: number): Generator<string> {
  if (/\|>|from\(bucket/.test(query)) yield 'is Flux';
  if (!query.includes('$timeFilter')) yield 'has no $timeFilter';
  const [variable] = query.replaceAll('$timeFilter', '').match(/\$\w+/) ?? [];
  if (variable !== undefined) yield `has a variable: ${variable}`;
  if (!/fill\(none\)/.test(query)) yield 'does not say fill(none)';
  if (/FROM\s+"[^"]+"\s*\./i.test(query)) yield 'names a database';
  const [, count, unit = ''] = /time\((\d+)([smhd])\)/.exec(query) ?? [];
  if (count !== undefined && 3 * Number(count) * (UNITS_S[unit] ?? 0) > rangeS)
    yield 'looks back less than three groups';
}

/** Of the outer GROUP BY. */
function groupTags(query: string): string[] {
  const [, groups = ''] = /.*GROUP BY (.*)$/.exec(query) ?? [];
  return [...groups.matchAll(/"(\w+)"/g)].map(([, tag = '']) => tag);
}
