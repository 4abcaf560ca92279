/**
 * Panels of one look. Every panel says what it shows, in which unit, and what it means when there is nothing to show:
 * none of the three can be left out.
 */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  AxisPlacement,
  BigValueColorMode,
  BigValueGraphMode,
  FieldTextAlignment,
  GraphDrawStyle,
  GraphGradientMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  TableCellBackgroundDisplayMode,
  TableCellDisplayMode,
  TableCellHeight,
  TableSortByFieldStateBuilder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  type DataTransformerConfig,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { DATASOURCES, datasourceRef, MIXED } from './datasources.ts';
import { InfluxQuery, type InfluxQuerySpec } from './influx-query.ts';
import { NEUTRAL, type Step, thresholdsOf } from './thresholds.ts';

/** Where a click leads: a board of ours with the time range kept. */
export interface BoardLink {
  readonly title: string;
  /** Its uid. */
  readonly board: string;
  /** Grafana's variable that holds the site: `__value.raw` of a cell, `__field.labels.site` of a series. */
  readonly site?: string;
}

export interface PanelSpec {
  readonly title: string;
  /** What the figure says, what it is made of, and what to do about it: shown behind the panel's (i). */
  readonly description: string;
  /** Grafana's id of a unit (`kwatth`, `celsius`), or `suffix: m³`. `none` for a pure number. */
  readonly unit: string;
  /** Shown where there are no data. */
  readonly noData: string;
  readonly queries: readonly InfluxQuerySpec[];
  /** Of 24 columns. */
  readonly span: number;
  readonly height: number;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly steps?: readonly Step[];
  readonly mappings?: readonly ValueMapping[];
  readonly transformations?: readonly DataTransformerConfig[];
  readonly link?: BoardLink;
  /** Time of the panel when it is not the board's: `now/d`, `28d`. */
  readonly timeFrom?: string;
  /** Shows the time so much before: `7d`, `1y`. */
  readonly timeShift?: string;
}

/** What the builders of all kinds of panels have in common. */
interface CommonBuilder extends Builder<Panel> {
  title(title: string): this;
  description(text: string): this;
  unit(unit: string): this;
  noValue(text: string): this;
  span(columns: number): this;
  height(rows: number): this;
  datasource(ref: { type?: string; uid?: string }): this;
  withTarget(target: InfluxQuery): this;
  thresholds(thresholds: ReturnType<typeof thresholdsOf>): this;
  decimals(decimals: number): this;
  min(min: number): this;
  max(max: number): this;
  mappings(mappings: ValueMapping[]): this;
  withTransformation(transformation: DataTransformerConfig): this;
  dataLinks(links: DashboardLinkBuilder[]): this;
  timeFrom(timeFrom: string): this;
  timeShift(timeShift: string): this;
  interval(interval: string): this;
}

function common<B extends CommonBuilder>(builder: B, spec: PanelSpec): B {
  const [first] = spec.queries;
  if (first === undefined) throw new RangeError(`the panel '${spec.title}' asks nothing`);
  builder
    .title(spec.title)
    .description(spec.description)
    .unit(spec.unit)
    .noValue(spec.noData)
    .span(spec.span)
    .height(spec.height)
    .datasource(spec.queries.every(({ from }) => from === first.from) ? datasourceRef(first.from) : MIXED)
    // Finer than its points a chart would be full of holes.
    .interval(DATASOURCES[first.from].minInterval)
    .thresholds(thresholdsOf(spec.steps ?? NEUTRAL));
  for (const [index, query] of spec.queries.entries()) {
    builder.withTarget(new InfluxQuery(query, String.fromCharCode(65 + index)));
  }
  if (spec.decimals !== undefined) builder.decimals(spec.decimals);
  if (spec.min !== undefined) builder.min(spec.min);
  if (spec.max !== undefined) builder.max(spec.max);
  if (spec.mappings !== undefined) builder.mappings([...spec.mappings]);
  for (const transformation of spec.transformations ?? []) builder.withTransformation(transformation);
  if (spec.timeFrom !== undefined) builder.timeFrom(spec.timeFrom);
  if (spec.timeShift !== undefined) builder.timeShift(spec.timeShift);
  if (spec.link !== undefined) builder.dataLinks([linkOf(spec.link)]);
  return builder;
}

/** Grafana keeps the time range by its first variable. */
function linkOf({ title, board, site }: BoardLink): DashboardLinkBuilder {
  const url = `/d/${board}?\${__url_time_range}${site === undefined ? '' : `&var-site=\${${site}}`}`;
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url);
}

/** One figure: by default the last value of each series. */
export function stat(
  spec: PanelSpec & { readonly reduce?: 'lastNotNull' | 'sum' | 'max' | 'mean'; readonly spark?: boolean },
): Builder<Panel> {
  return common(new Stat(), spec)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs([spec.reduce ?? 'lastNotNull']).values(false))
    .graphMode(spec.spark === true ? BigValueGraphMode.Area : BigValueGraphMode.None)
    .colorMode(spec.steps === undefined ? BigValueColorMode.None : BigValueColorMode.Value);
}

interface LinesSpec extends PanelSpec {
  readonly bars?: boolean;
  readonly fill?: boolean;
  readonly legend?: boolean;
  /** Of series whose colour has a meaning, by alias. */
  readonly colours?: Readonly<Record<string, string>>;
}

/** Lines, or bars, over time. Gaps stay gaps: nothing is drawn through what was not measured. */
export function lines(spec: LinesSpec): Builder<Panel> {
  const panel = common(new TimeSeries(), spec)
    .drawStyle(spec.bars === true ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .lineWidth(spec.bars === true ? 0 : 1.5)
    .fillOpacity(spec.bars === true ? 80 : spec.fill === true ? 20 : 0)
    .gradientMode(GraphGradientMode.None)
    .showPoints(VisibilityMode.Never)
    .spanNulls(false)
    .axisPlacement(AxisPlacement.Auto)
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .legend(legendOf(spec));
  // The first colour of a palette is green, which means well: what is alone is blue, several need telling apart.
  if (spec.legend === false) panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor('blue'));
  else panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic));
  for (const [alias, colour] of Object.entries(spec.colours ?? {}))
    panel.overrideByName(alias, [
      { id: 'color', value: new FieldColorBuilder().mode(FieldColorModeId.Fixed).fixedColor(colour).build() },
    ]);
  // Series are coloured as wholes: limits are lines across the chart.
  if (spec.steps !== undefined)
    panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  return panel;
}

function legendOf({ legend = true }: LinesSpec): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .showLegend(legend)
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .calcs([]);
}

export interface ColumnSpec {
  readonly unit?: string;
  readonly decimals?: number;
  readonly steps?: readonly Step[];
  /** A bar as long as the value. */
  readonly isBar?: boolean;
  readonly link?: BoardLink;
  readonly mappings?: readonly ValueMapping[];
}

interface TableSpec extends PanelSpec {
  /** Columns that are shown otherwise than the panel says, by name. */
  readonly columns?: Readonly<Record<string, ColumnSpec>>;
  /** Of columns of the answer: the name that is shown. */
  readonly rename?: Readonly<Record<string, string>>;
  /** `Time` of an answer that has none of its own is the beginning of the range, and no use. */
  readonly hide?: readonly string[];
  /** By this column, the most first. */
  readonly most?: string;
  /** Every cell in a colour by its value. */
  readonly isHeat?: boolean;
}

export function table(spec: TableSpec): Builder<Panel> {
  const { columns = {}, rename = {}, hide = ['Time'], most, isHeat = false } = spec;
  const excludeByName = Object.fromEntries(hide.map((name) => [name, true]));
  const organize = { id: 'organize', options: { excludeByName, indexByName: {}, renameByName: rename } };
  const panel = common(new Table(), { ...spec, transformations: [organize, ...(spec.transformations ?? [])] });
  panel.showHeader(true).cellHeight(TableCellHeight.Sm);
  if (most !== undefined) panel.sortBy([new TableSortByFieldStateBuilder().displayName(most).desc(true)]);
  if (isHeat) {
    panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.ContinuousBlYlRd));
    panel.cellOptions({ type: TableCellDisplayMode.ColorBackground, mode: TableCellBackgroundDisplayMode.Basic });
    panel.align(FieldTextAlignment.Center);
  }
  for (const [name, column] of Object.entries(columns)) panel.overrideByName(name, propertiesOf(column));
  return panel;
}

function propertiesOf({ unit, decimals, steps, isBar, link, mappings }: ColumnSpec): DynamicConfigValue[] {
  const properties: DynamicConfigValue[] = [];
  if (unit !== undefined) properties.push({ id: 'unit', value: unit });
  if (decimals !== undefined) properties.push({ id: 'decimals', value: decimals });
  if (mappings !== undefined) properties.push({ id: 'mappings', value: mappings });
  if (steps !== undefined) {
    properties.push({ id: 'thresholds', value: thresholdsOf(steps).build() });
    properties.push({ id: 'custom.cellOptions', value: { type: TableCellDisplayMode.ColorText } });
    properties.push({ id: 'color', value: { mode: FieldColorModeId.Thresholds } });
  }
  if (isBar === true) {
    properties.push({ id: 'custom.cellOptions', value: { type: TableCellDisplayMode.Gauge, mode: 'basic' } });
    properties.push({ id: 'min', value: 0 });
  }
  if (link !== undefined) properties.push({ id: 'links', value: [linkOf(link).build()] });
  return properties;
}

export function states(spec: PanelSpec): Builder<Panel> {
  const panel = common(new StateTimeline(), spec).mergeValues(true).showValue(VisibilityMode.Never).rowHeight(0.9);
  if (spec.steps !== undefined) panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
  else panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.ContinuousYlBl));
  return panel;
}
