/** Which page is shown: the browser's path, changed without loading the document again. */
import { useEffect, useReducer } from 'preact/hooks';

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

const MOVED = 'lamplighter-moved';

export function placeNow(): Place {
  const { pathname, search } = window.location;
  return { path: pathname, query: new URLSearchParams(search) };
}

/** Goes to a path of this page, such as `/sites/city-hall?range=7d`. */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  if (to === window.location.pathname + window.location.search) return;
  if (how === 'push') window.history.pushState(null, '', to);
  else window.history.replaceState(null, '', to);
  window.dispatchEvent(new Event(MOVED));
}

/** Changes one word of the query, so that a reload or a link shows the same. */
export function setQuery(name: string, value: string | undefined): void {
  const { path, query } = placeNow();
  if (value === undefined) query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  go(text === '' ? path : `${path}?${text}`, 'replace');
}

export function usePlace(): Place {
  const [, redraw] = useReducer((turn: number) => turn + 1, 0);
  useEffect(() => {
    const moved = () => redraw(undefined);
    window.addEventListener('popstate', moved);
    window.addEventListener(MOVED, moved);
    return () => {
      window.removeEventListener('popstate', moved);
      window.removeEventListener(MOVED, moved);
    };
  }, []);
  return placeNow();
}

/** Takes plain clicks on links of this page; those for a new tab, a download or the API stay the browser's. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    return;
  const link = (event.target as Element | null)?.closest?.('a[href]');
  const href = link?.getAttribute('href') ?? '';
  if (link === null || link === undefined || link.hasAttribute('download') || link.hasAttribute('target')) return;
  if (!href.startsWith('/') || href.startsWith('/api/') || href.startsWith('/metrics')) return;
  event.preventDefault();
  go(href);
}
