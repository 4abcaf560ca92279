/** Hands the live city to whatever is drawn below the page. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { City } from './city.ts';

export const StreamContext = createContext<City | undefined>(undefined);

export function useStream(): City {
  const city = useContext(StreamContext);
  if (city === undefined) throw new Error('StreamContext is missing: draw inside <Page>.');
  return city;
}
