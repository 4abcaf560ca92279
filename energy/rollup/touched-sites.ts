/** Which sites, and when, a pass of the worker concerned: what site figures are made of again (site-figure-writer.ts). */
import type { RollUp } from '../../contract/roll-up.ts';
import { QUARTER_MS } from '../counter-rules.ts';

/** Epoch milliseconds, `to` exclusive. */
export interface TouchedSite {
  readonly site: string;
  readonly from: number;
  readonly to: number;
}

export class TouchedSites {
  readonly #bySite = new Map<string, TouchedSite>();

  /** 15-minute rows as they were and as they are, whether or not they differ: an earlier try may have written them. */
  take(rows: readonly RollUp[]): void {
    for (const { site, start } of rows) {
      const { from, to } = this.#bySite.get(site) ?? { from: start, to: start };
      this.#bySite.set(site, { site, from: Math.min(from, start), to: Math.max(to, start + QUARTER_MS) });
    }
  }

  all(): readonly TouchedSite[] {
    return [...this.#bySite.values()];
  }
}
