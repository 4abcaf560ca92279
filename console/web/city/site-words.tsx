/** Words for a site: what it is, how it stands, how it compares. */
import { formatNumber } from '../formatters.ts';
import type { SiteRow, SiteState } from './replies.ts';

export const SITE_STATES: Readonly<Record<SiteState, readonly [label: string, tone: string, title: string]>> = {
  live: ['live', 'good', 'Its newest reading came within five intervals'],
  stale: ['stale', 'warn', 'Its newest reading is older than five intervals'],
  silent: ['silent', 'bad', 'Its gateway is not heard'],
  never: ['no readings yet', 'wait', 'Nothing has come from it so far'],
};

const KINDS: Readonly<Record<string, string>> = {
  building: 'Building',
  streetlights: 'Streetlights',
  station: 'Air station',
};

/** `Library`, `Streetlights`, … */
export function kindOf(site: Pick<SiteRow, 'kind' | 'use'>): string {
  const word = site.use ?? KINDS[site.kind] ?? site.kind;
  return (word.charAt(0).toUpperCase() + word.slice(1)).replaceAll('-', ' ');
}

/** `+12 %` in the colour of more, `−3 %` in the colour of less. */
export function Change({ percent }: { readonly percent: number | null }) {
  if (percent === null) return <span class="none">–</span>;
  const rounded = Math.round(percent);
  const sign = rounded > 0 ? '+' : '';
  return (
    <span class={rounded >= 25 ? 'warn-text' : ''}>
      {sign}
      {formatNumber(percent)} <span class="unit">%</span>
    </span>
  );
}

/** Below this much measured, a day is not compared with another. */
export const COMPARABLE_PERCENT = 90;

/** Of today against this time last week, percent; null where one of them is not known well enough. */
export function changeOf(
  site: Pick<SiteRow, 'energy_today_kwh' | 'energy_today_percent' | 'same_weekday_kwh'>,
): number | null {
  const { energy_today_kwh: now, energy_today_percent: measured, same_weekday_kwh: then } = site;
  if (now === null || then === null || then <= 0 || (measured ?? 0) < COMPARABLE_PERCENT) return null;
  return (now / then - 1) * 100;
}

/** `94 %`, in the colour of more when it is clearly over; a dash without a budget, or while too little is known. */
export function BudgetUsed({ budget }: { readonly budget: SiteRow['budget'] }) {
  if (budget === null || budget.percent === null) return <span class="none">–</span>;
  return (
    <span class={isOverBudget(budget) ? 'warn-text' : ''} title={budgetWords(budget)}>
      {formatNumber(budget.percent)} <span class="unit">%</span>
    </span>
  );
}

type Budget = NonNullable<SiteRow['budget']>;

/** A little over is weather. */
export function isOverBudget({ percent }: Budget): boolean {
  return (percent ?? 0) > 105;
}

export function budgetWords({ used_kwh, allowed_kwh, known_days, budget_kwh, fiscal_year }: Budget): string {
  return `${formatNumber(used_kwh)} of the ${formatNumber(allowed_kwh)} kWh that ${formatNumber(budget_kwh)} kWh for fiscal year ${fiscal_year} allow in the ${formatNumber(known_days, 1)} days known so far`;
}
