/** All sites in a table: the map for those who search, sort, or do not see it. */
import { useState } from 'preact/hooks';
import { formatAge, formatNumber, plural } from '../formatters.ts';
import { ProblemBadge, rankOf } from './problem-badge.tsx';
import type { SiteRow } from './replies.ts';
import { BudgetUsed, Change, changeOf, kindOf, SITE_STATES } from './site-words.tsx';

type Order = 'name' | 'power' | 'energy' | 'change' | 'budget' | 'problems';

const ORDERS: Readonly<Record<Order, readonly [label: string, by: (site: SiteRow) => number]>> = {
  // The worst first; of two that are as bad, the one with more.
  problems: ['Problems', (site) => -(1_000 * rankOf(site.worst_severity) + Math.min(site.problems, 999))],
  power: ['Power', (site) => -(site.power_kw ?? Number.NEGATIVE_INFINITY)],
  energy: ['Energy today', (site) => -(site.energy_today_kwh ?? Number.NEGATIVE_INFINITY)],
  change: ['Change', (site) => -Math.abs(changeOf(site) ?? 0)],
  budget: ['Budget', (site) => -(site.budget?.percent ?? Number.NEGATIVE_INFINITY)],
  name: ['Name', () => 0],
};

export function SiteTable({ sites }: { readonly sites: readonly SiteRow[] }) {
  const [filter, setFilter] = useState('');
  const [order, setOrder] = useState<Order>('problems');
  const hasBudgets = sites.some(({ budget }) => budget !== null);
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const [, by] = ORDERS[order];
  const rows = sites
    .filter((site) =>
      words.every((word) => `${site.name} ${site.id} ${kindOf(site)} ${site.state}`.toLowerCase().includes(word)),
    )
    .sort((one, other) => by(one) - by(other) || tieOf(order, one, other) || one.name.localeCompare(other.name));
  return (
    <section class="card" aria-labelledby="sites-title">
      <div class="card-head">
        <h2 id="sites-title">Sites</h2>
        <label class="filter">
          <span class="visually-hidden">Filter by name, use or state</span>
          <input
            type="search"
            placeholder="Filter by name, use, state…"
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
        </label>
        <div class="choices">
          <label>
            <span>Order by</span>
            <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
              {(Object.keys(ORDERS) as Order[])
                .filter((id) => id !== 'budget' || hasBudgets)
                .map((id) => (
                  <option key={id} value={id}>
                    {ORDERS[id][0]}
                  </option>
                ))}
            </select>
          </label>
        </div>
        <p class="count" role="status">
          {rows.length === sites.length
            ? plural(rows.length, 'site')
            : `${formatNumber(rows.length)} of ${plural(sites.length, 'site')}`}
        </p>
      </div>
      {rows.length === 0 ? (
        <p class="empty">
          {sites.length === 0 ? (
            <>
              No site yet. Bring them in with <code>lamplighter import sites sites.csv</code>, then their gateways with{' '}
              <code>lamplighter import gateways gateways.csv</code> or one by one with{' '}
              <code>lamplighter gateway add</code>.
            </>
          ) : (
            `No site matches “${filter.trim()}”.`
          )}
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
        <section class="scroll" tabIndex={0} aria-label="Table of the sites">
          <table class="sites stacked">
            <thead>
              <tr>
                <th scope="col">Site</th>
                <th scope="col">State</th>
                <th scope="col" class="right">
                  Power
                </th>
                <th scope="col" class="right">
                  Energy today
                </th>
                <th scope="col" class="right">
                  Against last week
                </th>
                {hasBudgets ? (
                  <th
                    scope="col"
                    class="right"
                    title="Electricity since the fiscal year began, of what the budget allows for the time that is known"
                  >
                    Budget used
                  </th>
                ) : null}
                <th scope="col" class="right">
                  Lamps lit
                </th>
                <th scope="col" class="right" title="Of its newest reading">
                  Age
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((site) => (
                <Row key={site.id} site={site} hasBudgets={hasBudgets} />
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function Row({ site, hasBudgets }: { readonly site: SiteRow; readonly hasBudgets: boolean }) {
  const [label, tone, title] = SITE_STATES[site.state];
  const isOld = site.state !== 'live';
  return (
    <tr class={isOld ? 'old' : ''}>
      <td class="lead">
        <a href={site.kind === 'streetlights' ? `/lights/${site.id}` : `/sites/${site.id}`}>{site.name}</a>
        <span class="under">{kindOf(site)}</span>
      </td>
      <td class="state">
        <ProblemBadge count={site.problems} worst={site.worst_severity} />
        {isOld || site.problems === 0 ? (
          <span class={`badge ${tone}`} title={title}>
            {label}
          </span>
        ) : null}
      </td>
      <td class="right" data-label="Power">
        <Amount value={site.power_kw} decimals={1} unit="kW" />
      </td>
      <td class="right" data-label="Energy today">
        <Amount value={site.energy_today_kwh} decimals={0} unit="kWh" />
      </td>
      <td class="right" data-label="Against last week">
        <Change percent={changeOf(site)} />
      </td>
      {hasBudgets ? (
        <td class="right" data-label="Budget used">
          <BudgetUsed budget={site.budget} />
        </td>
      ) : null}
      <td class="right" data-label="Lamps lit">
        <span class={site.lamps === null ? 'none' : ''}>
          {site.lamps === null ? '–' : `${formatNumber(site.lamps.lit)} of ${formatNumber(site.lamps.commanded)}`}
        </span>
      </td>
      <td class="right age" data-label="Age">
        <span>{formatAge(site.last_reading_age_s)}</span>
      </td>
    </tr>
  );
}

function Amount(props: { readonly value: number | null; readonly decimals: number; readonly unit: string }) {
  if (props.value === null) return <span class="none">–</span>;
  return (
    <span>
      {formatNumber(props.value, props.decimals)} <span class="unit">{props.unit}</span>
    </span>
  );
}

/** Of sites as troubled as each other the one that uses more comes first: those without a meter would hide it. */
function tieOf(order: Order, one: SiteRow, other: SiteRow): number {
  if (order !== 'problems') return 0;
  return (other.energy_today_kwh ?? -1) - (one.energy_today_kwh ?? -1);
}
