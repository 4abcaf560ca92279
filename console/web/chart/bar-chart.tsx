/** A bar a period: whole where the data are complete, striped where something is missing, none where nothing is known. */
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { EnergyRow } from '../city/replies.ts';
import { formatNumber } from '../formatters.ts';
import { zonedDay, zonedMonth, zonedStamp, zoneLabel } from '../zoned-time.ts';
import { dayAxis, valueAxis } from './axes.ts';
import { colourOf, stripes } from './chart-colours.ts';
import { cellOf } from './chart-download.ts';
import { ChartFrame } from './chart-frame.tsx';

/** Coverage from which a period counts as complete. */
export const COMPLETE_PERCENT = 99;

export interface BarChartProps {
  readonly title: string;
  readonly unit: string;
  readonly decimals: number;
  /** Of the highest quarter hour. */
  readonly demandUnit: string;
  readonly zone: string;
  readonly every: 'day' | 'month';
  readonly rows: readonly EnergyRow[];
  readonly isLoading: boolean;
  readonly fault: string;
  readonly empty: string;
  onAgain?(): void;
}

export function BarChart(props: BarChartProps) {
  const { rows, unit, decimals, zone, every } = props;
  const nameOf = (row: EnergyRow) => (every === 'day' ? zonedDay : zonedMonth)(row.from_ms, zone);
  const isWhole = (row: EnergyRow) => row.coverage_percent >= COMPLETE_PERCENT;
  const data = useMemo<uPlot.AlignedData>(
    () => [
      rows.map((_, index) => index),
      rows.map((row) => (isWhole(row) ? row.value : null)),
      rows.map((row) => (isWhole(row) ? null : row.value)),
    ],
    [rows],
  );
  const names = rows.map((row) => nameOf(row).split(' ').slice(0, 2).join(' '));
  const draw = (parent: HTMLElement, onIndex: (index: number | undefined) => void) => {
    const paths = uPlot.paths.bars?.({ size: [0.72, 56], radius: 0.08 });
    const bar = (fill: uPlot.Series.Fill): uPlot.Series => ({
      stroke: colourOf('--lamp-line'),
      width: 1,
      fill,
      points: { show: false },
      ...(paths === undefined ? {} : { paths }),
    });
    return new uPlot(
      {
        width: Math.max(200, parent.clientWidth),
        height: parent.clientHeight,
        legend: { show: false },
        cursor: { drag: { x: false, y: false }, y: false, points: { show: false } },
        scales: {
          x: { time: false, range: () => [-0.6, Math.max(0, rows.length - 1) + 0.6] },
          y: { range: (_plot, _least, most) => [0, most === null || most <= 0 ? 1 : most * 1.12] },
        },
        series: [{}, bar(colourOf('--lamp')), bar((plot) => stripes(plot.ctx, colourOf('--lamp-line')))],
        axes: [dayAxis(zoneLabel(zone, Date.now()), names, parent.clientWidth), valueAxis(unit, decimals)],
        hooks: {
          draw: [(plot) => markEvents(plot, rows)],
          setCursor: [(plot) => onIndex(plot.cursor.idx ?? undefined)],
        },
      },
      [[], [], []],
      parent,
    );
  };
  const known = rows.filter((row) => row.value !== null);
  return (
    <ChartFrame
      title={props.title}
      summary={`${known.length} of ${rows.length} ${every}s have a value.`}
      legend={[
        { label: 'complete', swatch: 'bar-whole' },
        { label: 'incomplete data', swatch: 'bar-striped' },
        ...(rows.some((row) => row.events.length > 0)
          ? [{ label: 'something happened to a meter', swatch: 'bar-event' }]
          : []),
      ]}
      readout={(index) => {
        const row = rows[index ?? rows.length - 1];
        if (row === undefined) return <span class="note">–</span>;
        return (
          <>
            <span class="reading main">
              <span class="number">{formatNumber(row.value, decimals)}</span> <span class="unit">{unit}</span>
            </span>
            <span class="note">
              {nameOf(row)}
              {index === undefined ? ', so far' : ''} ·{' '}
              {row.value === null ? 'no data' : `${formatNumber(row.coverage_percent)} % of the data`}
              {row.peak === null ? '' : ` · peak ${formatNumber(row.peak, 1)} ${props.demandUnit}`}
              {row.events.length === 0 ? '' : ` · ${row.events.join(', ')}`}
            </span>
          </>
        );
      }}
      draw={draw}
      drawKey={`${unit} ${zone} ${every} ${rows.length} ${rows[0]?.from_ms ?? 0} ${rows.flatMap((row) => row.events).join()}`}
      data={data}
      csv={() => [
        [
          'from (UTC)',
          'to (UTC)',
          `${every} (${zone})`,
          `consumption (${unit})`,
          'coverage (%)',
          'events',
          `peak (${props.demandUnit})`,
        ],
        ...rows.map((row) => [
          new Date(row.from_ms).toISOString(),
          new Date(row.to_ms).toISOString(),
          zonedStamp(row.from_ms, zone).slice(0, every === 'day' ? 10 : 7),
          cellOf(row.value),
          cellOf(row.coverage_percent),
          row.events.join(' '),
          cellOf(row.peak),
        ]),
      ]}
      height={220}
      isLoading={props.isLoading}
      fault={props.fault}
      empty={props.empty}
      {...(props.onAgain === undefined ? {} : { onAgain: props.onAgain })}
    />
  );
}

/** A triangle over each period in which a meter was reset, or the like. */
function markEvents(plot: uPlot, rows: readonly EnergyRow[]): void {
  const { ctx: pen, bbox } = plot;
  const size = 5 * window.devicePixelRatio;
  pen.save();
  pen.fillStyle = colourOf('--bad');
  for (const [index, row] of rows.entries()) {
    if (row.events.length === 0) continue;
    const x = plot.valToPos(index, 'x', true);
    pen.beginPath();
    pen.moveTo(x - size, bbox.top);
    pen.lineTo(x + size, bbox.top);
    pen.lineTo(x, bbox.top + size * 1.6);
    pen.fill();
  }
  pen.restore();
}
