/** One lamp: what it says now, and its level against what it was told. */
import { useMemo } from 'preact/hooks';
import { RangeButtons } from '../chart/range-buttons.tsx';
import { rangeOf } from '../chart/ranges.ts';
import { TimeChart } from '../chart/time-chart.tsx';
import { useSeries } from '../chart/use-series.ts';
import type { LampRow } from '../city/replies.ts';
import type { City } from '../city.ts';
import { formatAge, formatNumber } from '../formatters.ts';
import { setQuery, usePlace } from '../router.ts';
import { LAMP_STATES } from './circuit-words.ts';

export function LampPanel(props: {
  readonly city: City;
  readonly gateway: string;
  readonly circuit: string;
  readonly lamp: LampRow;
}) {
  const { city, gateway, lamp, circuit } = props;
  const { query } = usePlace();
  const range = rangeOf(query.get('night'), '24h');
  const { zone } = city;
  const device = `${gateway}/${lamp.device}`;
  const level = useMemo(
    () => ({ label: 'Level', metric: 'lamp_dim_level_percent', devices: [device], range, zone }),
    [device, range, zone],
  );
  const command = useMemo(
    () => ({
      label: 'Commanded',
      metric: 'lamp_command_percent',
      devices: [device],
      range,
      zone,
      tone: 'compare' as const,
    }),
    [device, range, zone],
  );
  const found = useSeries(level);
  const told = useSeries(command);
  const lines = useMemo(() => [...found.lines, ...told.lines], [found.lines, told.lines]);
  const facts: readonly (readonly [string, string])[] = [
    ['Level', `${formatNumber(lamp.dim_percent)} %`],
    ['Commanded', `${formatNumber(lamp.command_percent)} %`],
    ['Power', `${formatNumber(lamp.power_w, 1)} W`],
    ['Burnt', `${formatNumber(lamp.burn_h)} h`],
    ['Failure', lamp.failure === null ? 'not known' : lamp.failure ? 'reported' : 'none'],
    ['Heard', lamp.age_s === null ? 'never' : `${formatAge(lamp.age_s)} ago`],
  ];
  return (
    <section class="lamp-panel" aria-label={lamp.name} data-lamp-panel={lamp.device}>
      <div class="card-head">
        <h3>
          {lamp.name} <span class={`badge lamp-${lamp.state}`}>{LAMP_STATES[lamp.state][0]}</span>
        </h3>
        <RangeButtons
          name="lamp-range"
          chosen={range.id}
          only={['6h', '24h', '7d', '14d']}
          onChoose={(id) => setQuery('night', id)}
        />
        <button type="button" class="quiet" onClick={() => setQuery('lamp', undefined)}>
          Close
        </button>
      </div>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <TimeChart
        title={`${circuit}, ${lamp.name}: level against command, ${range.words}`}
        unit="%"
        decimals={0}
        zone={zone}
        from={found.from}
        to={found.to}
        lines={lines}
        height={200}
        isLoading={found.isLoading}
        fault={found.fault}
        onAgain={found.again}
        empty={`This lamp has reported nothing in the ${range.words}.`}
      />
    </section>
  );
}
