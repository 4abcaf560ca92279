/** The page's palette for what is drawn on a canvas, which knows no style sheet. */
export function colourOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Diagonal stripes: a bar that rests on incomplete data. */
export function stripes(pen: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  const tile = document.createElement('canvas');
  const size = Math.round(8 * window.devicePixelRatio);
  tile.width = size;
  tile.height = size;
  const ink = tile.getContext('2d');
  if (ink === null) return colour;
  ink.strokeStyle = colour;
  ink.lineWidth = size / 4;
  for (const shift of [-size, 0, size]) {
    ink.beginPath();
    ink.moveTo(shift - 1, size + 1);
    ink.lineTo(shift + size + 1, -1);
    ink.stroke();
  }
  return pen.createPattern(tile, 'repeat') ?? colour;
}
