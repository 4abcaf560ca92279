/** The files of alerting: generated, committed, and without the faults that Grafana does not name. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { alertingFiles } from '../../dashboards/alerting/alerting-files.ts';
import { GRAFANA_RULES } from '../../dashboards/alerting/rules-file.ts';
import { DATASOURCES } from '../../dashboards/datasources.ts';
import { faultsOfRules, type RulesFile } from './alerting-lint.ts';

const ZONE = 'America/New_York';
const FOLDER = join(import.meta.dirname, '../../dashboards/provisioning/alerting');
const files = alertingFiles(ZONE);
const rules = parse(files.get('rules.yaml') ?? '') as RulesFile;

it.each([...files.keys()])('%s is committed as it is generated', async (name) => {
  await expect(files.get(name)).toMatchFileSnapshot(join(FOLDER, name));
});

it('the rules are all there, in the form that Grafana takes', () => {
  expect(faultsOfRules(rules, Object.values(DATASOURCES))).toEqual([]);
  const uids = rules.groups.flatMap((group) => group.rules.map(({ uid }) => uid));
  expect(uids.sort()).toEqual(GRAFANA_RULES.map(({ id }) => `lamplighter-${id}`).sort());
});

describe('the lint', () => {
  const broken = (change: (rule: RulesFile['groups'][number]['rules'][number]) => unknown): string[] => {
    const copy = structuredClone(rules);
    const rule = copy.groups[0]?.rules[0];
    if (rule === undefined) throw new Error('there is no rule');
    change(rule);
    return faultsOfRules(copy, Object.values(DATASOURCES)).map((fault) => fault.replace(/^[^:]*: /, ''));
  };
  const query = (text: string) => broken((rule) => Object.assign(rule.data[0]?.model ?? {}, { query: text }));

  it.each([
    ['SELECT last("x") FROM "y" WHERE time > now() - 5m GROUP BY time(1m) fill(none)', 'has no $timeFilter'],
    [
      'SELECT last("x") FROM "y" WHERE $timeFilter GROUP BY time($__interval) fill(none)',
      'has a variable: $__interval',
    ],
    ['SELECT last("x") FROM "y" WHERE $timeFilter GROUP BY time(1m)', 'does not say fill(none)'],
    ['SELECT last("x") FROM "y" WHERE $timeFilter GROUP BY time(15m) fill(none)', 'looks back less than three groups'],
    ['SELECT last("x") FROM "city"."autogen"."y" WHERE $timeFilter GROUP BY time(1m) fill(none)', 'names a database'],
    ['from(bucket: "city") |> range(start: -5m) $timeFilter fill(none) time(1m)', 'is Flux'],
  ])('finds %s', (text, fault) => {
    expect(query(text)).toContain(fault);
  });
  it('finds what is wrong around the query', () => {
    expect(broken((rule) => Object.assign(rule, { condition: 'B' }))).toContain('its condition is not C');
    expect(broken((rule) => Object.assign(rule, { execErrState: 'Alerting' }))).toContain('an error would fire it');
    expect(broken((rule) => Object.assign(rule.labels, { site: '{{ $labels.site }}' }))).toContain(
      'its label site has a $ that Grafana expands',
    );
    expect(broken((rule) => Object.assign(rule.data[0] ?? {}, { datasourceUid: 'x' }))).toContain(
      'asks no data source of ours',
    );
    expect(broken((rule) => Object.assign(rule.data[0]?.model ?? {}, { resultFormat: 'table' }))).toContain(
      'answers no time series',
    );
    expect(broken((rule) => Object.assign(rule, { uid: `${'x'.repeat(41)}` }))).toContain('its uid is too long');
    expect(broken((rule) => Object.assign(rule.annotations, { summary: '{{ $labels.pump }}' }))).toContain(
      'its annotation summary names pump, which is no tag of its series',
    );
  });
});

it('a contact point has its address from the environment, policies name what there is', () => {
  const [point] = (
    parse(files.get('contact-points.yaml') ?? '') as { contactPoints: { name: string; receivers: unknown[] }[] }
  ).contactPoints;
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana reads it from its environment.
  expect(point?.receivers).toMatchObject([{ type: 'webhook', settings: { url: '${ALERT_WEBHOOK_URL}' } }]);
  const { policies } = parse(files.get('policies.yaml') ?? '') as {
    policies: { receiver: string; routes: { receiver: string; mute_time_intervals: string[] }[] }[];
  };
  const { muteTimes } = parse(files.get('mute-timings.yaml') ?? '') as {
    muteTimes: { name: string; time_intervals: { location: string }[] }[];
  };
  for (const one of [...policies, ...policies.flatMap(({ routes }) => routes)]) expect(one.receiver).toBe(point?.name);
  expect(policies.flatMap(({ routes }) => routes.flatMap((route) => route.mute_time_intervals))).toEqual(
    muteTimes.map(({ name }) => name),
  );
  expect(muteTimes[0]?.time_intervals[0]?.location).toBe(ZONE);
});
