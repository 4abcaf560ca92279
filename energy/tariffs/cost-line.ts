/** One line of a bill. */
import type { Period } from '../calendar.ts';
import type { BillingPart } from './billing-parts.ts';
import type { Tariff } from './tariff.ts';

export interface CostLine extends Period {
  /** `energy`: by the unit. `demand`: by the highest quarter hour. `fixed`: by time. */
  readonly kind: 'energy' | 'demand' | 'fixed';
  /** Such as "Supply" or "Water, above 0.039 a day". */
  readonly what: string;
  /** Id and revision of the tariff. */
  readonly tariff: string;
  readonly revision: string;
  readonly quantity: number;
  /** Of `quantity`: kWh, kW, month … */
  readonly unit: string;
  /** Per unit, in the tariff's currency; of demand per unit and month. */
  readonly rate: number;
  /** Months that a demand is charged for: less than 1 in a part of a month. 1 for the other kinds. */
  readonly months: number;
  /** quantity × rate × months, not rounded. */
  readonly amount: number;
}

export function costLine(
  part: BillingPart,
  { id, revision }: Tariff,
  line: Pick<CostLine, 'kind' | 'what' | 'quantity' | 'unit' | 'rate'> & { readonly months?: number },
): CostLine {
  const { from, to } = part;
  const { kind, what, quantity, unit, rate, months = 1 } = line;
  return { kind, what, from, to, tariff: id, revision, quantity, unit, rate, months, amount: quantity * rate * months };
}
