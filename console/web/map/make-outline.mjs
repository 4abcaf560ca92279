/**
 * Makes map/outline.json: the shores and borders of the counties around Boston, as rings of [longitude, latitude].
 * From us-atlas (US Census Bureau cartographic boundaries, public domain). Make it again with:
 *
 *     node console/web/map/make-outline.mjs
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { feature, mesh } from 'topojson-client';

/** FIPS codes: Suffolk first, then its neighbours. */
const COUNTIES = ['25025', '25021', '25017', '25009', '25023'];
/** West, south, east, north: what lies further away is never looked at. */
const WINDOW = [-71.9, 41.9, -70.4, 42.95];
/** Decimals of a degree; the fourth is 8 to 11 m. */
const DECIMALS = 4;

const require = createRequire(import.meta.url);
const atlas = JSON.parse(readFileSync(require.resolve('us-atlas/counties-10m.json'), 'utf8'));
const chosen = atlas.objects.counties.geometries.filter(({ id }) => COUNTIES.includes(id));
const round = ([x, y]) => [Number(x.toFixed(DECIMALS)), Number(y.toFixed(DECIMALS))];
const isInside = (ring) => ring.some(([x, y]) => x > WINDOW[0] && x < WINDOW[2] && y > WINDOW[1] && y < WINDOW[3]);

const counties = chosen
  .sort((one, other) => COUNTIES.indexOf(one.id) - COUNTIES.indexOf(other.id))
  .map((geometry) => {
    const { type, coordinates } = feature(atlas, geometry).geometry;
    const polygons = type === 'Polygon' ? [coordinates] : coordinates;
    return {
      name: geometry.properties.name,
      rings: polygons.flatMap((rings) => rings.map((ring) => ring.map(round))).filter(isInside),
    };
  });
const borders = mesh(atlas, { type: 'GeometryCollection', geometries: chosen }, (one, other) => one !== other)
  .coordinates.map((line) => line.map(round))
  .filter(isInside);

const json = JSON.stringify({ source: 'us-atlas 3.0.1, US Census Bureau', counties, borders });
writeFileSync(new URL('./outline.json', import.meta.url), `${json}\n`);
process.stdout.write(`outline.json: ${json.length} bytes\n`);
