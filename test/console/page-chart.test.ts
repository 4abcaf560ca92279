import { describe, expect, it } from 'vitest';
import { joinLines, toLine, usualDistance } from '../../console/web/chart/chart-lines.ts';
import { problemLink } from '../../console/web/city/problem-link.ts';
import { LEAST_SCALE, project, tilesOf, toPixel, viewOf, zoomAt } from '../../console/web/map/projection.ts';
import { PROBLEMS } from './page-fixtures.ts';

const points = (...times: number[]) => times.map((time_ms) => ({ time_ms, value: time_ms }));

describe('lines of a chart', () => {
  it('breaks where points are missing, and nowhere else', () => {
    expect(toLine('a', 'main', points(0, 10, 20, 100, 110), undefined).values).toEqual([0, 10, 20, null, 100, 110]);
    expect(toLine('a', 'main', points(0, 10, 25, 45), undefined).values).toEqual([0, 10, 25, 45]);
    expect(toLine('a', 'main', points(0, 60, 240), 60).values).toEqual([0, 60, null, 240]);
    // A lamp that speaks each ten minutes, in buckets of five.
    expect(toLine('a', 'main', points(0, 600, 1_200, 1_800, 3_600), 300).values).toEqual([
      0,
      600,
      1_200,
      1_800,
      null,
      3_600,
    ]);
    expect(usualDistance([])).toBe(60_000);
  });

  it('joins two lines without mending the gaps of one by the points of the other', () => {
    const main = toLine('a', 'main', points(0, 60, 300), 60);
    const other = toLine('b', 'compare', points(0, 60, 120, 180, 240, 300), 60);
    const [times, first, second] = joinLines([main, other]);
    expect(times).toEqual([0, 0.06, 0.12, 0.18, 0.24, 0.3]);
    expect(first).toEqual([0, 60, null, null, null, 300]);
    expect(second).toEqual([0, 60, 120, 180, 240, 300]);
    // Points between two others are no gap.
    expect(joinLines([toLine('a', 'main', points(0, 100), 100), toLine('b', 'compare', points(50), 100)])[1]).toEqual([
      0,
      undefined,
      100,
    ]);
  });
});

describe('the map', () => {
  it('shows all places, and zooms where the cursor is', () => {
    const places = [project(-71.16, 42.25), project(-71.02, 42.39)];
    const view = viewOf(places, 800, 500);
    for (const place of places) {
      const { x, y } = toPixel(place, view, 800, 500);
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(800);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(500);
    }
    const at = toPixel(places[0]!, view, 800, 500);
    const near = toPixel(places[0]!, zoomAt(view, 3, at, 800, 500), 800, 500);
    expect(near.x).toBeCloseTo(at.x, 6);
    expect(near.y).toBeCloseTo(at.y, 6);
    expect(zoomAt(view, 1e-9, at, 800, 500).scale).toBe(LEAST_SCALE);
    expect(viewOf([places[0]!], 800, 500).scale).toBeLessThan(1e8);
  });

  it('covers the view with tiles of the address that is given', () => {
    const view = viewOf([project(-71.16, 42.25), project(-71.02, 42.39)], 800, 500);
    const tiles = tilesOf('https://tiles.example.org/{z}/{x}/{y}.png', view, 800, 500);
    expect(tiles.length).toBeGreaterThan(3);
    expect(tiles[0]!.url).toMatch(/^https:\/\/tiles\.example\.org\/\d+\/\d+\/\d+\.png$/);
    expect(Math.min(...tiles.map(({ x }) => x))).toBeLessThanOrEqual(0);
    expect(Math.max(...tiles.map(({ x, size }) => x + size))).toBeGreaterThanOrEqual(800);
  });
});

describe('links of problems', () => {
  it('name the gateway and the device', () => {
    const hrefs = PROBLEMS(0).map((problem) => `${problem.kind} ${problemLink(problem).href}`);
    expect(hrefs).toEqual([
      'dark-circuit /lights/lights-seaport',
      'high-co2 /sites/dorchester-school?room=gw-dorchester-school%2Froom-2#rooms',
      'after-hours /sites/latin-school?range=24h#load',
      'silent-gateway /gateways/gw-engine-53',
      'meter-reset /sites/parks-office?meter=gw-parks-office%2Fmain-meter#energy',
      'day-burner /lights/lights-jp?lamp=lamp-17',
    ]);
  });
});
