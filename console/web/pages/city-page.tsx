/** The city at a glance: how much, compared with what, where, and what is wrong. */
import { useMemo } from 'preact/hooks';
import { bandOf } from '../air-bands.ts';
import { rangeOf } from '../chart/ranges.ts';
import { TimeChart } from '../chart/time-chart.tsx';
import { useSeries } from '../chart/use-series.ts';
import { HistoryProgress } from '../city/history-progress.tsx';
import { ProblemList } from '../city/problem-list.tsx';
import type { CityReply, ProblemsReply, SitesReply } from '../city/replies.ts';
import { SiteTable } from '../city/site-table.tsx';
import { Change } from '../city/site-words.tsx';
import type { City } from '../city.ts';
import { formatNumber, labelOf, plural } from '../formatters.ts';
import { CityMap } from '../map/city-map.tsx';
import { placesOf, SITE_KEY } from '../map/site-places.ts';
import { Fault, SkeletonRows, Tile, TileSkeletons } from '../tile.tsx';
import { useAsked } from '../use-asked.ts';
import { zonedDayMinute, zonedMoment, zoneShort } from '../zoned-time.ts';

const NOTHING: never[] = [];

export function CityPage({ city }: { readonly city: City }) {
  const { overview } = city;
  const sites = useAsked<SitesReply>('/api/city/sites', { everyMs: 15_000, newsMs: 4_000 });
  const problems = useAsked<ProblemsReply>('/api/problems', { everyMs: 15_000 });
  const rows = sites.reply?.sites ?? NOTHING;
  const places = useMemo(() => placesOf(rows), [rows]);
  const stale = city.isStale ? ' stale' : '';
  const early = earlyWords(city, problems.reply);
  return (
    <>
      <div class="page-head">
        <h1>{overview?.name ?? 'The city'}</h1>
        <p class="note">
          {overview === undefined
            ? 'Reading the headline figures…'
            : `As of ${zonedMoment(overview.at_ms ?? Date.parse(overview.at), overview.zone, city.now())} ${zoneShort(overview.zone, city.now())}, local time`}
        </p>
      </div>
      {overview === undefined ? null : <HistoryProgress city={overview} />}
      {overview === undefined ? (
        <TileSkeletons count={5} label="Now" />
      ) : (
        <Headline city={overview} stale={stale} siteName={(id) => city.siteName(id)} />
      )}
      <div class="split">
        <section class="card flush" aria-labelledby="map-title">
          <h2 id="map-title" class="visually-hidden">
            Map of the sites
          </h2>
          <CityMap label="Map of the sites" places={places} isLoading={sites.isLoading} key_={SITE_KEY} />
        </section>
        <section class="card wrong" aria-labelledby="wrong-title">
          <div class="card-head">
            <h2 id="wrong-title">What is wrong</h2>
            <p class="count" role="status">
              {problems.reply === undefined
                ? ''
                : `${plural(problems.reply.problems.length, 'problem')}${early === undefined ? '' : ' so far'}`}
            </p>
          </div>
          <Fault words={problems.fault} onAgain={problems.again} />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1) */}
          <section class="wrong-scroll" tabIndex={0} aria-label="List of problems">
            {problems.reply === undefined && problems.fault !== '' ? null : (
              <ProblemList
                problems={problems.reply?.problems}
                now={city.now()}
                siteName={(id) => city.siteName(id)}
                early={early}
                fine={
                  overview?.gateways.total === 0
                    ? 'Nothing is wrong, since nothing is here yet: add sites and gateways.'
                    : 'Nothing is wrong. Every gateway is heard and every rule is kept.'
                }
              />
            )}
          </section>
        </section>
      </div>
      <CityLoad city={city} />
      <Fault words={sites.fault} onAgain={sites.again} />
      {sites.reply === undefined ? (
        <section class="card" aria-labelledby="sites-title">
          <h2 id="sites-title">Sites</h2>
          {sites.fault === '' ? <SkeletonRows count={8} /> : null}
        </section>
      ) : (
        <SiteTable sites={rows} />
      )}
    </>
  );
}

/** Why it is too early to say that nothing is wrong. */
function earlyWords(city: City, reply: ProblemsReply | undefined): string | undefined {
  if (city.isHistoryLoading)
    return 'Nothing is found yet. The past is being loaded, and what is wrong shows as it comes.';
  return reply?.checked === null
    ? 'Nothing is found yet. Loads, nights and counters are being looked through.'
    : undefined;
}

function Headline(props: {
  readonly city: CityReply;
  readonly stale: string;
  siteName(id: string): string | undefined;
}) {
  const { city, stale } = props;
  const { energy_today: energy, lamps, air, gateways, power_kw: power } = city;
  const worst = air.worst;
  const band = worst === null ? undefined : bandOf(worst.metric, worst.band);
  const time = zonedDayMinute(city.at_ms ?? Date.parse(city.at), city.zone);
  return (
    <section class={`figures headline${stale}`} aria-label={`Now, ${time}`}>
      <Tile
        name="Power now"
        value={formatNumber(power.value, 0)}
        unit="kW"
        note={
          <>
            {formatNumber(power.sites_reporting)} of {plural(power.sites_total, 'site')} report
            {city.solar_kw === null || city.solar_kw <= 0.05
              ? ''
              : ` · ${formatNumber(city.solar_kw, 1)} kW from the sun`}
          </>
        }
        tone={power.sites_reporting < power.sites_total ? 'is-warn' : ''}
      />
      <Tile
        name="Energy today"
        value={formatNumber(energy.kwh)}
        unit="kWh"
        note={
          energy.kwh === null ? (
            'Nothing is measured yet'
          ) : energy.same_weekday_kwh === null ? (
            <>{formatNumber(energy.coverage_percent)} % of the data; no week to compare with yet</>
          ) : (
            <>
              <Change percent={energy.change_percent} /> against {formatNumber(energy.same_weekday_kwh)} kWh by this
              time last week
            </>
          )
        }
      />
      <Tile
        name="Lamps lit"
        value={formatNumber(lamps.lit)}
        unit={`of ${formatNumber(lamps.commanded)} commanded`}
        note={
          <>
            {formatNumber(lamps.total)} lamps
            {lamps.failed > 0 ? ` · ${formatNumber(lamps.failed)} failed` : ''}
            {lamps.dark_circuits > 0 ? ` · ${plural(lamps.dark_circuits, 'circuit')} dark` : ''}
          </>
        }
        tone={lamps.lit !== lamps.commanded || lamps.failed > 0 ? 'is-warn' : ''}
        href="/lights"
      />
      <Tile
        name="Outdoor air"
        value={worst === null ? '–' : (band?.label ?? formatNumber(worst.value, 1))}
        unit=""
        note={
          worst === null ? (
            `${plural(air.stations, 'station')}, no value now`
          ) : (
            <>
              worst of {formatNumber(air.stations)}: {props.siteName(worst.site) ?? worst.site}, {labelOf(worst.metric)}{' '}
              {formatNumber(worst.value, 1)} {worst.unit}
            </>
          )
        }
        tone={`band-${band?.tone ?? 'none'}`}
        href="/air"
      />
      <Tile
        name="Gateways online"
        value={formatNumber(gateways.online)}
        unit={`of ${formatNumber(gateways.total)}`}
        note={
          gateways.total === 0
            ? 'None is in the register yet'
            : gateways.silent > 0
              ? `${formatNumber(gateways.silent)} silent`
              : 'All are heard'
        }
        tone={gateways.online < gateways.total ? 'is-warn' : ''}
        href="/gateways"
      />
    </section>
  );
}

function CityLoad({ city }: { readonly city: City }) {
  const range = rangeOf('24h', '24h');
  const { zone } = city;
  const wanted = useMemo(
    () => ({
      label: 'All main meters',
      metric: 'active_power_kw',
      devices: ['*/main-meter'],
      range,
      zone,
      isCompared: true,
    }),
    [range, zone],
  );
  const found = useSeries(city.overview === undefined ? undefined : wanted);
  return (
    <section class="card" aria-labelledby="city-load-title">
      <div class="card-head">
        <h2 id="city-load-title">Power of the city, last 24 hours</h2>
      </div>
      <TimeChart
        title="Power of the city, last 24 hours"
        unit="kW"
        decimals={1}
        zone={zone}
        from={found.from}
        to={found.to}
        lines={found.lines}
        height={220}
        isLoading={found.isLoading || city.overview === undefined}
        fault={found.fault}
        onAgain={found.again}
        empty={
          city.isHistoryLoading
            ? 'The past is being loaded; the curve appears as it comes.'
            : 'No main meter has reported in the last 24 hours.'
        }
      />
    </section>
  );
}
