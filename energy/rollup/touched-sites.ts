/** Which sites, and when, a pass of the worker concerned: what site figures are made of again (site-figure-writer.ts). */
import type { RollUp } from '../../contract/roll-up.ts';
import { QUARTER_MS } from '../counter-rules.ts';

/** Epoch milliseconds, `to` exclusive. */
export interface TouchedSite {
  readonly site: string;
  readonly from: number;
  readonly to: number;
}

const DAY_MS = 96 * QUARTER_MS;

export class TouchedSites {
  /** By day of UTC: what a counter did after a year of silence touches two days, and none of those between. */
  readonly #byDay = new Map<string, TouchedSite>();

  /** 15-minute rows as they were and as they are, whether or not they differ: an earlier try may have written them. */
  take(rows: readonly RollUp[]): void {
    for (const { site, start } of rows) {
      const key = `${Math.floor(start / DAY_MS)}/${site}`;
      const { from, to } = this.#byDay.get(key) ?? { from: start, to: start };
      this.#byDay.set(key, { site, from: Math.min(from, start), to: Math.max(to, start + QUARTER_MS) });
    }
  }

  /** A stretch for each site and day. */
  all(): readonly TouchedSite[] {
    return [...this.#byDay.values()];
  }
}
