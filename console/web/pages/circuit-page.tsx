/** One circuit: every lamp as a cell, the chosen lamp's level against its command, and the power of all. */

import { useMemo } from 'preact/hooks';
import { RangeButtons } from '../chart/range-buttons.tsx';
import { rangeOf } from '../chart/ranges.ts';
import { TimeChart } from '../chart/time-chart.tsx';
import { useSeries } from '../chart/use-series.ts';
import { ProblemList } from '../city/problem-list.tsx';
import type { CircuitReply } from '../city/replies.ts';
import type { City } from '../city.ts';
import { formatNumber } from '../formatters.ts';
import { CIRCUIT_STATES } from '../lights/circuit-words.ts';
import { LampGrid } from '../lights/lamp-grid.tsx';
import { LampPanel } from '../lights/lamp-panel.tsx';
import { NoSuch } from '../no-such.tsx';
import { setQuery, usePlace } from '../router.ts';
import { Fault, SkeletonRows, Tile, TileSkeletons } from '../tile.tsx';
import { useAsked } from '../use-asked.ts';

export function CircuitPage({ city, id }: { readonly city: City; readonly id: string }) {
  const { query } = usePlace();
  const asked = useAsked<CircuitReply>(`/api/lights/${encodeURIComponent(id)}`, { everyMs: 15_000, newsMs: 3_000 });
  const circuit = asked.reply;
  const here = circuit?.problems ?? [];
  const lamps = asked.reply?.lamps;
  const name = circuit?.name ?? city.siteName(id) ?? id;
  const chosen = lamps?.find(({ device }) => device === query.get('lamp'));
  const gateway = circuit?.gateway ?? null;
  const range = rangeOf(query.get('range'), '24h');
  const { zone } = city;
  const wanted = useMemo(
    () =>
      gateway === null
        ? undefined
        : { label: 'All lamps', metric: 'lamp_power_w', devices: [`${gateway}/*`], range, zone, isCompared: true },
    [gateway, range, zone],
  );
  const found = useSeries(wanted);
  if (asked.isMissing) return <NoSuch what="circuit" id={id} home="/lights" />;
  return (
    <>
      <nav class="crumbs" aria-label="Where you are">
        <a href="/lights">Streetlights</a>
        <span aria-hidden="true">/</span>
        <span aria-current="page">{name}</span>
      </nav>
      <div class="page-head">
        <h1>{name}</h1>
        {circuit === undefined ? null : (
          <p class="note about">
            <span class={`badge ${CIRCUIT_STATES[circuit.state][1]}`} title={CIRCUIT_STATES[circuit.state][2]}>
              {CIRCUIT_STATES[circuit.state][0]}
            </span>
            {CIRCUIT_STATES[circuit.state][2]} · <a href={`/sites/${id}`}>energy and meters</a>
          </p>
        )}
      </div>
      <Fault words={asked.fault} onAgain={asked.again} />
      {here.length === 0 ? null : (
        <section class="card" aria-labelledby="circuit-wrong-title">
          <h2 id="circuit-wrong-title">What is wrong here</h2>
          <ProblemList problems={here} now={city.now()} siteName={() => undefined} fine="" isNamed={false} />
        </section>
      )}
      {circuit === undefined ? (
        asked.fault === '' ? (
          <TileSkeletons count={4} label="Now" />
        ) : null
      ) : (
        <section class={`figures${circuit.state === 'silent' ? ' stale' : ''}`} aria-label="Now">
          <Tile
            name="Lamps lit"
            value={formatNumber(circuit.totals.lit)}
            unit={`of ${formatNumber(circuit.totals.commanded)} commanded`}
            note={`${formatNumber(circuit.totals.total)} lamps`}
            tone={circuit.totals.lit === circuit.totals.commanded ? '' : 'is-warn'}
          />
          <Tile
            name="Failed"
            value={formatNumber(circuit.totals.failed)}
            unit="lamps"
            note={
              circuit.totals.silent > 0
                ? `${formatNumber(circuit.totals.silent)} more are not heard`
                : circuit.totals.failed > 0
                  ? 'All others are heard'
                  : 'All lamps are heard'
            }
            tone={circuit.totals.failed > 0 ? 'is-warn' : ''}
          />
          <Tile
            name="Power now"
            value={formatNumber(circuit.power_kw, 2)}
            unit="kW"
            note={
              circuit.expected_kw === null
                ? 'What is expected is not known'
                : `${formatNumber(circuit.expected_kw, 2)} kW expected of these commands`
            }
          />
          <Tile
            name="Last night"
            value={formatNumber(circuit.energy_last_night_kwh, 1)}
            unit="kWh"
            note="From dusk to dawn, by the lamps' own counters"
          />
        </section>
      )}
      <section class="card" id="lamps" aria-labelledby="lamps-title">
        <div class="card-head">
          <h2 id="lamps-title">Lamps</h2>
          <p class="count">Choose a lamp to see its night</p>
        </div>
        {lamps === undefined ? (
          asked.fault === '' ? (
            <SkeletonRows count={4} />
          ) : null
        ) : lamps.length === 0 ? (
          <p class="empty">No lamp of this circuit is known yet. It appears with its first reading.</p>
        ) : (
          <LampGrid lamps={lamps} chosen={chosen?.device} onChoose={(device) => setQuery('lamp', device)} />
        )}
        {chosen === undefined || gateway === null ? null : (
          <LampPanel city={city} gateway={gateway} lamp={chosen} circuit={name} />
        )}
      </section>
      {gateway === null ? null : (
        <section class="card" aria-labelledby="circuit-power-title">
          <div class="card-head">
            <h2 id="circuit-power-title">Power of the lamps</h2>
            <RangeButtons
              name="circuit-range"
              chosen={range.id}
              only={['6h', '24h', '7d', '14d']}
              onChoose={(one) => setQuery('range', one)}
            />
          </div>
          <TimeChart
            title={`${name}: power of all lamps, ${range.words}`}
            unit="W"
            decimals={0}
            zone={zone}
            from={found.from}
            to={found.to}
            lines={found.lines}
            height={240}
            isLoading={found.isLoading}
            fault={found.fault}
            onAgain={found.again}
            empty={
              city.isHistoryLoading
                ? 'The past is being loaded; the curve appears as it comes.'
                : `No lamp has reported in the ${range.words}.`
            }
          />
        </section>
      )}
    </>
  );
}
