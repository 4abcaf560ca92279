/** The points of a chart from /api/series, asked again as time goes on, with the week before when it is wanted. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { SeriesReply } from '../../api/replies.ts';
import { useStream } from '../stream-context.ts';
import { useAsked } from '../use-asked.ts';
import { type ChartLine, toLine } from './chart-lines.ts';
import { type ChartRange, weekBefore } from './ranges.ts';

const LOADING_EVERY_MS = 10_000;

export interface SeriesWanted {
  readonly label: string;
  readonly metric: string;
  /** `gateway/device`, with stars; several are added up. */
  readonly devices: readonly string[];
  readonly range: ChartRange;
  readonly zone: string;
  readonly isCompared?: boolean;
  /** Drawn as steps. */
  readonly step?: boolean;
  readonly tone?: ChartLine['tone'];
}

export interface SeriesFound {
  readonly lines: readonly ChartLine[];
  readonly from: number;
  readonly to: number;
  readonly isLoading: boolean;
  readonly fault: string;
  again(): void;
}

export function useSeries(wanted: SeriesWanted | undefined): SeriesFound {
  const city = useStream();
  // The first status sets the clock; asking before it would ask for the wrong hours on a machine whose clock is wrong.
  const isSet = city.status !== undefined || city.connection === 'gone';
  const now = useMoment(wanted?.range.refreshMs ?? 60_000);
  const shift = wanted === undefined ? 0 : weekBefore(now, wanted.zone);
  const isCompared = wanted?.isCompared === true;
  const path = wanted === undefined || !isSet ? undefined : pathOf(wanted, now);
  const before = wanted === undefined || !isSet || !isCompared ? undefined : pathOf(wanted, now - shift);
  const key =
    wanted === undefined
      ? 'none'
      : `${wanted.metric} ${wanted.devices.join()} ${wanted.range.id}${isCompared ? ' compared' : ''}`;
  // The path changes with the time and is asked then; while the past is being loaded, in between too.
  const everyMs = city.isHistoryLoading ? LOADING_EVERY_MS : Number.POSITIVE_INFINITY;
  const asked = useAsked<SeriesReply>(path, { everyMs, key });
  const earlier = useAsked<SeriesReply>(before, { everyMs, key });
  const lines = useMemo(() => {
    if (wanted === undefined || asked.reply === undefined) return [];
    const main = lineOf(asked.reply, wanted.label, wanted.tone ?? 'main', 0);
    const made = [wanted.step === true ? { ...main, step: true } : main];
    if (isCompared && earlier.reply !== undefined) made.push(lineOf(earlier.reply, 'A week before', 'compare', shift));
    return made;
  }, [asked.reply, earlier.reply, isCompared, wanted?.label]);
  return {
    lines,
    from: asked.reply?.from_ms ?? now - (wanted?.range.ms ?? 0),
    to: asked.reply?.to_ms ?? now,
    isLoading: asked.isLoading || (wanted !== undefined && !isSet),
    fault: asked.fault || (isCompared ? earlier.fault : ''),
    again() {
      asked.again();
      if (isCompared) earlier.again();
    },
  };
}

/** The server's time in steps of `stepMs`: what changes with it is asked again. */
export function useMoment(stepMs: number): number {
  const city = useStream();
  const round = () => Math.ceil(city.now() / stepMs) * stepMs;
  const [now, setNow] = useState(round);
  useEffect(() => {
    setNow(round());
    const timer = window.setInterval(
      () => {
        if (!document.hidden) setNow(round());
      },
      Math.min(stepMs, 10_000),
    );
    return () => window.clearInterval(timer);
  }, [stepMs, city, city.status === undefined]);
  return now;
}

function pathOf({ metric, devices, range }: SeriesWanted, to: number): string {
  const isSum = devices.length > 1 || devices.some((device) => device.includes('*'));
  const every = isSum ? range.sumEveryMs : range.everyMs;
  const start = to - range.ms;
  const query = new URLSearchParams({
    metric,
    from: String(every === undefined ? start : Math.floor(start / every) * every),
    to: String(to),
  });
  for (const device of devices) query.append('device', device);
  if (every !== undefined) query.set('every', `${every / 1_000}s`);
  if (isSum) query.set('total', 'true');
  return `/api/series?${query}`;
}

function lineOf(reply: SeriesReply, label: string, tone: ChartLine['tone'], shiftMs: number): ChartLine {
  const points = reply.total ?? reply.series[0]?.points ?? [];
  return toLine(label, tone, points, reply.every_ms ?? undefined, shiftMs);
}
