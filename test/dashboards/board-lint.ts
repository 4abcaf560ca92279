/** What a board must be beyond its schema. Each rule says what is wrong and where; test/dashboards/board-lint.test.ts breaks each. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import * as units from '@grafana/grafana-foundation-sdk/units';

/** As loose as JSON from a file is. */
interface LintPanel {
  readonly id?: number;
  readonly type: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: { readonly type?: string; readonly uid?: string };
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly query?: string; readonly datasource?: { readonly uid?: string } }[];
  readonly options?: { readonly legend?: { readonly showLegend?: boolean } };
  readonly fieldConfig?: {
    readonly defaults?: {
      readonly unit?: string;
      readonly noValue?: string;
      readonly color?: { readonly mode?: string };
      readonly thresholds?: { readonly steps?: readonly unknown[] };
      readonly custom?: { readonly thresholdsStyle?: { readonly mode?: string } };
    };
    readonly overrides?: readonly {
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
}

interface LintVariable {
  readonly name: string;
  readonly query?: unknown;
  readonly datasource?: { readonly uid?: string };
  readonly description?: string;
}

export interface LintOptions {
  /** Of the data sources that are provisioned. */
  readonly datasourceUids: ReadonlySet<string>;
}

type Rule = (board: Dashboard, options: LintOptions) => string[];

const MIXED = '-- Mixed --';
const WIDTH = 24;
/** Of Grafana itself, not of a board. */
const BUILT_IN = /^(timeFilter|__\w+|interval|tag_\w+|col|m)$/;
/** Tags with a handful of values: more series than 12 cannot be told apart. */
const FEW_VALUES = new Set(['carrier', 'kind', 'reason', 'process', 'metric', 'weekday']);
const MOST_LINES = 12;
const UNITS: ReadonlySet<unknown> = new Set(Object.values(units));

const panelsOf = (board: Dashboard) => (board.panels ?? []) as unknown as readonly LintPanel[];
const shown = (board: Dashboard) => panelsOf(board).filter(({ type }) => type !== 'row');
const variablesOf = (board: Dashboard) => (board.templating?.list ?? []) as unknown as readonly LintVariable[];
const queriesOf = (board: Dashboard) => [
  ...shown(board).flatMap(({ title, targets = [] }) =>
    targets.map(({ query = '' }) => ({ place: title ?? '', query })),
  ),
  ...variablesOf(board).map(({ name, query }) => ({ place: `variable ${name}`, query: String(query ?? '') })),
];

/** By name, so that a test can say which one it breaks. */
export const RULES: Readonly<Record<string, Rule>> = {
  'panel-ids': (board) => {
    const ids = panelsOf(board).map(({ id }) => id);
    return ids.some((id) => id === undefined) || new Set(ids).size < ids.length ? ['panels need ids of their own'] : [];
  },

  'datasource-provisioned': (board, { datasourceUids }) => {
    const known = (uid: string | undefined) => uid !== undefined && datasourceUids.has(uid);
    const ofPanels = shown(board).flatMap(({ title, datasource, targets = [] }) => [
      ...(known(datasource?.uid) || datasource?.uid === MIXED ? [] : [`${title}: data source ${datasource?.uid}`]),
      ...targets.flatMap((one) => (known(one.datasource?.uid) ? [] : [`${title}: query of ${one.datasource?.uid}`])),
    ]);
    const ofVariables = variablesOf(board).flatMap(({ name, datasource }) =>
      known(datasource?.uid) ? [] : [`variable ${name}: data source ${datasource?.uid}`],
    );
    return [...ofPanels, ...ofVariables];
  },

  grid: (board) => {
    const taken = new Map<string, string>();
    const faults: string[] = [];
    for (const { title = '', gridPos } of panelsOf(board)) {
      if (gridPos === undefined) {
        faults.push(`${title}: no place`);
        continue;
      }
      const { x, y, w, h } = gridPos;
      if (x < 0 || y < 0 || w < 1 || h < 1 || x + w > WIDTH) faults.push(`${title}: outside the 24 columns`);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          const other = taken.get(`${column}/${line}`);
          if (other !== undefined && other !== title) faults.push(`${title}: lies over ${other}`);
          taken.set(`${column}/${line}`, title);
        }
      }
    }
    return [...new Set(faults)];
  },

  'variables-defined': (board) => {
    const defined = new Set(variablesOf(board).map(({ name }) => name));
    return queriesOf(board).flatMap(({ place, query }) =>
      [...query.matchAll(/\$\{?(\w+)/g)].flatMap(([, name = '']) =>
        defined.has(name) || BUILT_IN.test(name) ? [] : [`${place}: $${name} is not defined`],
      ),
    );
  },

  words: (board) =>
    shown(board).flatMap(({ title = '', description = '', fieldConfig }) => {
      const { unit = '', noValue = '' } = fieldConfig?.defaults ?? {};
      const missing = Object.entries({ title, description, unit, 'text for no data': noValue })
        .filter(([, words]) => words.trim() === '')
        .map(([what]) => what);
      return missing.map((what) => `${title}: no ${what}`);
    }),

  // A unit that Grafana does not know is shown as it stands.
  units: (board) =>
    shown(board).flatMap(({ title, fieldConfig }) => {
      const ofColumns = (fieldConfig?.overrides ?? []).flatMap(({ properties }) =>
        properties.filter(({ id }) => id === 'unit').map(({ value }) => String(value)),
      );
      return [fieldConfig?.defaults?.unit ?? '', ...ofColumns]
        .filter((unit) => unit !== '' && !UNITS.has(unit) && !unit.startsWith('suffix:'))
        .map((unit) => `${title}: Grafana has no unit '${unit}'`);
    }),

  'variable-words': (board) =>
    variablesOf(board).flatMap(({ name, description = '' }) => (description === '' ? [`${name}: no description`] : [])),

  queries: (board) =>
    shown(board).flatMap(({ title, targets = [] }) => (targets.length === 0 ? [`${title}: asks nothing`] : [])),

  'stats-first': (board) => {
    const first = panelsOf(board)[0];
    return first?.type === 'stat' ? [] : [`begins with ${first?.type ?? 'nothing'} instead of figures`];
  },

  'no-flux': (board) =>
    queriesOf(board).flatMap(({ place, query }) => (/from\s*\(\s*bucket|\|>/.test(query) ? [`${place}: Flux`] : [])),

  'no-qualified-measurement': (board) =>
    queriesOf(board).flatMap(({ place, query }) =>
      /\bFROM\s+("[^"]+"|\w+)?\.+/i.test(query) ? [`${place}: names a database or retention policy`] : [],
    ),

  'bound-in-time': (board) =>
    queriesOf(board).flatMap(({ place, query }) => {
      const selects = query.match(/\bSELECT\b/gi)?.length ?? 0;
      const bounds = query.match(/\$timeFilter/g)?.length ?? 0;
      return bounds < selects ? [`${place}: a SELECT without $timeFilter`] : [];
    }),

  // influxdb#25078: an offset and tz() in one GROUP BY give wrong days.
  'no-offset-with-zone': (board) =>
    queriesOf(board).flatMap(({ place, query }) =>
      /time\([^)]*,/.test(query) && /\btz\(/i.test(query) ? [`${place}: an offset beside tz()`] : [],
    ),

  'no-slimit': (board) =>
    queriesOf(board).flatMap(({ place, query }) => (/\b(SLIMIT|SOFFSET)\b/i.test(query) ? [`${place}: SLIMIT`] : [])),

  'few-lines': (board) =>
    shown(board).flatMap(({ title, type, targets = [] }) => {
      if (type !== 'timeseries') return [];
      const many = targets.flatMap(({ query = '' }) => tagsOf(outerOf(query)).filter((tag) => !FEW_VALUES.has(tag)));
      return [
        ...many.map((tag) => `${title}: a line for each ${tag}`),
        ...(targets.length > MOST_LINES ? [`${title}: more than ${MOST_LINES} lines`] : []),
      ];
    }),

  // A chart colours series as wholes: its limits are to be seen, and the palette's green says nothing of one series.
  'colours-mean-something': (board) =>
    shown(board).flatMap(({ title, type, targets = [], fieldConfig, options }) => {
      if (type !== 'timeseries') return [];
      const { color, thresholds, custom } = fieldConfig?.defaults ?? {};
      const areLimitsHidden = (thresholds?.steps?.length ?? 0) > 1 && custom?.thresholdsStyle?.mode === undefined;
      const isAlone = targets.length === 1 && options?.legend?.showLegend === false;
      return [
        ...(areLimitsHidden ? [`${title}: its limits are not shown`] : []),
        ...(isAlone && color?.mode !== 'fixed' ? [`${title}: one series has a colour of the palette`] : []),
      ];
    }),

  'no-import-leftovers': (board) => {
    const text = JSON.stringify(board);
    return ['__inputs', '__requires', '${DS_', '${VAR_']
      .filter((left) => text.includes(left))
      .map((left) => `has ${left}`);
  },

  'nothing-from-the-internet': (board) => [
    ...shown(board).flatMap(({ title, type }) => (type === 'geomap' ? [`${title}: a map fetches tiles`] : [])),
    ...(/https?:\/\//.test(JSON.stringify(board)) ? ['holds an address'] : []),
  ],

  'links-keep-time': (board) => {
    const text = JSON.stringify(board);
    const links = [...text.matchAll(/"url":"(\/d\/[^"]*)"/g)].map(([, url = '']) => url);
    return [
      ...links.filter((url) => !url.includes(`$${'{__url_time_range}'}`)).map((url) => `${url} drops the time`),
      ...(board.links ?? []).filter(({ keepTime }) => keepTime !== true).map(({ title }) => `${title} drops the time`),
      ...((board.links ?? []).length === 0 ? ['no way to the other boards'] : []),
    ];
  },

  'not-editable': (board) => (board.editable === false ? [] : ['may be changed in Grafana']),
};

/** Faults of one board, each with its rule. */
export function lintBoard(board: Dashboard, options: LintOptions): string[] {
  return Object.entries(RULES).flatMap(([name, rule]) => rule(board, options).map((words) => `${name}: ${words}`));
}

/** What only all of them together can get wrong. */
export function lintBoards(boards: readonly Dashboard[]): string[] {
  const twice = (of: (board: Dashboard) => string | undefined) => {
    const seen = boards.map(of);
    return [...new Set(seen.filter((one, index) => one === undefined || seen.indexOf(one) !== index))];
  };
  const uids = new Set(boards.map(({ uid }) => uid));
  const links = boards.flatMap((board) =>
    [...JSON.stringify(board).matchAll(/"url":"\/d\/([^?"]*)/g)].map(([, uid = '']) => uid),
  );
  return [
    ...twice(({ uid }) => uid).map((uid) => `uid ${uid} stands twice, or is missing`),
    ...twice(({ title }) => title).map((title) => `title ${title} stands twice, or is missing`),
    ...links.filter((uid) => !uids.has(uid)).map((uid) => `a link leads to ${uid}, which there is not`),
  ];
}

/** Without what stands inside a subquery. */
function outerOf(query: string): string {
  let text = query;
  for (let before = ''; before !== text; ) {
    before = text;
    text = text.replace(/\(\s*SELECT[^()]*(?:\([^()]*\)[^()]*)*\)/gi, '');
  }
  return text;
}

function tagsOf(query: string): string[] {
  const grouped = /GROUP BY (.*)$/i.exec(query)?.[1] ?? '';
  return [...grouped.matchAll(/"(\w+)"/g)].map(([, tag = '']) => tag);
}
