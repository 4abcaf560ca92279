/**
 * The table of docs/energy.md ("Consumption comes from counters") written down as plainly as can be, to hold the code
 * against: all readings at once, objects, no slots and no state but the last accepted reading.
 */
import type { CounterEvent } from '../../energy/counting/count-values.ts';
import type { MeterFacts } from '../../energy/counting/meter-rules.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const QUARTER = 15 * MINUTE;

export interface Reading {
  readonly time: number;
  readonly value: number;
}

interface Point {
  readonly at: number;
  readonly value: number;
  readonly counts: number;
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  readonly how: 'measured' | 'interpolated' | 'estimated';
}

export interface PlainQuarter {
  /** In counts; undefined: unknown. */
  amount: number | undefined;
  interpolated: number;
  estimated: number;
  measuredMs: number;
}

export interface PlainCount {
  readonly stretches: readonly Stretch[];
  readonly events: readonly CounterEvent[];
  /** By beginning, epoch milliseconds. */
  readonly quarters: ReadonlyMap<number, PlainQuarter>;
}

/** Readings in any order; the last one of an instant is the one that counts. */
export function plainCount(readings: readonly Reading[], facts: MeterFacts, decimals: number): PlainCount {
  const { intervalMs, meter = {}, metric } = facts;
  const scale = 10 ** (decimals + 2);
  const swaps = (meter.swaps ?? []).filter((swap) => swap.metric === metric).sort((a, b) => a.at - b.at);
  const multiplierAt = (at: number) =>
    swaps.filter((swap) => swap.at <= at && swap.multiplier).at(-1)?.multiplier ?? meter.multiplier ?? 1;
  const factorAt = (at: number) => multiplierAt(at) * scale;
  const counted = (value: number, at: number) => Math.round(value * factorAt(at));
  const shift = facts.intervalStamp === 'begin' ? (intervalMs ?? 0) : 0;
  const gapMs = 3 * (intervalMs ?? 5 * MINUTE);
  const glitchMs = Math.max(15 * MINUTE, 3 * (intervalMs ?? 0));
  const mostIn = (ms: number, at: number) =>
    ((meter.max_per_hour ?? 100_000) * scale * ms) / 3_600_000 + Math.ceil(factorAt(at));
  const tolerance = (height: number, at: number) =>
    Math.max(300 * Math.max(1, multiplierAt(at)), Math.floor(Math.abs(height) / 4_194_304));
  const decided = new Map((facts.decisions ?? []).filter((d) => d.metric === metric).map((d) => [d.at, d]));

  const latest = new Map(readings.map(({ time, value }) => [time + shift, value]));
  const all = [...latest].sort(([a], [b]) => a - b).map(([at, value]) => ({ at, value, counts: counted(value, at) }));
  const points = all.filter(({ at }) => decided.get(at)?.decision !== 'glitch-zero');

  const stretches: Stretch[] = [];
  const events: CounterEvent[] = [];
  /** The last accepted reading, its counts being the height. */
  let before: Point | undefined;

  const goesOn = (from: Point, to: Point) =>
    to.counts >= from.counts - tolerance(from.counts, to.at) &&
    to.counts - from.counts <= mostIn(to.at - from.at, to.at);
  const returning = (point: Point, test: (later: Point) => boolean) => {
    const swap = swaps.find(({ at }) => at > point.at)?.at ?? Number.POSITIVE_INFINITY;
    const near = points.filter(({ at }) => at > point.at && at <= point.at + glitchMs && at < swap);
    const end = near.findIndex(({ at }) => decided.has(at));
    const free = end < 0 ? near : near.slice(0, end + 1);
    const back = free.find(test);
    return back && (decided.get(back.at)?.decision ?? 'normal') === 'normal' ? back : undefined;
  };
  const stretch = (from: number, to: number, amount: number): Stretch => ({
    from,
    to,
    amount: Math.max(0, amount),
    how: to - from > gapMs ? 'interpolated' : 'measured',
  });

  for (const point of all) {
    const decision = decided.get(point.at);
    if (!before) {
      if (decision?.decision !== 'glitch-zero') before = point;
      continue;
    }
    const last: Point = before;
    if (point.at <= last.at) continue;
    if (skipped(point)) continue;
    let kind: CounterEvent['kind'] | undefined;
    let next: Point | undefined = point;
    let booked: Stretch[] = [];
    const rise = point.counts - last.counts;
    const apartMs = point.at - last.at;
    const apart = apartMs > gapMs;
    const inBetween = swaps.filter(({ at }) => at > last.at && at <= point.at);
    const higher = { ...point, counts: Math.max(point.counts, last.counts) };
    if (decision?.decision === 'glitch-zero') {
      kind = 'glitch-zero';
      next = undefined;
    } else if (apartMs > 60 * DAY) {
      kind = 'gap';
    } else if (decision) {
      if (decision.decision === 'normal') {
        booked = [stretch(last.at, point.at, rise)];
        kind = rise < 0 ? 'dip' : goesOn(last, point) ? undefined : 'implausible-rate';
        if (apart && kind !== 'implausible-rate') kind = 'gap';
        next = higher;
      } else if (decision.decision === 'rollover') {
        const digits = String(Math.floor(last.counts / factorAt(last.at))).length;
        const limit = counted(meter.register_limit ?? 10 ** digits, last.at);
        booked = [stretch(last.at, point.at, limit + rise)];
        kind = 'rollover';
      } else if (decision.decision === 'swap') {
        const old = decision.last === undefined ? 0 : Math.max(0, counted(decision.last, last.at) - last.counts);
        const young = decision.first === undefined ? 0 : Math.max(0, point.counts - counted(decision.first, point.at));
        if (decision.last !== undefined || decision.first !== undefined) {
          booked = [stretch(last.at, point.at, old + young)];
        }
        kind = 'swap';
      } else kind = 'reset';
      if (decision.estimate !== undefined) {
        const amount = Math.round(decision.estimate * scale);
        booked = [{ from: last.at, to: point.at, amount, how: 'estimated' }];
      }
    } else if (inBetween.length > 0) {
      kind = 'swap';
      let from: Point | undefined = last;
      for (const swap of inBetween) {
        const ended = swap.last === undefined ? undefined : counted(swap.last, swap.at - 1);
        if (from && ended !== undefined && ended >= from.counts - tolerance(from.counts, from.at)) {
          booked.push(stretch(from.at, swap.at, ended - from.counts));
        }
        const { at, first } = swap;
        from = first === undefined ? undefined : { at, value: first, counts: counted(first, at) };
      }
      const begin = from;
      if (begin && goesOn(begin, point)) {
        booked.push(stretch(begin.at, point.at, point.counts - begin.counts));
        next = { ...point, counts: Math.max(point.counts, begin.counts) };
      } else if (begin && returning(point, (later) => goesOn(begin, later))) {
        kind = point.counts < begin.counts ? 'glitch-zero' : 'implausible-rate';
        next = undefined;
        booked = [];
      }
    } else if (rise < -tolerance(last.counts, point.at)) {
      const limit = meter.register_limit === undefined ? undefined : counted(meter.register_limit, point.at);
      if (returning(point, (later) => goesOn(last, later))) {
        kind = 'glitch-zero';
        next = undefined;
      } else if (limit !== undefined && last.counts <= limit && point.counts >= 0 && rollsOver(limit)) {
        kind = 'rollover';
        booked = [stretch(last.at, point.at, limit + rise)];
      } else kind = 'reset';
    } else if (rise > mostIn(point.at - last.at, point.at)) {
      kind = 'implausible-rate';
      const isBack = (later: Point) =>
        later.counts < point.counts - tolerance(point.counts, point.at) && goesOn(last, later);
      if (returning(point, isBack)) next = undefined;
    } else {
      booked = [stretch(last.at, point.at, rise)];
      kind = apart ? 'gap' : rise < 0 ? 'dip' : undefined;
      next = higher;
    }
    stretches.push(...booked);
    if (kind) {
      events.push({
        kind,
        from: last.at,
        at: point.at,
        before: Number((last.counts / factorAt(last.at)).toPrecision(15)),
        after: point.value,
        booked: booked.reduce((sum, { amount }) => sum + amount, 0) / scale,
        decidedBy: decision && (apartMs <= 60 * DAY || !next) ? 'person' : 'rule',
      });
    }
    before = next ?? last;

    function rollsOver(limit: number): boolean {
      if (meter.max_per_hour !== undefined) return limit + rise <= mostIn(point.at - last.at, point.at);
      return last.counts >= 0.9 * limit && point.counts <= 0.1 * limit;
    }
  }

  /** Whether a reading lies between a fall or spike and its end: such an event is the last one that was told. */
  function skipped(point: Point): boolean {
    const event = events.at(-1);
    if (!event || !before || event.from !== before.at || event.decidedBy === 'person' || event.at >= point.at)
      return false;
    const fallen = points.find(({ at }) => at === event.at) as Point;
    const inBetween = swaps.filter(({ at }) => at > event.from && at <= event.at);
    const swap = inBetween.at(-1);
    const from = swap ? { at: swap.at, value: 0, counts: counted(swap.first ?? Number.NaN, swap.at) } : before;
    const isBack = (later: Point) =>
      goesOn(from, later) &&
      (swap || event.kind !== 'implausible-rate' || later.counts < fallen.counts - tolerance(fallen.counts, fallen.at));
    const back = returning(fallen, (later) => Boolean(isBack(later)));
    return back !== undefined && point.at < back.at;
  }

  return { stretches, events, quarters: quartersOf(stretches) };
}

function quartersOf(stretches: readonly Stretch[]): Map<number, PlainQuarter> {
  const quarters = new Map<number, PlainQuarter>();
  for (const { from, to, amount, how } of stretches) {
    const upTo = (time: number) =>
      time >= to ? amount : time <= from ? 0 : Math.round((amount * (time - from)) / (to - from));
    const begin = Math.min(from, to - 1);
    for (let start = Math.floor(begin / QUARTER) * QUARTER; start < to; start += QUARTER) {
      const quarter = quarters.get(start) ?? { amount: undefined, interpolated: 0, estimated: 0, measuredMs: 0 };
      quarters.set(start, quarter);
      const part = from === to ? amount : upTo(start + QUARTER) - upTo(start);
      quarter.amount = (quarter.amount ?? 0) + part;
      if (how === 'measured') quarter.measuredMs += Math.min(to, start + QUARTER) - Math.max(from, start);
      else quarter[how] += part;
    }
  }
  return quarters;
}
