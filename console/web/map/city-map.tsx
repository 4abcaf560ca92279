/**
 * A map of places: drag, pinch, wheel, keys and buttons move it; every place is a link. The outline below ships with
 * the page, so nothing is asked of anybody; an operator may name a server of tiles (setting `map_tiles`).
 */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { MapMarker, type MapPlace, MarkerLabel } from './map-marker.tsx';
import { BORDERS, COUNTIES, NAMES, ORIGIN, UNIT } from './outline.ts';
import { pan, project, scaleBar, tilesOf, toPixel, type View, viewOf, zoomAt } from './projection.ts';
import { useMapGestures } from './use-map-gestures.ts';

export interface CityMapProps {
  readonly label: string;
  readonly places: readonly MapPlace[];
  readonly isLoading: boolean;
  /** Shown in the corner: what shape and colour mean. */
  readonly key_: readonly { readonly label: string; readonly swatch: string }[];
}

const ZOOM = 1.6;
const STEP_PX = 80;
/** What a capital of a county's name takes at most, with the space after it. */
const NAME_LETTER_PX = 10;

export function CityMap({ label, places, isLoading, key_ }: CityMapProps) {
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 800, height: 460 });
  const [moved, setMoved] = useState<View>();
  const [pointed, setPointed] = useState<string>();
  const { width, height } = size;
  const points = useMemo(() => places.map((place) => project(place.longitude, place.latitude)), [places]);
  const view = moved ?? viewOf(points, width, height);
  const newest = useRef({ view, width, height });
  newest.current = { view, width, height };

  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const resize = new ResizeObserver(measure);
    resize.observe(element);
    return () => resize.disconnect();
  }, []);
  useMapGestures(box, newest, setMoved);

  const zoom = (factor: number) => setMoved(zoomAt(view, factor, { x: width / 2, y: height / 2 }, width, height));
  const onKeyDown = (event: KeyboardEvent) => {
    const deeds: Readonly<Record<string, () => void>> = {
      '+': () => zoom(ZOOM),
      '=': () => zoom(ZOOM),
      '-': () => zoom(1 / ZOOM),
      '0': () => setMoved(undefined),
      ArrowLeft: () => setMoved(pan(view, STEP_PX, 0)),
      ArrowRight: () => setMoved(pan(view, -STEP_PX, 0)),
      ArrowUp: () => setMoved(pan(view, 0, STEP_PX)),
      ArrowDown: () => setMoved(pan(view, 0, -STEP_PX)),
    };
    const deed = event.ctrlKey || event.metaKey ? undefined : deeds[event.key];
    if (deed === undefined) return;
    event.preventDefault();
    deed();
  };
  /** A place that is reached by key is brought into sight. */
  const onFocus = (place: MapPlace, at: { x: number; y: number }) => {
    setPointed(place.id);
    if (at.x < 20 || at.y < 20 || at.x > width - 20 || at.y > height - 20) {
      setMoved({ ...project(place.longitude, place.latitude), scale: view.scale });
    }
  };

  const tiles = tileAddress();
  const middle = toPixel(ORIGIN, view, width, height);
  const bar = scaleBar(view, 110);
  const located = places
    .map((place, index) => ({ place, at: toPixel(points[index] ?? ORIGIN, view, width, height) }))
    .filter(({ at }) => at.x > -40 && at.y > -40 && at.x < width + 40 && at.y < height + 40);
  // Troubled ones lie on top of the others.
  const order = (place: MapPlace) => (place.severity === 'critical' ? 2 : place.severity === null ? 0 : 1);
  const drawn = located.sort((one, other) => order(one.place) - order(other.place));
  const isNear = located.length <= 8 && places.length > 8;
  return (
    <div class="map-box">
      <button type="button" class="skip" onClick={() => document.getElementById('after-map')?.focus()}>
        Skip the map
      </button>
      <section
        class="map"
        onKeyDown={onKeyDown}
        ref={box}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move the map
        tabIndex={0}
        aria-label={`${label}. Arrow keys move it, plus and minus zoom, 0 shows all.`}
      >
        <svg width={width} height={height} role="presentation">
          <g transform={`translate(${middle.x} ${middle.y}) scale(${view.scale / UNIT})`}>
            {COUNTIES.map(({ name, path }) => (
              <path key={name} class={name === 'Suffolk' ? 'county home' : 'county'} d={path} />
            ))}
            <path class="border" d={BORDERS} />
          </g>
          {NAMES.map(({ name, at }) => {
            const { x, y } = toPixel(at, view, width, height);
            // A part of a name is another word.
            const half = (name.length * NAME_LETTER_PX) / 2;
            if (x < half || x > width - half || y < NAME_LETTER_PX || y > height) return null;
            return (
              <text key={name} class="county-name" x={x} y={y}>
                {name}
              </text>
            );
          })}
          {tiles === undefined
            ? null
            : tilesOf(tiles, view, width, height).map((tile) => (
                <image key={tile.key} href={tile.url} x={tile.x} y={tile.y} width={tile.size} height={tile.size} />
              ))}
          {drawn.map(({ place, at }) => (
            <MapMarker
              key={place.id}
              place={place}
              at={at}
              isPointed={place.id === pointed}
              onPoint={setPointed}
              onFocus={() => onFocus(place, at)}
            />
          ))}
          {drawn
            .filter(({ place }) => isNear || place.id === pointed)
            .map(({ place, at }) => (
              <MarkerLabel key={place.id} place={place} at={at} width={width} isPointed={place.id === pointed} />
            ))}
        </svg>
        {places.length === 0 ? (
          <p class="map-empty">
            {isLoading
              ? 'Reading the sites…'
              : 'No site has a position yet. Give sites latitude and longitude in their list or in the manifest.'}
          </p>
        ) : null}
      </section>
      <div class="map-buttons">
        <button type="button" aria-label="Zoom in" onClick={() => zoom(ZOOM)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => zoom(1 / ZOOM)}>
          −
        </button>
        <button type="button" aria-label="Show all sites" onClick={() => setMoved(undefined)}>
          <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
            <path d="M1 5V1h4M11 1h4v4M15 11v4h-4M5 15H1v-4" fill="none" stroke="currentColor" stroke-width="2" />
          </svg>
        </button>
      </div>
      <div class="map-foot">
        <ul class="map-key">
          {key_.map(({ label: words, swatch }) => (
            <li key={words}>
              <span class={`key ${swatch}`} aria-hidden="true" />
              {words}
            </li>
          ))}
        </ul>
        <span class="map-scale" aria-hidden="true">
          <span class="map-scale-bar" style={{ width: `${bar.pixels}px` }} />
          {bar.metres >= 1_000 ? `${bar.metres / 1_000} km` : `${bar.metres} m`}
        </span>
      </div>
      <span id="after-map" tabIndex={-1} />
    </div>
  );
}

/** What the operator set; the server writes it into the document, and allows it in the page's policy. */
function tileAddress(): string | undefined {
  const address = document.querySelector('meta[name="map-tiles"]')?.getAttribute('content') ?? '';
  return address === '' ? undefined : address;
}
