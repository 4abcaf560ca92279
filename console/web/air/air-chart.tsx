/** The curve of one value of the air, with the bands behind it. */
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { metricById } from '../../../contract/metrics.ts';
import type { Band } from '../air-bands.ts';
import { RangeButtons } from '../chart/range-buttons.tsx';
import { rangeOf } from '../chart/ranges.ts';
import { TimeChart } from '../chart/time-chart.tsx';
import { useSeries } from '../chart/use-series.ts';
import type { City } from '../city.ts';
import { labelOf, unitOf } from '../formatters.ts';
import { setQuery, usePlace } from '../router.ts';

export interface AirChoice {
  readonly title: string;
  readonly metric: string;
  readonly site: string;
  readonly gateway: string | undefined;
  /** With its gateway before a slash, or without; undefined when the server leaves it to be found. */
  readonly device: string | undefined;
}

export function AirChart(props: {
  readonly city: City;
  readonly id: string;
  readonly choice: AirChoice;
  readonly bands: readonly Band[];
  readonly isCompared?: boolean;
  readonly children?: ComponentChildren;
}) {
  const { city, choice, bands, id } = props;
  const { query } = usePlace();
  const range = rangeOf(query.get(id), '24h');
  const { zone } = city;
  const device = deviceOf(city, choice);
  const isCompared = props.isCompared === true;
  const wanted = useMemo(
    () =>
      device === undefined
        ? undefined
        : { label: labelOf(choice.metric), metric: choice.metric, devices: [device], range, zone, isCompared },
    [device, choice.metric, range, zone, isCompared],
  );
  const found = useSeries(wanted);
  return (
    <section class="card" id={id} aria-label={choice.title}>
      <div class="card-head">
        <h2>{choice.title}</h2>
        <div class="choices">
          {props.children}
          <RangeButtons
            name={id}
            chosen={range.id}
            only={['6h', '24h', '7d', '14d']}
            onChoose={(one) => setQuery(id, one)}
          />
        </div>
      </div>
      <TimeChart
        title={`${choice.title}, ${range.words}`}
        unit={unitOf(choice.metric)}
        decimals={metricById.get(choice.metric)?.decimals ?? 1}
        zone={zone}
        from={found.from}
        to={found.to}
        lines={found.lines}
        bands={bands}
        height={230}
        isLoading={found.isLoading}
        fault={found.fault}
        onAgain={found.again}
        empty={
          city.isHistoryLoading
            ? 'The past is being loaded; the curve appears as it comes.'
            : `Nothing was reported in the ${range.words}.`
        }
      />
    </section>
  );
}

/** `gateway/device`: as the server says, or the one at the site that reports the metric. */
function deviceOf(city: City, choice: AirChoice): string | undefined {
  const { gateway, device, site, metric } = choice;
  if (device?.includes('/')) return device;
  if (gateway !== undefined && device !== undefined) return `${gateway}/${device}`;
  for (const value of city.valueByKey.values()) {
    if (value.site === site && value.metric === metric && (device ?? value.device) === value.device)
      return `${value.gateway}/${value.device}`;
  }
  return undefined;
}
