/** One or two lines over the site's local time; a missing stretch is a gap, bands lie behind. */
import { useMemo } from 'preact/hooks';
import uPlot from 'uplot';
import type { Band } from '../air-bands.ts';
import { formatNumber } from '../formatters.ts';
import { zonedDayMinute, zonedStamp } from '../zoned-time.ts';
import { timeAxis, valueAxis, valueRange } from './axes.ts';
import { colourOf } from './chart-colours.ts';
import { cellOf } from './chart-download.ts';
import { ChartFrame } from './chart-frame.tsx';
import { type ChartLine, joinLines } from './chart-lines.ts';

export interface TimeChartProps {
  readonly title: string;
  readonly unit: string;
  readonly decimals: number;
  readonly zone: string;
  /** Edges of the time axis, epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly lines: readonly ChartLine[];
  readonly bands?: readonly Band[];
  /** Stretches that are shaded, epoch milliseconds, and what they are. */
  readonly shades?: { readonly label: string; readonly spans: readonly (readonly [from: number, to: number])[] };
  readonly height?: number;
  readonly isLoading: boolean;
  readonly fault: string;
  readonly empty: string;
  onAgain?(): void;
}

export function TimeChart(props: TimeChartProps) {
  const { lines, unit, decimals, zone, from, to } = props;
  const data = useMemo(() => joinLines(lines), [lines]);
  const main = lines[0];
  const range: uPlot.Range.MinMax = [from / 1_000, to / 1_000];
  const draw = (parent: HTMLElement, onIndex: (index: number | undefined) => void) =>
    new uPlot(
      {
        width: Math.max(200, parent.clientWidth),
        height: parent.clientHeight,
        legend: { show: false },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), zone),
        cursor: { drag: { x: false, y: false }, y: false, points: { size: 8 } },
        scales: { x: { time: true, range: () => range }, y: { range: valueRange } },
        series: [{}, ...lines.map((line) => seriesOf(line))],
        axes: [timeAxis(zone, parent.clientWidth), valueAxis(unit, decimals)],
        hooks: {
          drawClear: [
            (plot) => drawBands(plot, props.bands ?? []),
            (plot) => drawShades(plot, props.shades?.spans ?? []),
          ],
          setCursor: [(plot) => onIndex(plot.cursor.idx ?? undefined)],
        },
      },
      [[], ...lines.map(() => [])] as unknown as uPlot.AlignedData,
      parent,
    );
  const at = (index: number | undefined) => {
    // Without a cursor: the newest value of the first line.
    const shown = index ?? lastIndex(data[1]);
    const seconds = shown === undefined ? undefined : data[0][shown];
    return { shown, time: seconds === undefined ? undefined : seconds * 1_000 };
  };
  return (
    <ChartFrame
      title={props.title}
      summary={summaryOf(main, unit, decimals, zone)}
      legend={[
        ...lines.map(({ label, tone }) => ({ label, swatch: tone })),
        ...(props.shades === undefined ? [] : [{ label: props.shades.label, swatch: 'shade' }]),
      ]}
      readout={(index) => {
        const { shown, time } = at(index);
        if (shown === undefined || time === undefined) return <span class="note">–</span>;
        return (
          <>
            {lines.map((line, number) => (
              <span key={line.label} class={`reading ${line.tone}`}>
                <span class={number === 0 ? 'number' : 'number second'}>
                  {valueText(data, number, shown, decimals)}
                </span>{' '}
                <span class="unit">{unit}</span>
                {number === 0 ? null : <span class="note"> {line.label.toLowerCase()}</span>}
              </span>
            ))}
            <span class="note">
              {index === undefined ? 'newest, ' : ''}
              {zonedDayMinute(time, zone)}
            </span>
          </>
        );
      }}
      draw={draw}
      drawKey={`${from} ${to} ${unit} ${zone} ${lines.map(({ label, tone }) => label + tone).join()} ${props.shades?.spans.length ?? 0}`}
      data={data}
      csv={() => [
        [
          'time (UTC)',
          `local time (${zone})`,
          ...lines.map(({ label }) => `${label}${unit === '' ? '' : ` (${unit})`}`),
        ],
        ...[...data[0]].map((seconds, row) => [
          new Date(seconds * 1_000).toISOString(),
          zonedStamp(seconds * 1_000, zone),
          ...lines.map((_, number) => cellOf(data[number + 1]?.[row])),
        ]),
      ]}
      height={props.height ?? 260}
      isLoading={props.isLoading}
      fault={props.fault}
      empty={props.empty}
      {...(props.onAgain === undefined ? {} : { onAgain: props.onAgain })}
    />
  );
}

function seriesOf({ tone, step }: ChartLine): uPlot.Series {
  const isMain = tone === 'main';
  return {
    stroke: colourOf(isMain ? '--lamp-line' : '--compare'),
    width: isMain ? 2 : 1.5,
    ...(isMain ? { fill: colourOf('--lamp-fill') } : { dash: [5, 4] }),
    ...(step === true && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
    // A value with a gap on both sides has no line to lie on.
    points: {
      show: true,
      size: 5,
      width: 0,
      fill: colourOf(isMain ? '--lamp-line' : '--compare'),
      filter: lonelyPoints,
    },
  };
}

function lonelyPoints(plot: uPlot, seriesIndex: number): number[] {
  const values = plot.data[seriesIndex] ?? [];
  const lonely: number[] = [];
  let before: number | null = null;
  for (let index = 0; index < values.length; index++) {
    const value = values[index];
    if (value === undefined) continue;
    let next = index + 1;
    while (next < values.length && values[next] === undefined) next++;
    if (value !== null && before === null && (values[next] ?? null) === null) lonely.push(index);
    before = value;
  }
  return lonely;
}

function drawBands(plot: uPlot, bands: readonly Band[]): void {
  const { ctx: pen, bbox } = plot;
  pen.save();
  pen.beginPath();
  pen.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  pen.clip();
  const ratio = window.devicePixelRatio;
  pen.font = `${11 * ratio}px system-ui, sans-serif`;
  let least = Number.NEGATIVE_INFINITY;
  for (const band of bands) {
    const top = Number.isFinite(band.most) ? plot.valToPos(band.most, 'y', true) : bbox.top;
    const bottom = Number.isFinite(least) ? plot.valToPos(least, 'y', true) : bbox.top + bbox.height;
    const high = Math.max(bbox.top, top);
    const low = Math.min(bbox.top + bbox.height, bottom);
    if (low > high) {
      pen.globalAlpha = 0.1;
      pen.fillStyle = colourOf(`--band-${band.tone}`);
      pen.fillRect(bbox.left, high, bbox.width, low - high);
      pen.globalAlpha = 1;
      if (low - high > 16 * ratio) {
        pen.fillStyle = colourOf('--muted');
        pen.textAlign = 'right';
        pen.fillText(band.label, bbox.left + bbox.width - 6 * ratio, high + 13 * ratio);
      }
    }
    least = band.most;
  }
  pen.restore();
}

function drawShades(plot: uPlot, spans: readonly (readonly [from: number, to: number])[]): void {
  const { ctx: pen, bbox } = plot;
  pen.save();
  pen.fillStyle = colourOf('--shade');
  for (const [from, to] of spans) {
    const left = Math.max(bbox.left, plot.valToPos(from / 1_000, 'x', true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(to / 1_000, 'x', true));
    if (right > left) pen.fillRect(left, bbox.top, right - left, bbox.height);
  }
  pen.restore();
}

function valueText(data: uPlot.AlignedData, line: number, index: number, decimals: number): string {
  const values = data[line + 1];
  // A line that has no point exactly here shows the one before, unless a gap lies between.
  for (let back = index; back >= 0; back--) {
    const value = values?.[back];
    if (value !== undefined) return formatNumber(value, decimals);
  }
  return formatNumber(null);
}

function lastIndex(values: ArrayLike<number | null | undefined> | undefined): number | undefined {
  for (let index = (values?.length ?? 0) - 1; index >= 0; index--) {
    if (typeof values?.[index] === 'number') return index;
  }
  return undefined;
}

function summaryOf(line: ChartLine | undefined, unit: string, decimals: number, zone: string): string {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let last: { value: number; time: number } | undefined;
  for (const [index, value] of (line?.values ?? []).entries()) {
    if (value === null) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
    last = { value, time: line?.times[index] ?? 0 };
  }
  if (last === undefined) return 'No values.';
  const words = (value: number) => `${formatNumber(value, decimals)} ${unit}`;
  return `Lowest ${words(least)}, highest ${words(most)}, newest ${words(last.value)} at ${zonedDayMinute(last.time, zone)}.`;
}
