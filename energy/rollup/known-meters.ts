/**
 * Which counters a site has: those that its devices counted with not long ago. A meter that falls silent goes on
 * belonging to its site for a while, so that what is missing is seen as missing.
 */
import type { RollUp } from '../../contract/roll-up.ts';
import type { FigureCarrier } from '../../contract/site-figures.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { getOrCreate } from '../../runtime/get-or-create.ts';
import type { RollUpStore } from '../../store/roll-up-store.ts';
import type { Period } from '../calendar.ts';
import { CARRIERS, METRICS_OF } from '../carriers.ts';
import { QUARTER_MS } from '../counter-rules.ts';
import { LAMP_METRICS } from '../site-figures/circuit-quarters.ts';
import type { QuarterRow, SiteMeter } from '../site-figures/site-meter.ts';
import { expectedAt } from './site-stays.ts';

/** Metric ids of the counters of all carriers. */
export const COUNTERS: readonly string[] = CARRIERS.map((carrier) => METRICS_OF[carrier].counter);

/** Metric ids that site figures are made of. */
export const FIGURE_METRICS: ReadonlySet<string> = new Set([...COUNTERS, ...LAMP_METRICS]);

const DAY_MS = 86_400_000;
/** A meter that said nothing for this long is thought to be gone. */
export const MISSED_MS = 30 * DAY_MS;

type Series = Pick<RollUp, 'gateway' | 'device' | 'metric'>;

interface Known extends Series {
  /** First and last row seen, epoch milliseconds. */
  first: number;
  last: number;
}

export class KnownMeters {
  readonly #register: RegisterView;
  readonly #bySite = new Map<string, Map<string, Known>>();

  constructor(register: RegisterView) {
    this.#register = register;
  }

  /** From the days that are stored. Throws StoreFailure. */
  async load(store: RollUpStore, now: number): Promise<void> {
    const from = now - MISSED_MS - DAY_MS;
    this.take(await store.rollUps({ width: '1d', metrics: COUNTERS, from, to: now + DAY_MS }));
  }

  take(rows: readonly RollUp[]): void {
    for (const row of rows) {
      if (row.consumption === null) continue;
      const ofSite = getOrCreate(this.#bySite, row.site, () => new Map<string, Known>());
      const { gateway, device, metric, start } = row;
      const name = nameOf(row);
      const known = ofSite.get(name);
      if (known === undefined) ofSite.set(name, { gateway, device, metric, first: start, last: start });
      else [known.first, known.last] = [Math.min(known.first, start), Math.max(known.last, start)];
    }
  }

  /** When meters of the site fell silent within a stretch: ends of their last rows, epoch milliseconds. */
  silentSince(site: string, { from, to }: Period): number[] {
    const known = [...(this.#bySite.get(site)?.values() ?? [])];
    return known.filter(({ last }) => last >= from && last < to).map(({ last }) => last + QUARTER_MS);
  }

  /** Sites at which something was ever counted. */
  sites(): readonly string[] {
    return [...this.#bySite.keys()];
  }

  /** Whether the site was ever seen to count it. */
  has(site: string, carrier: FigureCarrier): boolean {
    const { counter } = METRICS_OF[carrier === 'load' ? 'electricity' : carrier];
    return [...(this.#bySite.get(site)?.values() ?? [])].some(({ metric }) => metric === counter);
  }

  /** Counters of a site on a day, with their rows of it: those that have some, and those that should. */
  metersOn(site: string, day: Period, rows: readonly RollUp[]): SiteMeter[] {
    const rowsOf = new Map<string, { readonly series: Series; readonly rows: QuarterRow[] }>();
    for (const row of rows) getOrCreate(rowsOf, nameOf(row), () => ({ series: row, rows: [] })).rows.push(row);
    for (const [name, known] of this.#bySite.get(site) ?? []) {
      if (rowsOf.has(name) || known.first >= day.to || known.last < day.from - MISSED_MS) continue;
      rowsOf.set(name, { series: known, rows: [] });
    }
    return [...rowsOf.values()].flatMap(({ series, rows: ofSeries }) => {
      const lastWord = Math.max(
        (this.#bySite.get(site)?.get(nameOf(series))?.last ?? Number.NEGATIVE_INFINITY) + QUARTER_MS,
        ...ofSeries.map(({ start }) => start + QUARTER_MS),
      );
      const stays = expectedAt(this.#register, site, series, lastWord);
      // What its rows say was counted here, whatever the register says by now.
      const isHere = stays.some(({ from, to }) => from < day.to && to > day.from);
      if (!isHere && ofSeries.length === 0) return [];
      const kind = this.#register.device(series.gateway, series.device)?.kind;
      const { gateway, device, metric } = series;
      return [{ gateway, device, metric, kind, stays: isHere ? stays : [day], rows: ofSeries }];
    });
  }
}

function nameOf({ gateway, device, metric }: Series): string {
  return `${gateway}/${device}/${metric}`;
}
