/** Axes that every chart shares: the site's wall clock below, a unit on the left. */
import type uPlot from 'uplot';
import { formatNumber } from '../formatters.ts';
import { zonedDay, zonedMinute, zoneLabel } from '../zoned-time.ts';
import { colourOf } from './chart-colours.ts';

const FONT = '12px system-ui, sans-serif';
const DAY_S = 86_400;

export function timeAxis(zone: string, width: number): uPlot.Axis {
  const grid = { stroke: colourOf('--grid'), width: 1 };
  return {
    stroke: colourOf('--muted'),
    grid,
    ticks: { ...grid, size: 5 },
    font: FONT,
    labelFont: FONT,
    label: zoneLabel(zone, Date.now()),
    labelSize: 22,
    size: 30,
    space: width < 480 ? 64 : 84,
    values: (_plot, splits) => {
      const step = (splits[1] ?? 0) - (splits[0] ?? 0);
      return splits.map((seconds) => {
        const time = zonedMinute(seconds * 1_000, zone);
        if (step >= DAY_S * 0.9 || time === '00:00') return shortDay(seconds * 1_000, zone, width < 480);
        return time;
      });
    },
  };
}

function shortDay(epochMs: number, zone: string, isNarrow: boolean): string {
  const day = zonedDay(epochMs, zone);
  return isNarrow ? day.split(' ').slice(1).join(' ') : day;
}

export function dayAxis(label: string, texts: readonly string[], width: number): uPlot.Axis {
  const grid = { stroke: colourOf('--grid'), width: 1 };
  const every = Math.max(1, Math.ceil(texts.length / Math.max(1, Math.floor(width / (width < 480 ? 62 : 86)))));
  return {
    stroke: colourOf('--muted'),
    grid: { show: false },
    ticks: { ...grid, size: 5 },
    font: FONT,
    labelFont: FONT,
    label,
    labelSize: 22,
    size: 30,
    // The newest day always has its name.
    splits: () => texts.map((_, index) => index).filter((index) => (texts.length - 1 - index) % every === 0),
    values: (_plot, splits) => splits.map((index) => texts[index] ?? ''),
  };
}

export function valueAxis(unit: string, decimals: number): uPlot.Axis {
  const grid = { stroke: colourOf('--grid'), width: 1 };
  return {
    stroke: colourOf('--muted'),
    grid,
    ticks: { show: false },
    font: FONT,
    labelFont: FONT,
    ...(unit === '' ? {} : { label: unit, labelSize: 18, labelGap: 2 }),
    size: (_plot, values) => 14 + 7.2 * Math.max(2, ...(values ?? []).map((value) => value.length)),
    values: (_plot, splits) => splits.map((value) => formatNumber(value, axisDecimals(splits, decimals))),
  };
}

/** Room above and below; zero is kept in sight when it is near, so that a flat load does not look like an alarm. */
export function valueRange(_plot: uPlot, least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1];
  const spread = most - least;
  const room = spread === 0 ? Math.abs(most) * 0.2 || 1 : spread * 0.12;
  const low = least >= 0 && (least - room < 0 || spread > least * 0.5) ? 0 : least - room;
  return [low, most + room];
}

/** No more decimals than the steps need. */
function axisDecimals(splits: readonly number[], most: number): number {
  const step = Math.abs((splits[1] ?? 1) - (splits[0] ?? 0));
  return Math.min(most, step >= 1 || step === 0 ? 0 : Math.ceil(-Math.log10(step)));
}
