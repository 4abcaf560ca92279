/** A board: its question, its variables and its rows of panels. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  TimePickerBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { type DatasourceName, datasourceRef } from './datasources.ts';

const TAG = 'lamplighter';

export interface VariableSpec {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly from: DatasourceName;
  /** `SHOW TAG VALUES …`; may use the variables before it. */
  readonly query: string;
  /**
   * Several at once, and all of them. `all`: every value of the tag, whatever the query lists; `listed`: what the query
   * lists, where the tag has other values that other kinds of things have.
   */
  readonly multi: false | 'all' | 'listed';
  /** Follows from the others and is not shown. */
  readonly isHidden?: boolean;
}

export interface BoardRow {
  readonly title: string;
  readonly panels: readonly Builder<Panel>[];
}

export interface BoardSpec {
  readonly uid: string;
  readonly title: string;
  /** The question it answers. */
  readonly question: string;
  readonly time: { readonly from: string; readonly to: string };
  readonly refresh: string;
  readonly zone: string;
  readonly variables: readonly VariableSpec[];
  /** The first row has no heading. */
  readonly rows: readonly BoardRow[];
}

/** Classic dashboard JSON with numbered panels. */
export function board(spec: BoardSpec): Dashboard {
  const builder = new DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.question)
    .tags([TAG])
    .timezone(spec.zone)
    .time(spec.time)
    .refresh(spec.refresh)
    .timepicker(new TimePickerBuilder().refreshIntervals(['10s', '30s', '1m', '5m', '15m']))
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .link(
      new DashboardLinkBuilder('Boards')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .keepTime(true)
        // A building is no circuit: each board has choices of its own.
        .includeVars(false),
    );
  for (const variable of spec.variables) builder.withVariable(variableOf(variable));
  for (const [index, row] of spec.rows.entries()) {
    if (index > 0) builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel);
  }
  const built = builder.build();
  built.templating = { list: built.templating?.list ?? [] };
  built.annotations = { list: built.annotations?.list ?? [] };
  // The SDK hides links in a menu.
  for (const link of built.links ?? []) delete link.placement;
  for (const [index, panel] of (built.panels ?? []).entries()) (panel as { id?: number }).id = index + 1;
  return built;
}

function variableOf(spec: VariableSpec): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(spec.name)
    .label(spec.label)
    .description(spec.description)
    .datasource(datasourceRef(spec.from))
    .query(spec.query)
    .definition(spec.query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(spec.multi !== false);
  if (spec.isHidden === true) variable.hide(VariableHide.HideVariable);
  if (spec.multi !== false) variable.includeAll(true).current({ text: 'All', value: '$__all' });
  if (spec.multi === 'all') variable.allValue('.*');
  return variable;
}
