/** The whole page: who it is connected to, and which of its pages the path names. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { AlertsPage } from './alerts/alerts-page.tsx';
import { Banners } from './banners.tsx';
import type { CityReply } from './city/replies.ts';
import { City } from './city.ts';
import { Header } from './header.tsx';
import { LiveConnection } from './live-connection.ts';
import { AirPage } from './pages/air-page.tsx';
import { CircuitPage } from './pages/circuit-page.tsx';
import { CityPage } from './pages/city-page.tsx';
import { GatewaysPage } from './pages/gateways-page.tsx';
import { LightsPage } from './pages/lights-page.tsx';
import { SitePage } from './pages/site-page.tsx';
import { followLinks, usePlace } from './router.ts';
import { SignIn } from './sign-in.tsx';
import { StreamContext } from './stream-context.ts';
import { Fault } from './tile.tsx';
import { useAsked } from './use-asked.ts';
import { useCity } from './use-city.ts';

export function Page() {
  const city = useMemo(() => new City(), []);
  const connection = useMemo(() => new LiveConnection(city), [city]);
  const { path } = usePlace();
  useCity(city);
  useEffect(() => {
    connection.open();
    document.addEventListener('click', followLinks);
    return () => {
      connection.close();
      document.removeEventListener('click', followLinks);
    };
  }, [connection]);

  if (city.connection === 'signed-out') {
    return (
      <>
        <Header city={city} path={path} />
        <main class="narrow">
          <section class="card">
            <h1>Sign in</h1>
            <SignIn
              onDone={() => {
                city.setConnection('connecting');
                connection.close();
                connection.open();
              }}
            />
          </section>
        </main>
      </>
    );
  }
  return (
    <StreamContext.Provider value={city}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Header city={city} path={path} />
      <Main city={city} path={path} />
      <footer>
        <span>Lamplighter {city.status?.version ?? ''}</span>
        <nav aria-label="Elsewhere">
          <a href="/api/docs">API</a>
          <a href="/api/latest?format=csv">Newest values as CSV</a>
          <a href="/api/health">Health</a>
          <a href="/metrics">Metrics</a>
        </nav>
        <span class="source">Outline: US Census Bureau</span>
      </footer>
    </StreamContext.Provider>
  );
}

function Main({ city, path }: { readonly city: City; readonly path: string }) {
  const overview = useAsked<CityReply>('/api/city', { everyMs: 10_000, newsMs: 2_000 });
  useEffect(() => city.takeOverview(overview.reply), [city, overview.reply]);
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${titleOf(path, city)} · Lamplighter`;
  });
  useEffect(() => {
    // A change of page is a new document to those who hear it, and begins at its top.
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <main id="main" ref={main} tabIndex={-1}>
      <Banners city={city} />
      {overview.reply === undefined ? <Fault words={overview.fault} onAgain={overview.again} /> : null}
      <PageAt city={city} path={path} />
    </main>
  );
}

function PageAt({ city, path }: { readonly city: City; readonly path: string }) {
  const [, page = '', id] = path.split('/').map(decode);
  if (page === '') return <CityPage city={city} />;
  if (page === 'sites' && id) return <SitePage key={id} city={city} id={id} />;
  if (page === 'lights') return id ? <CircuitPage key={id} city={city} id={id} /> : <LightsPage city={city} />;
  if (page === 'air') return <AirPage city={city} />;
  if (page === 'alerts') return <AlertsPage city={city} />;
  if (page === 'gateways') return <GatewaysPage city={city} id={id || undefined} />;
  return (
    <section class="card">
      <h1>There is no such page</h1>
      <p class="empty">
        Nothing is at <code>{path}</code>. <a href="/">Go to the city.</a>
      </p>
    </section>
  );
}

function titleOf(path: string, city: City): string {
  const [, page = '', id = ''] = path.split('/').map(decode);
  if (page === 'sites' || (page === 'lights' && id !== '')) return city.siteName(id) ?? id;
  if (page === 'lights') return 'Streetlights';
  if (page === 'air') return 'Air';
  if (page === 'alerts') return 'Alerts';
  if (page === 'gateways') return id === '' ? 'Gateways' : id;
  return city.overview?.name ?? 'City';
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
