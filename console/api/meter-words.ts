/** Events of meters, and decisions about them, as sentences for people. */
import { metricById } from '../../contract/metrics.ts';
import type { MeterEvent } from '../../contract/roll-up.ts';
import { inWords, localDate } from '../../energy/calendar.ts';
import type { DecisionRecord, Meter, MeterDecision } from '../../register/model.ts';

/** What of a device the words need. */
export interface MeterPlace {
  readonly deviceName: string;
  readonly siteName: string | null;
  readonly zone: string;
  readonly meter: Meter | undefined;
}

/** One or two sentences: what was seen, and what was booked. */
export function eventWords(event: MeterEvent, place: MeterPlace): string {
  const { kind, at, from, before, after, booked, metric } = event;
  const amounts = new Amounts(metric, place.meter);
  const when = instantWords(at, place.zone);
  const [was, is] = [amounts.reading(before, from), amounts.reading(after, at)];
  const subject = subjectWords(metric, place);
  const counted = booked === 0 ? 'Nothing was booked.' : `${amounts.amount(booked)} was booked.`;
  const goesOn = `Counting goes on from ${is}.`;
  switch (kind) {
    case 'reset':
      return `${subject} fell from ${was} to ${is} on ${when} and stayed there: a reset. ${counted} ${goesOn}`;
    case 'rollover':
      return `${subject} went from ${was} to ${is} on ${when}: it began again at 0, a roll-over. ${counted}`;
    case 'glitch-zero':
      return `${subject} showed ${is} after ${was} on ${when}, by a glitch. The value is ignored.`;
    case 'dip':
      return `${subject} fell from ${was} to ${is} on ${when}, by a rounding. ${counted}`;
    case 'swap':
      return `The meter was exchanged: ${subject} stood at ${was} before and at ${is} on ${when}. ${counted}`;
    case 'implausible-rate': {
      const pace = `rose from ${was} to ${is} in ${spanWords(at - from)} until ${when}, faster than is plausible`;
      return `${subject} ${pace}. ${counted}`;
    }
    case 'gap': {
      const silence = `${subject} told nothing for ${spanWords(at - from)} until ${when}.`;
      if (booked !== 0)
        return `${silence} ${amounts.amount(booked)} was counted meanwhile and is spread over that time.`;
      return `${silence} ${before === after ? 'It counted nothing meanwhile.' : `${counted} ${goesOn}`}`;
    }
  }
}

/** One or two sentences: who decided what about which value, and why. */
export function decisionWords(decision: MeterDecision | DecisionRecord, place: MeterPlace): string {
  const { metric, at, who, why, decided, last, first, estimate } = decision;
  const amounts = new Amounts(metric, place.meter);
  const subject = subjectWords(metric, place);
  const value = `the value of ${instantWords(at, place.zone)}`;
  const day = instantWords(decided, place.zone);
  if (decision.decision === 'withdrawn') {
    return `${who} withdrew on ${day} what was decided about ${subject}, ${value}. Why: ${why}`;
  }
  const parts = [
    DECIDED[decision.decision],
    last === undefined ? '' : `last reading of the old meter ${amounts.reading(last, at - 1)}`,
    first === undefined ? '' : `first of the new one ${amounts.reading(first, at)}`,
    estimate === undefined ? '' : `${amounts.amount(estimate)} is booked by estimate`,
  ].filter((part) => part !== '');
  return `${who} decided on ${day} about ${subject}, ${value}: ${parts.join(', ')}. Why: ${why}`;
}

const DECIDED: Readonly<Record<MeterDecision['decision'], string>> = {
  normal: 'it counted on',
  reset: 'it was reset',
  rollover: 'it rolled over',
  'glitch-zero': 'the value is a glitch and ignored',
  swap: 'the meter was exchanged',
};

/** Such as `Monday 4 May 2026, 12:00`. */
export function instantWords(time: number, zone: string): string {
  return inWords(time, zone).replace(',', ` ${localDate(time, zone).slice(0, 4)},`);
}

/** Such as `Active energy (import) of Main meter (Central Library)`. */
function subjectWords(metric: string, { deviceName, siteName }: MeterPlace): string {
  const label = (metricById.get(metric)?.label ?? metric).replace(/, (.+)$/, ' ($1)');
  return `${label} of ${deviceName}${siteName === null ? '' : ` (${siteName})`}`;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function spanWords(ms: number): string {
  const [days, hours] = [Math.floor(ms / DAY_MS), Math.floor((ms % DAY_MS) / HOUR_MS)];
  if (days > 0) return `${counted(days, 'day')}${hours > 0 ? ` ${counted(hours, 'hour')}` : ''}`;
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  if (hours > 0) return `${counted(hours, 'hour')}${minutes > 0 ? ` ${counted(minutes, 'minute')}` : ''}`;
  return minutes > 0 ? counted(minutes, 'minute') : counted(Math.round(ms / 1_000), 'second');
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** Numbers with the digits and the unit of a metric. */
class Amounts {
  readonly #unit: string;
  readonly #format: Intl.NumberFormat;
  readonly #multiplier: number;
  /** Meters with another one, in rising order of `at`. */
  readonly #later: readonly { readonly at: number; readonly multiplier?: number | undefined }[];

  constructor(metric: string, meter: Meter | undefined) {
    const known = metricById.get(metric);
    this.#unit = known?.symbol ? ` ${known.symbol}` : '';
    this.#format = new Intl.NumberFormat('en-US', { maximumFractionDigits: Math.max(3, known?.decimals ?? 3) });
    this.#multiplier = meter?.multiplier ?? 1;
    const swaps = meter?.swaps ?? [];
    this.#later = swaps.filter((swap) => swap.metric === metric && swap.multiplier !== undefined);
  }

  /** Of the register of then: `731,902.4 × 40 kWh` where one unit of it stands for 40. */
  reading(value: number, time: number): string {
    const multiplier = this.#later.findLast(({ at }) => at <= time)?.multiplier ?? this.#multiplier;
    const times = multiplier === 1 ? '' : ` × ${this.#format.format(multiplier)}`;
    return `${this.#format.format(value)}${times}${this.#unit}`;
  }

  amount(value: number): string {
    return `${this.#format.format(value)}${this.#unit}`;
  }
}
