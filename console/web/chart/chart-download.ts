/** What is on a chart, as files: the numbers as CSV (RFC 4180), the picture as PNG with its title and legend. */
import type uPlot from 'uplot';
import { colourOf, stripes } from './chart-colours.ts';
import type { LegendEntry } from './chart-frame.tsx';

const HEAD = 64;
/** Middle of the line of the legend, and what a swatch takes of it. */
const LEGEND_Y = 44;
const SWATCH = 20;

export function downloadCsv(title: string, rows: readonly (readonly string[])[]): void {
  const text = rows.map((row) => row.map(quoted).join(',')).join('\r\n');
  // The mark makes spreadsheets read UTF-8.
  save(new Blob([`\uFEFF${text}\r\n`], { type: 'text/csv;charset=utf-8' }), `${fileName(title)}.csv`);
}

export function downloadPng(title: string, legend: readonly LegendEntry[], plot: uPlot): void {
  const drawn = plot.ctx.canvas;
  const ratio = drawn.width / plot.width;
  const canvas = document.createElement('canvas');
  canvas.width = drawn.width;
  canvas.height = drawn.height + HEAD * ratio;
  const pen = canvas.getContext('2d');
  if (pen === null) return;
  pen.fillStyle = colourOf('--card');
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.scale(ratio, ratio);
  pen.fillStyle = colourOf('--text');
  pen.font = '600 15px system-ui, sans-serif';
  pen.fillText(title, 12, 26, plot.width - 24);
  drawLegend(pen, legend);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.drawImage(drawn, 0, HEAD * ratio);
  canvas.toBlob((blob) => blob !== null && save(blob, `${fileName(title)}.png`), 'image/png');
}

/** As below the chart on the page (.swatch in charts.css): a picture that is passed on must say which line is which. */
function drawLegend(pen: CanvasRenderingContext2D, legend: readonly LegendEntry[]): void {
  pen.font = '12px system-ui, sans-serif';
  let x = 12;
  for (const { label, swatch } of legend) {
    drawSwatch(pen, swatch, x);
    pen.fillStyle = colourOf('--muted');
    pen.fillText(label, x + SWATCH + 6, LEGEND_Y + 4);
    x += SWATCH + 6 + pen.measureText(label).width + 18;
  }
}

function drawSwatch(pen: CanvasRenderingContext2D, swatch: string, x: number): void {
  const isLine = swatch === 'main' || swatch === 'compare';
  if (isLine) {
    pen.strokeStyle = colourOf(swatch === 'main' ? '--lamp-line' : '--compare');
    pen.lineWidth = swatch === 'main' ? 3 : 2;
    pen.setLineDash(swatch === 'main' ? [] : [5, 4]);
    pen.beginPath();
    pen.moveTo(x, LEGEND_Y);
    pen.lineTo(x + SWATCH, LEGEND_Y);
    pen.stroke();
    pen.setLineDash([]);
    return;
  }
  const left = x + SWATCH - 14;
  if (swatch === 'bar-event') {
    pen.fillStyle = colourOf('--bad');
    pen.beginPath();
    pen.moveTo(left + 1, LEGEND_Y - 4);
    pen.lineTo(left + 11, LEGEND_Y - 4);
    pen.lineTo(left + 6, LEGEND_Y + 4);
    pen.fill();
    return;
  }
  const isShade = swatch === 'shade';
  const fill = isShade ? colourOf('--shade') : swatch === 'bar-whole' ? colourOf('--lamp') : undefined;
  pen.fillStyle = fill ?? stripes(pen, colourOf('--lamp-line'));
  pen.strokeStyle = colourOf(isShade ? '--line' : '--lamp-line');
  pen.lineWidth = 1;
  pen.fillRect(left, LEGEND_Y - 6, 12, 12);
  pen.strokeRect(left, LEGEND_Y - 6, 12, 12);
}

/** A number for a file: with every digit that means something, without those of the arithmetic; empty when not known. */
export function cellOf(value: number | null | undefined): string {
  return typeof value === 'number' ? String(Number(value.toFixed(6))) : '';
}

function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken the address by the next turn.
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function fileName(title: string): string {
  return (
    title
      // CO₂ becomes co2.
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'chart'
  );
}
