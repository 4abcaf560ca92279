/**
 * What every chart has around it: what the cursor points at in words, a legend, downloads as CSV and PNG, arrow keys,
 * and the states loading, failed and empty, all at the same height so that nothing below jumps.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import { Fault } from '../tile.tsx';
import { downloadCsv, downloadPng } from './chart-download.ts';

export interface LegendEntry {
  readonly label: string;
  /** How it is drawn, as a class of charts.css. */
  readonly swatch: string;
}

export interface ChartFrameProps {
  /** Of this chart alone; head of the PNG, name of the files, and what a screen reader says. */
  readonly title: string;
  /** Everything in words for those who do not see it. */
  readonly summary: string;
  readonly legend: readonly LegendEntry[];
  /** What stands at an index of the data; undefined: the newest. */
  readout(index: number | undefined): ComponentChildren;
  draw(parent: HTMLElement, onIndex: (index: number | undefined) => void): uPlot;
  /** Rises when the chart must be drawn anew and not only get new data. */
  readonly drawKey: string;
  readonly data: uPlot.AlignedData;
  /** First row: names with units. */
  csv(): readonly (readonly string[])[];
  readonly height: number;
  readonly isLoading: boolean;
  readonly fault: string;
  onAgain?(): void;
  /** Words when there is nothing to draw. */
  readonly empty: string;
}

export function ChartFrame(props: ChartFrameProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const newest = useRef(props);
  newest.current = props;
  const [index, setIndex] = useState<number>();
  const isEmpty = (props.data[0]?.length ?? 0) === 0 || !props.data.slice(1).some((values) => hasValue(values));

  useEffect(() => {
    const parent = box.current;
    if (parent === null) return;
    const make = () => {
      plot.current?.destroy();
      plot.current = newest.current.draw(parent, setIndex);
      plot.current.setData(newest.current.data);
    };
    make();
    const resize = new ResizeObserver(() => {
      if (plot.current !== undefined && Math.abs(plot.current.width - parent.clientWidth) > 1) make();
    });
    resize.observe(parent);
    const scheme = window.matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', make);
    return () => {
      resize.disconnect();
      scheme.removeEventListener('change', make);
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, [props.drawKey]);
  useEffect(() => {
    plot.current?.setData(props.data);
  }, [props.data]);

  const move = (event: KeyboardEvent) => {
    const length = props.data[0]?.length ?? 0;
    const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
    const step = steps[event.key];
    const shown = plot.current;
    if (length === 0 || shown === undefined) return;
    let next: number | undefined;
    if (event.key === 'Home') next = 0;
    else if (event.key === 'End') next = length - 1;
    else if (step !== undefined) next = (index ?? length - 1) + step;
    if (next === undefined) return;
    event.preventDefault();
    next = Math.min(length - 1, Math.max(0, next));
    const x = props.data[0][next];
    if (x === undefined) return;
    shown.setCursor({ left: shown.valToPos(x, 'x'), top: shown.over.clientHeight / 2 });
    setIndex(next);
  };

  const isFailed = props.fault !== '' && isEmpty;
  return (
    <figure class={`chart${props.isLoading ? ' is-loading' : ''}`}>
      <figcaption>
        <div class="readout" aria-live="polite">
          {isEmpty ? <span class="note">{props.isLoading ? 'Reading…' : '–'}</span> : props.readout(index)}
        </div>
        <div class="chart-tools">
          <button
            type="button"
            class="quiet"
            disabled={isEmpty}
            aria-label={`Download as CSV: ${props.title}`}
            onClick={() => downloadCsv(props.title, props.csv())}
          >
            CSV
          </button>
          <button
            type="button"
            class="quiet"
            disabled={isEmpty}
            aria-label={`Download as PNG: ${props.title}`}
            onClick={() => plot.current && downloadPng(props.title, props.legend, plot.current)}
          >
            PNG
          </button>
        </div>
      </figcaption>
      <div class="plot-frame">
        <div
          class="plot-area"
          role="img"
          aria-label={`${props.title}. ${props.summary} Arrow keys read the values.`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys read the chart value by value
          tabIndex={0}
          onKeyDown={move}
        >
          <div class="plot" ref={box} style={{ height: `${props.height}px` }} />
          {isFailed ? null : props.isLoading ? (
            <div class="plot-over">
              <span class="skeleton plot-skeleton" />
            </div>
          ) : isEmpty ? (
            <div class="plot-over">
              <p>{props.empty}</p>
            </div>
          ) : null}
        </div>
        {/* Beside the picture: what is within one is nothing to a screen reader, not even a button. */}
        {isFailed ? (
          <div class="plot-over" role="alert">
            <p>{props.fault}</p>
            {props.onAgain === undefined ? null : (
              <button type="button" onClick={props.onAgain}>
                Try again
              </button>
            )}
          </div>
        ) : null}
      </div>
      {/* What is drawn stays readable. */}
      {isFailed ? null : (
        <Fault words={props.fault} {...(props.onAgain === undefined ? {} : { onAgain: props.onAgain })} />
      )}
      <ul class="legend" aria-hidden="true">
        {props.legend.map(({ label, swatch }) => (
          <li key={label}>
            <span class={`swatch ${swatch}`} />
            {label}
          </li>
        ))}
      </ul>
    </figure>
  );
}

function hasValue(values: ArrayLike<unknown> | undefined): boolean {
  for (let index = 0; index < (values?.length ?? 0); index++) {
    if (typeof values?.[index] === 'number') return true;
  }
  return false;
}
