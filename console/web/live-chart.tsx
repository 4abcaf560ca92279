/** The last 15 minutes of one series, or of the city's power. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { metricById } from '../../contract/metrics.ts';
import { ChartPoints, WINDOW_MS } from './chart-points.ts';
import { type ChartSource, deviceChoices, firstSource, isTotal, metricChoices } from './chart-source.ts';
import type { City } from './city.ts';
import { formatSecond, formatValue, labelOf, unitOf } from './formatters.ts';
import { drawLineChart } from './line-chart.ts';

const BACKFILL_EVERY_MS = 60_000;

export function LiveChart({ city }: { readonly city: City }) {
  const [chosen, setChosen] = useState<ChartSource>();
  const source = chosen ?? firstSource(city);
  const metrics = useMemo(() => metricChoices(city), [city, city.shape]);
  const devices = useMemo(
    () => (source === undefined ? [] : deviceChoices(city, source.metric)),
    [city, source?.metric, city.shape],
  );
  if (source === undefined) {
    return (
      <section class="card" aria-labelledby="chart-title">
        <h2 id="chart-title">Last 15 minutes</h2>
        <p class={city.valuesLoaded ? 'empty chart-empty' : 'empty chart-empty loading-words'}>
          {city.valuesLoaded ? 'The chart begins with the first reading.' : 'Reading the last 15 minutes…'}
        </p>
      </section>
    );
  }
  const chooseMetric = (metric: string) =>
    setChosen({ metric, device: deviceChoices(city, metric)[0]?.id ?? source.device });
  return (
    <section class="card" aria-labelledby="chart-title">
      <div class="card-head">
        <h2 id="chart-title">Last 15 minutes</h2>
        <div class="choices">
          <label>
            <span>Metric</span>
            <select value={source.metric} onChange={(event) => chooseMetric(event.currentTarget.value)}>
              {metrics.map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label>
            <span>Device</span>
            <select
              value={source.device}
              onChange={(event) => setChosen({ metric: source.metric, device: event.currentTarget.value })}
            >
              {devices.slice(0, 1_000).map(({ id, label }) => (
                <option key={id} value={id}>
                  {label}
                </option>
              ))}
            </select>
          </label>
        </div>
      </div>
      <Line key={`${source.metric} ${source.device}`} city={city} source={source} />
    </section>
  );
}

function Line({ city, source }: { readonly city: City; readonly source: ChartSource }) {
  const box = useRef<HTMLDivElement>(null);
  const points = useMemo(() => new ChartPoints(city, source), [city, source.metric, source.device]);
  const [hover, setHover] = useState<{ time: number; value: number }>();
  const [fault, setFault] = useState('');
  const [loaded, setLoaded] = useState(false);
  const [, redraw] = useState(0);

  useEffect(() => {
    const aborter = new AbortController();
    const parent = box.current;
    if (parent === null) return;
    let plot: uPlot | undefined;
    const draw = () => {
      points.tick();
      const now = city.now() / 1_000;
      plot?.batch(() => {
        plot?.setData(points.columns(), false);
        plot?.setScale('x', { min: now - WINDOW_MS / 1_000, max: now });
      });
      redraw((turn) => turn + 1);
    };
    const make = () => {
      plot?.destroy();
      const decimals = metricById.get(source.metric)?.decimals ?? 2;
      plot = drawLineChart(parent, { decimals, unit: unitOf(source.metric), onPoint: setHover });
      draw();
    };
    const backfill = async () => {
      try {
        await points.backfill(aborter.signal);
        setFault('');
        draw();
      } catch (error) {
        if (!aborter.signal.aborted) setFault(error instanceof Error ? error.message : 'The past could not be read.');
      } finally {
        setLoaded(true);
      }
    };
    make();
    void backfill();
    const second = window.setInterval(draw, 1_000);
    const again = window.setInterval(() => void backfill(), BACKFILL_EVERY_MS);
    const forget = city.onValues((news) => points.take(news));
    const resize = new ResizeObserver(() => {
      if (plot !== undefined && plot.width !== parent.clientWidth) make();
    });
    resize.observe(parent);
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', make);
    return () => {
      aborter.abort();
      window.clearInterval(second);
      window.clearInterval(again);
      forget();
      resize.disconnect();
      scheme.removeEventListener('change', make);
      plot?.destroy();
    };
  }, [city, points, source.metric]);

  const point = hover ?? points.last;
  const what = `${labelOf(source.metric)}${isTotal(source) ? ', all added up' : ` of ${source.device}`}`;
  const words = point === undefined ? '' : `${formatValue(source.metric, point.value)} ${unitOf(source.metric)}`;
  return (
    <figure class="chart">
      <figcaption class="live">
        <span class="amount">
          <span class="number">{point === undefined ? '–' : formatValue(source.metric, point.value)}</span>{' '}
          <span class="unit">{unitOf(source.metric)}</span>
        </span>
        <span class="note">
          {what}
          {point === undefined ? '' : `, ${hover === undefined ? 'now' : 'at'} ${formatSecond(point.time)}`}
        </span>
      </figcaption>
      {fault === '' ? null : (
        <p class="inline-fault" role="alert">
          {fault}
        </p>
      )}
      <div class="plot" ref={box} role="img" aria-label={`${what} over the last 15 minutes; now ${words}`} />
      {loaded && points.length === 0 && fault === '' ? <p class="plot-empty">Nothing in the last 15 minutes.</p> : null}
    </figure>
  );
}
