/** Name, and whether what stands below is live. */
import type { City, Connection } from './city.ts';

const WORDS: Readonly<Record<Connection, readonly [label: string, tone: string, title: string]>> = {
  connecting: ['Connecting', 'wait', 'The page asks the server for the first figures'],
  live: ['Live', 'good', 'The server was heard within the last seconds'],
  reconnecting: ['Reconnecting', 'warn', 'The server has been quiet for a few seconds; the page keeps trying'],
  gone: ['Server gone', 'bad', 'Nothing heard for 15 seconds; the page keeps trying'],
  'signed-out': ['Signed out', 'wait', 'Sign in to read'],
};

export function Header({ city }: { readonly city: City }) {
  const [label, tone, title] = WORDS[city.connection];
  return (
    <header class="top">
      <div class="brand">
        <img src="/favicon.svg" alt="" width="30" height="30" />
        <span class="name">Lamplighter</span>
      </div>
      <p class={`pill ${tone}`} role="status" title={title} data-connection={city.connection}>
        <span class="dot" aria-hidden="true" />
        {label}
      </p>
    </header>
  );
}
