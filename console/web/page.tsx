/** The whole page, in the order in which people ask: is it live, what arrives, how was it, who sends, what was refused. */
import { useEffect, useMemo } from 'preact/hooks';
import { Banners } from './banners.tsx';
import { City } from './city.ts';
import { DeadLetters } from './dead-letters.tsx';
import { Figures } from './figures.tsx';
import { GatewaysTable } from './gateways-table.tsx';
import { Header } from './header.tsx';
import { LiveChart } from './live-chart.tsx';
import { LiveConnection } from './live-connection.ts';
import { SignIn } from './sign-in.tsx';
import { useCity } from './use-city.ts';
import { ValuesTable } from './values-table.tsx';

export function Page() {
  const city = useMemo(() => new City(), []);
  const connection = useMemo(() => new LiveConnection(city), [city]);
  useCity(city);
  useEffect(() => {
    connection.open();
    return () => connection.close();
  }, [connection]);

  if (city.connection === 'signed-out') {
    return (
      <>
        <Header city={city} />
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
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Header city={city} />
      <main id="main">
        <h1 class="visually-hidden">The city now</h1>
        <Banners city={city} />
        <Figures city={city} />
        <LiveChart city={city} />
        <ValuesTable city={city} />
        <GatewaysTable city={city} />
        <DeadLetters city={city} />
      </main>
      <footer>
        <span>Lamplighter {city.status?.version ?? ''}</span>
        <nav aria-label="Elsewhere">
          <a href="/api/docs">API</a>
          <a href="/api/latest?format=csv">Newest values as CSV</a>
          <a href="/api/health">Health</a>
          <a href="/metrics">Metrics</a>
        </nav>
      </footer>
    </>
  );
}
