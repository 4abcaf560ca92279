/** One line over local time, drawn by uPlot in the page's colours. */
import uPlot from 'uplot';
import { formatMinute, formatNumber, zoneName } from './formatters.ts';

export interface LineChartOptions {
  readonly decimals: number;
  readonly unit: string;
  /** Called with the point under the cursor, or undefined. */
  onPoint(point: { time: number; value: number } | undefined): void;
}

const HEIGHT = 240;

export function drawLineChart(parent: HTMLElement, options: LineChartOptions): uPlot {
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const text = colour('--muted');
  const grid = { stroke: colour('--line'), width: 1 };
  const font = '12px system-ui, sans-serif';
  const isNarrow = parent.clientWidth < 480;
  return new uPlot(
    {
      width: Math.max(200, parent.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 8 } },
      scales: { x: { time: true }, y: { range: yRange } },
      series: [
        {},
        {
          stroke: colour('--lamp-line'),
          width: 2,
          fill: colour('--lamp-fill'),
          points: { show: (plot) => (plot.data[0]?.length ?? 0) < 3 },
        },
      ],
      axes: [
        {
          stroke: text,
          grid,
          ticks: grid,
          font,
          labelFont: font,
          label: `Local time (${zoneName()})`,
          labelSize: 22,
          size: 32,
          space: isNarrow ? 70 : 90,
          values: (_plot, splits) => splits.map((seconds) => formatMinute(seconds * 1_000)),
          incrs: [60, 120, 180, 300, 600],
        },
        {
          stroke: text,
          grid,
          ticks: { ...grid, show: false },
          font,
          labelFont: font,
          ...(options.unit === '' ? {} : { label: options.unit, labelSize: 20 }),
          size: (_plot, values) => 16 + 7.2 * Math.max(2, ...(values ?? []).map((value) => value.length)),
          values: (_plot, splits) => splits.map((value) => formatNumber(value, axisDecimals(splits, options.decimals))),
        },
      ],
      hooks: {
        setCursor: [
          (plot) => {
            const index = plot.cursor.idx;
            const time = index == null ? undefined : plot.data[0]?.[index];
            const value = index == null ? undefined : plot.data[1]?.[index];
            options.onPoint(time == null || value == null ? undefined : { time: time * 1_000, value });
          },
        ],
      },
    },
    [[], []],
    parent,
  );
}

/** Room above and below; zero is kept in sight when it is near, so that a flat load does not look like an alarm. */
function yRange(_plot: uPlot, least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1];
  const spread = most - least;
  const room = spread === 0 ? Math.abs(most) * 0.2 || 1 : spread * 0.15;
  const low = least >= 0 && (least - room < 0 || spread > least * 0.5) ? 0 : least - room;
  return [low, most + room];
}

/** No more decimals than the steps need. */
function axisDecimals(splits: readonly number[], most: number): number {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
  return Math.min(most, step >= 1 || step === 0 ? 0 : Math.ceil(-Math.log10(step)));
}
