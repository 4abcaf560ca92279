/** Web Mercator (EPSG:3857) on a square of side 1, as tiles use it, and a view of it in pixels. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What of the square is seen: its middle, and pixels for the whole side. */
export interface View extends Point {
  readonly scale: number;
}

const TILE = 256;
/** From five counties to one street. */
export const LEAST_SCALE = TILE * 2 ** 8.5;
export const MOST_SCALE = TILE * 2 ** 17;
const EQUATOR_M = 40_075_016.7;

export function project(longitude: number, latitude: number): Point {
  const sine = Math.sin((latitude * Math.PI) / 180);
  return { x: longitude / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

export function toPixel(point: Point, view: View, width: number, height: number): Point {
  return { x: (point.x - view.x) * view.scale + width / 2, y: (point.y - view.y) * view.scale + height / 2 };
}

/** A view that shows all points with room around them. */
export function viewOf(points: readonly Point[], width: number, height: number, room = 44): View {
  if (points.length === 0) return { ...project(-71.07, 42.32), scale: TILE * 2 ** 11 };
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [west, east, north, south] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = Math.min(
    (width - 2 * room) / Math.max(east - west, 1e-6),
    (height - 2 * room) / Math.max(south - north, 1e-6),
  );
  return {
    x: (west + east) / 2,
    y: (north + south) / 2,
    scale: Math.min(TILE * 2 ** 15, Math.max(LEAST_SCALE, scale)),
  };
}

/** Zooms so that the point under the cursor stays there. */
export function zoomAt(view: View, factor: number, at: Point, width: number, height: number): View {
  const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, view.scale * factor));
  const shift = 1 / view.scale - 1 / scale;
  return { x: view.x + (at.x - width / 2) * shift, y: view.y + (at.y - height / 2) * shift, scale };
}

export function pan(view: View, pixelsX: number, pixelsY: number): View {
  return { ...view, x: view.x - pixelsX / view.scale, y: view.y - pixelsY / view.scale };
}

/** Latitude of the middle of a view, degrees. */
function latitudeOf(y: number): number {
  return (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
}

/** A round distance that is about `pixels` long: metres and its true length in pixels. */
export function scaleBar(view: View, pixels: number): { metres: number; pixels: number } {
  const metresPerPixel = (EQUATOR_M * Math.cos((latitudeOf(view.y) * Math.PI) / 180)) / view.scale;
  const wanted = metresPerPixel * pixels;
  const decade = 10 ** Math.floor(Math.log10(wanted));
  const metres = ([5, 2, 1].find((step) => step * decade <= wanted) ?? 1) * decade;
  return { metres, pixels: metres / metresPerPixel };
}

export interface Tile {
  readonly key: string;
  readonly url: string;
  readonly x: number;
  readonly y: number;
  readonly size: number;
}

/** Tiles that cover the view, of an address such as `https://tiles.example.org/{z}/{x}/{y}.png`. */
export function tilesOf(template: string, view: View, width: number, height: number): Tile[] {
  const zoom = Math.max(0, Math.min(19, Math.round(Math.log2(view.scale / TILE))));
  const count = 2 ** zoom;
  const size = view.scale / count;
  const left = view.x * count - width / 2 / size;
  const top = view.y * count - height / 2 / size;
  const tiles: Tile[] = [];
  for (let row = Math.floor(top); row < top + height / size; row++) {
    for (let column = Math.floor(left); column < left + width / size; column++) {
      if (row < 0 || row >= count) continue;
      const url = template
        .replace('{z}', String(zoom))
        .replace('{x}', String(((column % count) + count) % count))
        .replace('{y}', String(row));
      tiles.push({ key: `${zoom}/${column}/${row}`, url, x: (column - left) * size, y: (row - top) * size, size });
    }
  }
  return tiles;
}
