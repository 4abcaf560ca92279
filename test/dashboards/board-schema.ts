/**
 * Classic dashboard JSON (schema version 42), as strict as Grafana's own schema where these boards use it; restated from
 * the types of @grafana/grafana-foundation-sdk (dashboard/types.gen.d.ts). An unknown key is a mistake of spelling.
 */
import { Ajv, type ErrorObject } from 'ajv';

const string = { type: 'string' } as const;
const number = { type: 'number' } as const;
const boolean = { type: 'boolean' } as const;
const array = (items: object) => ({ type: 'array', items }) as const;
const strict = (properties: Record<string, object>, required: readonly string[] = []) =>
  ({ type: 'object', additionalProperties: false, properties, required }) as const;

const datasource = strict({ type: string, uid: string }, ['type', 'uid']);

const thresholds = strict(
  {
    mode: { enum: ['absolute', 'percentage'] },
    steps: array(strict({ value: { type: ['number', 'null'] }, color: string }, ['value', 'color'])),
  },
  ['mode', 'steps'],
);

const link = strict(
  {
    title: string,
    type: { enum: ['link', 'dashboards'] },
    icon: string,
    tooltip: string,
    url: string,
    tags: array(string),
    asDropdown: boolean,
    targetBlank: boolean,
    includeVars: boolean,
    keepTime: boolean,
  },
  ['title', 'type'],
);

const target = strict(
  {
    refId: { type: 'string', pattern: '^[A-Z]$' },
    datasource,
    rawQuery: { const: true },
    query: { type: 'string', minLength: 1 },
    resultFormat: { enum: ['time_series', 'table'] },
    alias: string,
  },
  ['refId', 'datasource', 'rawQuery', 'query', 'resultFormat'],
);

const PANEL_TYPES = ['timeseries', 'stat', 'table', 'state-timeline', 'bargauge'];

const common = {
  id: number,
  title: string,
  gridPos: strict({ x: number, y: number, w: number, h: number }, ['x', 'y', 'w', 'h']),
};

const panel = strict(
  {
    ...common,
    type: { enum: PANEL_TYPES },
    description: string,
    transparent: boolean,
    repeatDirection: string,
    datasource,
    targets: array(target),
    interval: { type: 'string', pattern: '^\\d+[smhd]$' },
    timeFrom: string,
    timeShift: { type: 'string', pattern: '^\\d+[smhdwMy]$' },
    transformations: array(strict({ id: string, options: { type: 'object' } }, ['id', 'options'])),
    fieldConfig: strict(
      {
        defaults: strict({
          unit: string,
          decimals: number,
          min: number,
          max: number,
          noValue: string,
          thresholds,
          color: strict({ mode: string, fixedColor: string }, ['mode']),
          mappings: array(strict({ type: string, options: { type: 'object' } }, ['type', 'options'])),
          links: array(link),
          custom: { type: 'object' },
        }),
        overrides: array(
          strict(
            {
              matcher: strict({ id: string, options: string }, ['id', 'options']),
              properties: array(strict({ id: string, value: {} }, ['id', 'value'])),
            },
            ['matcher', 'properties'],
          ),
        ),
      },
      ['defaults', 'overrides'],
    ),
    options: { type: 'object' },
  },
  ['id', 'type', 'title', 'gridPos', 'datasource', 'targets', 'fieldConfig'],
);

const row = strict({ ...common, type: { const: 'row' }, collapsed: boolean, panels: array({}) }, [
  'id',
  'type',
  'title',
]);

const variable = strict(
  {
    type: { const: 'query' },
    name: { type: 'string', pattern: '^[a-z_]+$' },
    label: string,
    description: string,
    datasource,
    query: string,
    definition: string,
    refresh: number,
    sort: number,
    multi: boolean,
    includeAll: boolean,
    allValue: string,
    allowCustomValue: boolean,
    skipUrlSync: boolean,
    hide: number,
    auto: boolean,
    auto_min: string,
    auto_count: number,
    current: { type: 'object' },
  },
  ['type', 'name', 'datasource', 'query', 'description'],
);

const dashboard = strict(
  {
    uid: { type: 'string', maxLength: 40, pattern: '^[a-z0-9-]+$' },
    title: string,
    description: string,
    tags: array(string),
    timezone: string,
    editable: { const: false },
    graphTooltip: { enum: [0, 1, 2] },
    fiscalYearStartMonth: number,
    schemaVersion: { const: 42 },
    refresh: string,
    time: strict({ from: string, to: string }, ['from', 'to']),
    timepicker: strict({ hidden: boolean, refresh_intervals: array(string) }),
    templating: strict({ list: array(variable) }, ['list']),
    annotations: strict({ list: array({}) }),
    links: array(link),
    panels: array({ type: 'object' }),
  },
  ['uid', 'title', 'description', 'schemaVersion', 'time', 'panels', 'templating'],
);

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true });
const validators = { dashboard: ajv.compile(dashboard), panel: ajv.compile(panel), row: ajv.compile(row) };

function faultsOf(kind: keyof typeof validators, json: unknown, place: string): string[] {
  const validate = validators[kind];
  validate(json);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }: ErrorObject) => `${place}${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** What is wrong, in words; empty for a good board. */
export function schemaFaults(board: { readonly panels?: readonly unknown[] }): string[] {
  const ofPanels = (board.panels ?? []).flatMap((json, index) => {
    const isRow = (json as { readonly type?: string }).type === 'row';
    return faultsOf(isRow ? 'row' : 'panel', json, `/panels/${index}`);
  });
  return [...faultsOf('dashboard', board, ''), ...ofPanels];
}
