/** One place on the map: its shape says what it is, its colour how it stands, a ring that something is wrong. */
import type { Severity } from '../city/replies.ts';
import type { Point } from './projection.ts';

export type MarkerShape = 'building' | 'lights' | 'air';

export interface MapPlace {
  readonly id: string;
  readonly name: string;
  readonly href: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly shape: MarkerShape;
  /** Class that colours it: `live`, `stale`, `lit`, `off`, `dark`, `band-good`, … */
  readonly tone: string;
  readonly severity: Severity | null;
  /** Pixels from the middle to the edge. */
  readonly radius: number;
  /** Second line of the label: figures with units. */
  readonly words: string;
}

export interface MapMarkerProps {
  readonly place: MapPlace;
  readonly at: Point;
  readonly isPointed: boolean;
  onPoint(id: string | undefined): void;
  onFocus(): void;
}

export function MapMarker(props: MapMarkerProps) {
  const { place, at, isPointed } = props;
  const { radius } = place;
  return (
    <g transform={`translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})`}>
      <a
        href={place.href}
        class={`marker ${place.shape} ${place.tone}${isPointed ? ' pointed' : ''}`}
        aria-label={`${place.name}: ${place.words}${place.severity === null ? '' : `. ${place.severity} problem`}`}
        data-site={place.id}
        onMouseEnter={() => props.onPoint(place.id)}
        onMouseLeave={() => props.onPoint(undefined)}
        onFocus={props.onFocus}
        onBlur={() => props.onPoint(undefined)}
      >
        {/* A finger needs more than the drawing. */}
        <circle class="reach" r={Math.max(16, radius + 6)} />
        {place.severity === null || place.severity === 'info' ? null : (
          <circle class={`ring ${place.severity}`} r={radius + 4.5} />
        )}
        <Shape shape={place.shape} radius={radius} />
      </a>
    </g>
  );
}

/** Names of places, drawn after all markers; to move a marker that has the focus would take the focus from it. */
export function MarkerLabel(props: {
  readonly place: MapPlace;
  readonly at: Point;
  readonly width: number;
  readonly isPointed: boolean;
}) {
  const { place, at, width, isPointed } = props;
  const toLeft = at.x > width * 0.62;
  const x = at.x + (place.radius + 9) * (toLeft ? -1 : 1);
  return (
    <g
      class="marker-label"
      text-anchor={toLeft ? 'end' : 'start'}
      transform={`translate(${x.toFixed(1)} ${at.y.toFixed(1)})`}
    >
      <text y={isPointed ? -2 : 4}>{place.name}</text>
      {isPointed ? (
        <text class="words" y="14">
          {place.words}
        </text>
      ) : null}
    </g>
  );
}

function Shape({ shape, radius }: { readonly shape: MarkerShape; readonly radius: number }) {
  if (shape === 'building') return <circle class="shape" r={radius} />;
  if (shape === 'lights')
    return (
      <rect
        class="shape"
        x={-radius}
        y={-radius}
        width={2 * radius}
        height={2 * radius}
        rx="1.5"
        transform="rotate(45)"
      />
    );
  return <path class="shape" d={`M0 ${-radius * 1.2}L${radius * 1.15} ${radius * 0.85}H${-radius * 1.15}Z`} />;
}
