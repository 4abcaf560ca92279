/** Moves a map by mouse, wheel and fingers. */
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import { type Point, pan, type View, zoomAt } from './projection.ts';

interface Shown {
  readonly view: View;
  readonly width: number;
  readonly height: number;
}

/** Less than this is a click with an unsteady hand. */
const DRAG_PX = 5;

export function useMapGestures(
  box: RefObject<HTMLElement>,
  newest: { readonly current: Shown },
  setView: (view: View) => void,
): void {
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const fingers = new Map<number, Point>();
    let start: Point | undefined;
    let hasDragged = false;
    const at = (event: MouseEvent): Point => {
      const rect = element.getBoundingClientRect();
      return { x: event.clientX - rect.left, y: event.clientY - rect.top };
    };
    const wheel = (event: WheelEvent) => {
      // A wheel that scrolls past the page must not get caught in the map: it zooms once the map is in use, or with Ctrl.
      if (!event.ctrlKey && !element.contains(document.activeElement)) return;
      event.preventDefault();
      const { view, width, height } = newest.current;
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1;
      setView(zoomAt(view, 2 ** ((-event.deltaY * lines) / (event.ctrlKey ? 120 : 300)), at(event), width, height));
    };
    const down = (event: PointerEvent) => {
      if (event.button !== 0) return;
      fingers.set(event.pointerId, at(event));
      start = at(event);
      hasDragged = false;
    };
    const move = (event: PointerEvent) => {
      const before = fingers.get(event.pointerId);
      if (before === undefined || start === undefined) return;
      const now = at(event);
      const { view, width, height } = newest.current;
      if (fingers.size === 2) {
        const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1] ?? now;
        const factor = distance(now, other) / Math.max(1, distance(before, other));
        const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
        setView(pan(zoomAt(view, factor, middle, width, height), (now.x - before.x) / 2, (now.y - before.y) / 2));
        hasDragged = true;
      } else {
        if (!hasDragged && distance(now, start) < DRAG_PX) return;
        if (!hasDragged) element.setPointerCapture(event.pointerId);
        hasDragged = true;
        setView(pan(view, now.x - before.x, now.y - before.y));
      }
      fingers.set(event.pointerId, now);
    };
    const up = (event: PointerEvent) => {
      fingers.delete(event.pointerId);
    };
    /** The end of a drag is no click on the place below it. */
    const click = (event: MouseEvent) => {
      if (!hasDragged) return;
      hasDragged = false;
      event.preventDefault();
      event.stopPropagation();
    };
    const still = (event: Event) => event.preventDefault();
    element.addEventListener('wheel', wheel, { passive: false });
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', up);
    element.addEventListener('pointercancel', up);
    element.addEventListener('click', click, true);
    element.addEventListener('dragstart', still);
    return () => {
      element.removeEventListener('wheel', wheel);
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', up);
      element.removeEventListener('pointercancel', up);
      element.removeEventListener('click', click, true);
      element.removeEventListener('dragstart', still);
    };
  }, [box, newest, setView]);
}

function distance(one: Point, other: Point): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
