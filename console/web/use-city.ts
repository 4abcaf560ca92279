/** Draws a component again when the city changed. */
import { useEffect, useReducer } from 'preact/hooks';
import type { City } from './city.ts';

export function useCity(city: City): void {
  const [, redraw] = useReducer((turn: number) => turn + 1, 0);
  useEffect(() => city.onChange(() => redraw(undefined)), [city]);
}
