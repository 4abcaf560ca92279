/** Charges by the unit: flat, by window and season, or in blocks that are counted over the month or the day. */
import { type Interval, intervalsIn } from '../analytics/interval.ts';
import type { BillingPart } from './billing-parts.ts';
import { type CostLine, costLine } from './cost-line.ts';
import type { EnergyCharge, Tariff } from './tariff.ts';
import { applies, type TariffTime } from './tariff-clock.ts';

/** Of what is known; a charge of which no interval is known makes no line. */
export function energyLines(
  part: BillingPart,
  tariff: Tariff,
  intervals: readonly Interval[],
  clock: (time: number) => TariffTime,
): CostLine[] {
  const charges = tariff.energy ?? [];
  const quantities = new Float64Array(charges.length);
  const isKnown = charges.map(() => false);
  for (const { start, value } of intervalsIn(intervals, part)) {
    if (value === null) continue;
    const time = clock(start);
    for (const [place, charge] of charges.entries()) {
      if (!applies(charge, time)) continue;
      quantities[place] = (quantities[place] as number) + value;
      isKnown[place] = true;
    }
  }
  const units = tariff.units_per_meter_unit ?? 1;
  return charges.flatMap((charge, place) =>
    isKnown[place] ? chargeLines(part, tariff, charge, (quantities[place] as number) * units) : [],
  );
}

function chargeLines(part: BillingPart, tariff: Tariff, charge: EnergyCharge, quantity: number): CostLine[] {
  const { name, rate, blocks = [], blocks_per } = charge;
  const { unit } = tariff;
  if (rate !== undefined) return [costLine(part, tariff, { kind: 'energy', what: name, quantity, unit, rate })];
  // Of a part of a month the blocks are as much shorter.
  const scale = blocks_per === 'day' ? part.days : part.months;
  let begin = 0;
  return blocks.flatMap((block, place) => {
    const end = block.up_to === undefined ? Infinity : block.up_to * scale;
    // A credit (more fed in than taken) is one of the first block.
    const low = place === 0 ? -Infinity : begin;
    const inBlock = Math.min(quantity, end) - (place === 0 ? 0 : begin);
    begin = end;
    if (quantity <= low) return [];
    const what = blockName(name, blocks[place - 1]?.up_to, block.up_to, blocks_per ?? 'month');
    return [costLine(part, tariff, { kind: 'energy', what, quantity: inBlock, unit, rate: block.rate })];
  });
}

function blockName(name: string, above: number | undefined, upTo: number | undefined, per: string): string {
  if (above === undefined) return upTo === undefined ? name : `${name}, up to ${upTo} a ${per}`;
  return upTo === undefined ? `${name}, above ${above} a ${per}` : `${name}, ${above} to ${upTo} a ${per}`;
}
