/** What is on a chart, as files: the numbers as CSV (RFC 4180), the picture as PNG with its title and legend. */
import type uPlot from 'uplot';
import { colourOf } from './chart-colours.ts';
import type { LegendEntry } from './chart-frame.tsx';

const HEAD = 64;

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
  pen.fillStyle = colourOf('--muted');
  pen.font = '12px system-ui, sans-serif';
  pen.fillText(legend.map(({ label }) => label).join('  ·  '), 12, 48, plot.width - 24);
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.drawImage(drawn, 0, HEAD * ratio);
  canvas.toBlob((blob) => blob !== null && save(blob, `${fileName(title)}.png`), 'image/png');
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
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'chart'
  );
}
