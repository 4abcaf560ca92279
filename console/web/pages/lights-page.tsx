/** All streetlight circuits: lit against commanded, on the map and in a table. */
import { useMemo } from 'preact/hooks';
import { ProblemBadge, rankOf } from '../city/problem-badge.tsx';
import type { CircuitRow, LightsReply } from '../city/replies.ts';
import type { City } from '../city.ts';
import { formatNumber, plural } from '../formatters.ts';
import { CIRCUIT_KEY, CIRCUIT_STATES, circuitPlaces } from '../lights/circuit-words.ts';
import { CityMap } from '../map/city-map.tsx';
import { Fault, SkeletonRows, Tile, TileSkeletons } from '../tile.tsx';
import { useAsked } from '../use-asked.ts';
import { zonedMoment, zoneShort } from '../zoned-time.ts';

const NONE: never[] = [];
const URGENCY = ['dark', 'day-burning', 'silent', 'lit', 'off'];

export function LightsPage({ city }: { readonly city: City }) {
  const asked = useAsked<LightsReply>('/api/lights', { everyMs: 15_000, newsMs: 4_000 });
  const { reply } = asked;
  const circuits = reply?.circuits ?? NONE;
  const places = useMemo(() => circuitPlaces(circuits), [circuits]);
  const powers = circuits.map(({ power_kw }) => power_kw).filter((power) => power !== null);
  const nights = circuits.map((one) => one.energy_last_night_kwh).filter((energy) => energy !== null);
  return (
    <>
      <div class="page-head">
        <h1>Streetlights</h1>
        <p class="note">
          {reply === undefined
            ? 'Reading the circuits…'
            : `As of ${zonedMoment(reply.at_ms ?? Date.parse(reply.at), city.zone, city.now())} ${zoneShort(city.zone, city.now())}, local time`}
        </p>
      </div>
      <Fault words={asked.fault} onAgain={asked.again} />
      {reply === undefined ? (
        <TileSkeletons count={4} label="Now" />
      ) : (
        <section class={`figures${city.isStale ? ' stale' : ''}`} aria-label="Now">
          <Tile
            name="Lamps lit"
            value={formatNumber(reply.totals.lit)}
            unit={`of ${formatNumber(reply.totals.commanded)} commanded`}
            note={`${formatNumber(reply.totals.total)} lamps on ${plural(circuits.length, 'circuit')}`}
            tone={reply.totals.lit === reply.totals.commanded ? '' : 'is-warn'}
          />
          <Tile
            name="Failed lamps"
            value={formatNumber(reply.totals.failed)}
            unit="lamps"
            note={
              reply.totals.silent > 0
                ? `${formatNumber(reply.totals.silent)} more are not heard`
                : heardWords(reply.totals)
            }
            tone={reply.totals.failed > 0 ? 'is-warn' : ''}
          />
          <Tile
            name="Power now"
            value={
              powers.length === 0
                ? '–'
                : formatNumber(
                    powers.reduce((sum, power) => sum + power, 0),
                    2,
                  )
            }
            unit="kW"
            note={`${formatNumber(powers.length)} of ${plural(circuits.length, 'circuit')} report`}
          />
          <Tile
            name="Last night"
            value={nights.length === 0 ? '–' : formatNumber(nights.reduce((sum, energy) => sum + energy, 0))}
            unit="kWh"
            note={
              nights.length === 0
                ? 'No night is complete yet'
                : `${formatNumber(nights.length)} of ${plural(circuits.length, 'circuit')}`
            }
          />
        </section>
      )}
      <section class="card flush" aria-labelledby="lights-map-title">
        <h2 id="lights-map-title" class="visually-hidden">
          Map of the circuits
        </h2>
        <CityMap label="Map of the circuits" places={places} isLoading={asked.isLoading} key_={CIRCUIT_KEY} />
      </section>
      <section class="card" aria-labelledby="circuits-title">
        <div class="card-head">
          <h2 id="circuits-title">Circuits</h2>
          <p class="count">{reply === undefined ? '' : plural(circuits.length, 'circuit')}</p>
        </div>
        {reply === undefined ? (
          <SkeletonRows count={8} />
        ) : circuits.length === 0 ? (
          <p class="empty">
            No streetlight circuit yet. A site of kind <code>streetlights</code> with lamps shows up here.
          </p>
        ) : (
          <Table circuits={circuits} />
        )}
      </section>
    </>
  );
}

/** Of lamps none of which is silent. */
function heardWords({ total, failed }: LightsReply['totals']): string {
  if (total === 0) return 'No lamp is known yet';
  return failed > 0 ? 'All others are heard' : 'All lamps are heard';
}

function Table({ circuits }: { readonly circuits: readonly CircuitRow[] }) {
  const rows = [...circuits].sort(
    (one, other) =>
      rankOf(other.worst_severity) - rankOf(one.worst_severity) ||
      URGENCY.indexOf(one.state) - URGENCY.indexOf(other.state) ||
      other.problems - one.problems ||
      one.name.localeCompare(other.name),
  );
  return (
    <table class="circuits stacked">
      <thead>
        <tr>
          <th scope="col">Circuit</th>
          <th scope="col">State</th>
          <th scope="col">Lit of commanded</th>
          <th scope="col" class="right">
            Failed
          </th>
          <th scope="col" class="right">
            Power
          </th>
          <th scope="col" class="right">
            Expected
          </th>
          <th scope="col" class="right">
            Last night
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((circuit) => (
          <Row key={circuit.site} circuit={circuit} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ circuit }: { readonly circuit: CircuitRow }) {
  const { lamps } = circuit;
  const [label, tone, title] = CIRCUIT_STATES[circuit.state];
  const part = lamps.commanded === 0 ? 0 : lamps.lit / lamps.commanded;
  return (
    <tr class={circuit.state === 'silent' ? 'old' : ''} data-circuit={circuit.site}>
      <td class="lead">
        <a href={`/lights/${circuit.site}`}>{circuit.name}</a>
        <span class="under">{plural(lamps.total, 'lamp')}</span>
      </td>
      <td class="state">
        <span class={`badge ${tone}`} title={title}>
          {label}
        </span>{' '}
        <ProblemBadge count={circuit.problems} worst={circuit.worst_severity} />
      </td>
      <td class="lit-cell" data-label="Lit of commanded">
        <span class="lit-bar">
          <span class="lit-level" style={{ width: `${Math.min(100, part * 100)}%` }} />
        </span>
        <span>
          {formatNumber(lamps.lit)} <span class="unit">of {formatNumber(lamps.commanded)}</span>
        </span>
      </td>
      <td class="right" data-label="Failed">
        <span class={lamps.failed > 0 ? 'warn-text' : 'none'}>{formatNumber(lamps.failed)}</span>
      </td>
      <td class="right" data-label="Power">
        <span>
          {formatNumber(circuit.power_kw, 2)} <span class="unit">kW</span>
        </span>
      </td>
      <td class="right" data-label="Expected">
        <span>
          {formatNumber(circuit.expected_kw, 2)} <span class="unit">kW</span>
        </span>
      </td>
      <td class="right" data-label="Last night">
        <span>
          {formatNumber(circuit.energy_last_night_kwh, 1)} <span class="unit">kWh</span>
        </span>
      </td>
    </tr>
  );
}
