/** One site: its load, what it used, its meters, its rooms, and what carries them. */
import { useEffect } from 'preact/hooks';
import { ProblemList } from '../city/problem-list.tsx';
import type { SiteDetailReply } from '../city/replies.ts';
import { COMPARABLE_PERCENT, changeOf, kindOf, SITE_STATES } from '../city/site-words.tsx';
import type { City } from '../city.ts';
import { formatAge, formatNumber } from '../formatters.ts';
import { NoSuch } from '../no-such.tsx';
import { usePlace } from '../router.ts';
import { GatewaysOfSite } from '../site/gateways-of-site.tsx';
import { ReportDownload } from '../site/report-download.tsx';
import { carrierOf, SiteEnergy } from '../site/site-energy.tsx';
import { SiteFigures } from '../site/site-figures.tsx';
import { SiteLoad } from '../site/site-load.tsx';
import { SiteMeters } from '../site/site-meters.tsx';
import { SiteRooms } from '../site/site-rooms.tsx';
import { spanOf } from '../site/site-spans.ts';
import { Fault, SkeletonRows, Tile, TileSkeletons } from '../tile.tsx';
import { useAsked } from '../use-asked.ts';

export function SitePage({ city, id }: { readonly city: City; readonly id: string }) {
  const asked = useAsked<SiteDetailReply>(`/api/city/sites/${encodeURIComponent(id)}`, {
    everyMs: 15_000,
    newsMs: 3_000,
  });
  const site = asked.reply;
  const { query } = usePlace();
  useEffect(() => {
    // A link to a part of the page is followed once that part is there.
    if (site === undefined || window.location.hash === '') return;
    document.getElementById(window.location.hash.slice(1))?.scrollIntoView({ block: 'start' });
  }, [site === undefined, id]);
  if (asked.isMissing) return <NoSuch what="site" id={id} home="/" />;
  return (
    <>
      <nav class="crumbs" aria-label="Where you are">
        <a href="/">City</a>
        <span aria-hidden="true">/</span>
        <span aria-current="page">{site?.name ?? city.siteName(id) ?? id}</span>
      </nav>
      <div class="page-head">
        <h1>{site?.name ?? city.siteName(id) ?? id}</h1>
        {site === undefined ? null : <About site={site} />}
      </div>
      <Fault words={asked.fault} onAgain={asked.again} />
      {site === undefined ? (
        asked.fault === '' ? (
          <>
            <TileSkeletons count={4} label="Now" />
            <section class="card">
              <SkeletonRows count={9} />
            </section>
          </>
        ) : null
      ) : (
        <Body city={city} site={site} query={query} />
      )}
    </>
  );
}

/** What is known of the readings that did not come. */
function waitingWords({ gateways }: SiteDetailReply): string {
  const waiting = gateways.reduce((sum, { health }) => sum + (health?.outbox.buffered ?? 0), 0);
  if (waiting > 0) return `${formatNumber(waiting)} readings wait on its gateway and come later.`;
  return gateways.some(({ state }) => state === 'online')
    ? 'None waits on its gateway: it is connected and delivers nothing.'
    : 'What its gateway measures meanwhile waits there and comes later.';
}

function About({ site }: { readonly site: SiteDetailReply }) {
  const [label, tone, title] = SITE_STATES[site.state];
  const area = site.floor_area_m2;
  return (
    <p class="note about">
      <span class={`badge ${tone}`} title={title}>
        {label}
      </span>
      {kindOf(site)}
      {typeof area === 'number' ? ` · ${formatNumber(area)} m²` : ''} · {site.zone.replaceAll('_', ' ')}
    </p>
  );
}

function Body(props: { readonly city: City; readonly site: SiteDetailReply; readonly query: URLSearchParams }) {
  const { city, site, query } = props;
  const now = city.now();
  const carrier = carrierOf(site, query);
  const span = spanOf(query.get('days'));
  const isOld = site.state !== 'live' && site.state !== 'never';
  const water = site.meters.find(({ carrier, today }) => carrier === 'water' && today?.value != null);
  const gas = site.meters.find(({ carrier, today }) => carrier === 'gas' && today?.value != null);
  const worst = [...site.rooms].sort((one, other) => (other.co2_ppm ?? 0) - (one.co2_ppm ?? 0))[0];
  const change = changeOf(site);
  const measured = site.energy_today_percent;
  return (
    <>
      {isOld ? (
        <div class="banner warn" role="status">
          <strong>The figures of this site are old</strong>
          <span>
            Its newest reading is {formatAge(site.last_reading_age_s)} old. {waitingWords(site)} What is grey below is
            the last that was heard.
          </span>
        </div>
      ) : null}
      {site.problems.length === 0 ? null : (
        <section class="card" aria-labelledby="site-wrong-title">
          <h2 id="site-wrong-title">What is wrong here</h2>
          <ProblemList problems={site.problems} now={now} siteName={() => undefined} fine="" isNamed={false} />
        </section>
      )}
      <section class={`figures${isOld ? ' stale' : ''}`} aria-label="Now">
        <Tile
          name="Power now"
          value={formatNumber(site.power_kw, 1)}
          unit="kW"
          note={site.power_age_s === null ? 'No main meter has reported' : `${formatAge(site.power_age_s)} ago`}
        />
        <Tile
          name="Energy today"
          value={formatNumber(site.energy_today_kwh)}
          unit="kWh"
          note={
            measured !== null && measured < COMPARABLE_PERCENT
              ? `Since local midnight, of the ${formatNumber(measured)} % of the time that is measured`
              : change === null
                ? 'Since local midnight'
                : `${change >= 0.5 ? '+' : ''}${formatNumber(change)} % against ${formatNumber(site.same_weekday_kwh)} kWh by this time last week`
          }
        />
        {water === undefined ? null : (
          <Tile
            name="Water today"
            value={formatNumber(water.today?.value, 1)}
            unit={water.today?.unit ?? 'm³'}
            note={water.name}
          />
        )}
        {gas === undefined ? null : (
          <Tile
            name="Gas today"
            value={formatNumber(gas.today?.value, 1)}
            unit={gas.today?.unit ?? 'm³'}
            note={gas.name}
          />
        )}
        {worst === undefined ? null : (
          <Tile
            name="Highest CO₂"
            value={formatNumber(worst.co2_ppm)}
            unit="ppm"
            note={`${worst.name}, ${formatAge(worst.age_s)} ago`}
          />
        )}
      </section>
      {site.meters.length === 0 ? null : (
        <>
          <SiteLoad city={city} site={site} query={query} />
          <SiteEnergy city={city} site={site} carrier={carrier} span={span} />
          <SiteFigures site={site} carrier={carrier} span={span} />
          <SiteMeters site={site} chosen={query.get('meter')} />
          <ReportDownload site={site} now={now} />
        </>
      )}
      {site.rooms.length === 0 ? null : <SiteRooms site={site} chosen={query.get('room')} />}
      <GatewaysOfSite rows={site.gateways} now={now} />
    </>
  );
}
