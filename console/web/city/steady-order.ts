/** Rows that stay where they are while somebody is about to click: a list that is put in order anew waits for that. */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Whoever has not moved for so long is not about to click; a pointer may lie on a list for hours. */
const HELD_FOR_MS = 20_000;

/** `rows` in their own order; while the pointer or the focus is in the list, those that are shown already keep theirs. */
export function useSteadyOrder<Row extends { readonly id: string }>(
  rows: readonly Row[],
  list: RefObject<HTMLElement>,
): readonly Row[] {
  const touchedAt = useRef(Number.NEGATIVE_INFINITY);
  const shown = useRef<readonly string[]>([]);
  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    const touch = () => {
      touchedAt.current = performance.now();
    };
    const leave = () => {
      touchedAt.current = Number.NEGATIVE_INFINITY;
    };
    const [coming, going] = [
      ['pointerenter', 'pointermove', 'pointerdown', 'focusin', 'keydown'],
      ['pointerleave', 'focusout'],
    ];
    for (const name of coming) element.addEventListener(name, touch);
    for (const name of going) element.addEventListener(name, leave);
    return () => {
      for (const name of coming) element.removeEventListener(name, touch);
      for (const name of going) element.removeEventListener(name, leave);
    };
  }, [list]);
  const isHeld = performance.now() - touchedAt.current < HELD_FOR_MS;
  const ordered = isHeld ? steadyOrder(rows, shown.current) : rows;
  shown.current = ordered.map(({ id }) => id);
  return ordered;
}

/** The rows of `shown` that are still there as they were, then the others in their own order. */
export function steadyOrder<Row extends { readonly id: string }>(
  rows: readonly Row[],
  shown: readonly string[],
): readonly Row[] {
  const place = new Map(shown.map((id, index) => [id, index]));
  const placeOf = ({ id }: Row): number => place.get(id) ?? shown.length;
  return [...rows].sort((one, other) => placeOf(one) - placeOf(other));
}
