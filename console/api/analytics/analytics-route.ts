/** What a facilities manager asks of a site: base load, peaks, after hours, the week, comparisons, weather, cost, emissions. */
import { LamplighterError } from '../../../contract/error-codes.ts';
import { OWN_TABLES } from '../../../reports/reference-tables.ts';
import type { CityView } from '../city/city-view.ts';
import { Semaphore } from '../city/semaphore.ts';
import { findSite } from '../city/sites-route.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { RequestError } from '../request-error.ts';
import { analysedPeriod, analyticsQuery } from './analytics-query.ts';
import { type AnalyticsReply, analyticsReply } from './replies-analytics.ts';
import { siteAnalytics } from './site-analytics.ts';

/** Answers change with each quarter hour, and where late data come. */
const KEPT_MS = 30_000;
const MOST_KEPT = 50;

export function analyticsRoutes(app: ConsoleApp, deps: ConsoleDeps, view: CityView): void {
  const kept = new Map<string, { readonly at: number; readonly answer: Promise<AnalyticsReply> }>();
  // One at a time: a year of quarter hours must not crowd out what is live.
  const turns = new Semaphore(1);

  app.get(
    '/api/analytics',
    {
      schema: {
        summary:
          'Figures of a site: base load, peaks, after hours, weekly profile, comparisons, weather, cost, emissions',
        description:
          'Made of whole quarter hours; a figure that cannot be given is null beside the words why. docs/analytics.md says what each means.',
        tags: ['city'],
        querystring: analyticsQuery,
        response: { 200: analyticsReply },
      },
    },
    async (request) => {
      const { carrier, gwp } = request.query;
      const site = findSite(deps, request.query.site);
      const { gwps } = deps.tables?.() ?? OWN_TABLES;
      if (!gwps.some(({ id }) => id === gwp)) {
        throw new RequestError('gwp', `"${gwp}" is not known; there are ${gwps.map(({ id }) => id).join(', ')}`);
      }
      const period = analysedPeriod(request.query, deps.clock.now(), site.zone);
      const key = [site.id, carrier, gwp, period.from, period.to, deps.register.version].join(' ');
      const now = deps.clock.monotonicMs();
      const known = kept.get(key);
      if (known !== undefined && now - known.at < KEPT_MS) return await known.answer;
      const answer = turns.run(async () => {
        const city = await view.now.get();
        // Without it nobody knows which devices count for the site.
        if (city.fault !== '') throw new LamplighterError('store-unavailable', city.fault);
        return await siteAnalytics({ deps, view, city }, site, { carrier, gwp }, period);
      });
      kept.delete(key);
      kept.set(key, { at: now, answer });
      answer.catch(() => kept.delete(key));
      for (const old of kept.keys()) {
        if (kept.size <= MOST_KEPT) break;
        kept.delete(old);
      }
      return await answer;
    },
  );
}
