/** Each rule of the lint and of the schema finds the board that breaks it. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, it } from 'vitest';
import { allBoards, DEFAULT_ZONE, fileTextOf } from '../../dashboards/boards.ts';
import { lintBoard, lintBoards, RULES } from './board-lint.ts';
import { schemaFaults } from './board-schema.ts';

/** What a board has that was exported for others to import. */
const LEFT_OPEN = `$${'{DS_CITY}'}`;
const options = { datasourceUids: new Set(['lamplighter-raw', 'lamplighter-15m', 'lamplighter-long']) };

type Loose = Record<string, unknown> & {
  panels: LoosePanel[];
  templating: { list: Record<string, unknown>[] };
  links: Record<string, unknown>[];
};
interface LoosePanel {
  [key: string]: unknown;
  id?: number;
  type: string;
  title: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets: { query: string; datasource: { uid: string } }[];
  fieldConfig: { defaults: Record<string, unknown> };
}

const good = (): Loose => JSON.parse(fileTextOf(allBoards(DEFAULT_ZONE)[0] as Dashboard)) as Loose;
const shown = (board: Loose): LoosePanel => board.panels.find(({ type }) => type !== 'row') as LoosePanel;
const chart = (board: Loose): LoosePanel => board.panels.find(({ type }) => type === 'timeseries') as LoosePanel;
const ask = (board: Loose, query: string) => {
  (shown(board).targets[0] as { query: string }).query = query;
};

const BAD: Readonly<Record<string, (board: Loose) => void>> = {
  'panel-ids': (board) => {
    (board.panels[1] as LoosePanel).id = board.panels[0]?.id ?? 0;
  },
  'datasource-provisioned': (board) => {
    (shown(board).targets[0] as LoosePanel['targets'][0]).datasource.uid = 'somewhere-else';
  },
  grid: (board) => {
    (board.panels[1] as LoosePanel).gridPos = { ...shown(board).gridPos };
  },
  'variables-defined': (board) => ask(board, 'SELECT 1 FROM "site_1d" WHERE "site" =~ /^$place$/ AND $timeFilter'),
  words: (board) => {
    shown(board).fieldConfig.defaults.noValue = ' ';
  },
  units: (board) => {
    shown(board).fieldConfig.defaults.unit = 'kilowatts';
  },
  'variable-words': (board) => {
    delete (board.templating.list[0] as Record<string, unknown>).description;
  },
  queries: (board) => {
    shown(board).targets = [];
  },
  'stats-first': (board) => {
    board.panels.unshift(chart(board));
  },
  'no-flux': (board) => ask(board, 'from(bucket: "city") |> range(start: -1h)'),
  'no-qualified-measurement': (board) => ask(board, 'SELECT 1 FROM "city"."autogen"."energy" WHERE $timeFilter'),
  'bound-in-time': (board) => ask(board, 'SELECT sum(a) FROM (SELECT a FROM "site_1d") WHERE $timeFilter'),
  'no-offset-with-zone': (board) =>
    ask(board, `SELECT sum(a) FROM "site_1d" WHERE $timeFilter GROUP BY time(1d, 4h) tz('America/New_York')`),
  'no-slimit': (board) => ask(board, 'SELECT a FROM "site_1d" WHERE $timeFilter GROUP BY "site" SLIMIT 5'),
  'few-lines': (board) => {
    (chart(board).targets[0] as { query: string }).query =
      'SELECT mean("n") FROM (SELECT max("a") AS "n" FROM "site_15m" WHERE $timeFilter GROUP BY "carrier") WHERE $timeFilter GROUP BY time($__interval), "site"';
  },
  'colours-mean-something': (board) => {
    chart(board).fieldConfig.defaults.color = { mode: 'palette-classic' };
  },
  'no-import-leftovers': (board) => {
    board.__inputs = [];
  },
  'nothing-from-the-internet': (board) => {
    shown(board).type = 'geomap';
  },
  'links-keep-time': (board) => {
    (board.links[0] as Record<string, unknown>).keepTime = false;
  },
  'not-editable': (board) => {
    board.editable = true;
  },
};

describe('the lint', () => {
  it('has a bad board for each rule', () => {
    expect(Object.keys(BAD).sort()).toEqual(Object.keys(RULES).sort());
    expect(lintBoard(good() as unknown as Dashboard, options)).toEqual([]);
  });

  it.each(Object.entries(BAD))('%s', (name, spoil) => {
    const board = good();
    spoil(board);
    const faults = lintBoard(board as unknown as Dashboard, options);
    expect(faults.filter((fault) => fault.startsWith(`${name}: `))).not.toEqual([]);
  });

  it.each([
    [
      'a panel past the 24th column',
      (board: Loose) => {
        shown(board).gridPos.x = 23;
      },
      'grid: ',
    ],
    [
      'a retention policy before the measurement',
      (board: Loose) => ask(board, 'SELECT 1 FROM autogen..energy WHERE $timeFilter'),
      'no-qualified-measurement: ',
    ],
    [
      'a data source of a panel',
      (board: Loose) => {
        shown(board).datasource = { type: 'influxdb', uid: LEFT_OPEN };
      },
      'datasource-provisioned: ',
    ],
    [
      'a data source left to be chosen',
      (board: Loose) => {
        shown(board).datasource = { type: 'influxdb', uid: LEFT_OPEN };
      },
      'no-import-leftovers: ',
    ],
    [
      'an address on the internet',
      (board: Loose) => {
        shown(board).description = 'see https://example.org';
      },
      'nothing-from-the-internet: ',
    ],
    [
      'a link to a board that drops the time',
      (board: Loose) => {
        shown(board).fieldConfig.defaults.links = [{ title: 'x', type: 'link', url: '/d/lamplighter-city' }];
      },
      'links-keep-time: ',
    ],
    [
      'no unit',
      (board: Loose) => {
        delete shown(board).fieldConfig.defaults.unit;
      },
      'words: ',
    ],
    [
      'no description',
      (board: Loose) => {
        delete shown(board).description;
      },
      'words: ',
    ],
  ] as const)('finds %s', (_, spoil, rule) => {
    const board = good();
    spoil(board);
    expect(lintBoard(board as unknown as Dashboard, options).some((fault) => fault.startsWith(rule))).toBe(true);
  });

  it('finds boards of one name, and links to none', () => {
    const [city, ...others] = allBoards(DEFAULT_ZONE) as [Dashboard, ...Dashboard[]];
    expect(lintBoards([city, ...others, city])).toEqual([
      'uid lamplighter-city stands twice, or is missing',
      'title City stands twice, or is missing',
    ]);
    expect(lintBoards([city])).toContain('a link leads to lamplighter-building, which there is not');
  });
});

describe('the schema', () => {
  it.each([
    [
      'a key of a board',
      (board: Loose) => {
        board.tittle = 'City';
      },
      /tittle/,
    ],
    [
      'a key of a panel',
      (board: Loose) => {
        shown(board).tpye = 'stat';
      },
      /tpye/,
    ],
    [
      'a key of the defaults',
      (board: Loose) => {
        shown(board).fieldConfig.defaults.unt = 'kwatt';
      },
      /unt/,
    ],
    [
      'an unknown kind of panel',
      (board: Loose) => {
        shown(board).type = 'graph';
      },
      /type must be equal/,
    ],
    [
      'a key of a query',
      (board: Loose) => {
        Object.assign(shown(board).targets[0] as object, { measurment: 'x' });
      },
      /measurment/,
    ],
    [
      'an interval',
      (board: Loose) => {
        shown(board).interval = 'auto';
      },
      /interval must match/,
    ],
    [
      'a missing place',
      (board: Loose) => {
        delete (shown(board) as Partial<LoosePanel>).gridPos;
      },
      /gridPos/,
    ],
    [
      'a variable without a query',
      (board: Loose) => {
        delete (board.templating.list[0] as Record<string, unknown>).query;
      },
      /query/,
    ],
    [
      'another version',
      (board: Loose) => {
        board.schemaVersion = 36;
      },
      /schemaVersion/,
    ],
  ] as const)('does not take %s', (_, spoil, words) => {
    const board = good();
    spoil(board);
    expect(schemaFaults(board).join('\n')).toMatch(words);
  });
});
