/** The base map that ships with the page, as paths on the Mercator square; make-outline.mjs makes the file it reads. */
import outline from './outline.json';
import { type Point, project } from './projection.ts';

/** Paths are drawn in units of a millionth of the square, or the browser's single precision would show. */
export const UNIT = 1_000_000;
/** Middle of the paths' coordinates, for the same reason. */
export const ORIGIN: Point = project(-71.06, 42.33);

type Ring = readonly (readonly number[])[];

function pathOf(ring: Ring, isClosed: boolean): string {
  const points = ring.map(([longitude = 0, latitude = 0]) => {
    const { x, y } = project(longitude, latitude);
    return `${((x - ORIGIN.x) * UNIT).toFixed(2)},${((y - ORIGIN.y) * UNIT).toFixed(2)}`;
  });
  return `M${points.join('L')}${isClosed ? 'Z' : ''}`;
}

export const COUNTIES = outline.counties.map(({ name, rings }) => ({
  name,
  path: rings.map((ring) => pathOf(ring, true)).join(''),
}));

/** Where the name of a county is written: at its seat, or where there is room. */
export const NAMES = [
  { name: 'Suffolk', at: project(-71.035, 42.345) },
  { name: 'Norfolk', at: project(-71.2, 42.24) },
  { name: 'Middlesex', at: project(-71.2, 42.4) },
  { name: 'Essex', at: project(-70.98, 42.5) },
  { name: 'Plymouth', at: project(-70.85, 42.17) },
  { name: 'Massachusetts Bay', at: project(-70.85, 42.36) },
] as const;

export const BORDERS = outline.borders.map((line) => pathOf(line, false)).join('');
