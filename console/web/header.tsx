/** Name, the pages, and whether what stands below is live. */
import type { City, Connection } from './city.ts';
import { PageIcon } from './page-icon.tsx';

const WORDS: Readonly<Record<Connection, readonly [label: string, tone: string, title: string]>> = {
  connecting: ['Connecting', 'wait', 'The page asks the server for the first figures'],
  live: ['Live', 'good', 'The server was heard within the last seconds'],
  reconnecting: ['Reconnecting', 'warn', 'The server has been quiet for a few seconds; the page keeps trying'],
  gone: ['Server gone', 'bad', 'Nothing heard for 15 seconds; the page keeps trying'],
  'signed-out': ['Signed out', 'wait', 'Sign in to read'],
};

const PAGES = [
  { href: '/', label: 'City', icon: 'city', of: /^\/(sites\/|$)/ },
  { href: '/lights', label: 'Streetlights', icon: 'lights', of: /^\/lights/ },
  { href: '/air', label: 'Air', icon: 'air', of: /^\/air/ },
  { href: '/alerts', label: 'Alerts', icon: 'alerts', of: /^\/alerts/ },
  { href: '/gateways', label: 'Gateways', icon: 'gateways', of: /^\/gateways/ },
] as const;

export function Header({ city, path }: { readonly city: City; readonly path: string }) {
  const [label, tone, title] = WORDS[city.connection];
  return (
    <header class="top">
      <div class="top-inner">
        <a class="brand" href="/">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <span class="name">Lamplighter</span>
        </a>
        {city.connection === 'signed-out' ? null : (
          <nav class="pages" aria-label="Pages">
            {PAGES.map((page) => (
              <a key={page.href} href={page.href} {...(page.of.test(path) ? { 'aria-current': 'page' as const } : {})}>
                <PageIcon name={page.icon} />
                {page.label}
              </a>
            ))}
          </nav>
        )}
        <p class={`pill ${tone}`} role="status" title={title} data-connection={city.connection}>
          <span class="dot" aria-hidden="true" />
          {label}
        </p>
      </div>
    </header>
  );
}
