/** What there is: metrics, sites, devices. */
import { z } from 'zod';
import { idSchema } from '../../../contract/ids.ts';
import { METRICS } from '../../../contract/metrics.ts';
import { siteAt } from '../../../register/register-view.ts';
import type { ConsoleApp } from '../console-app.ts';
import type { ConsoleDeps } from '../console-deps.ts';
import { catalogueReply, devicesReply, sitesReply } from '../replies.ts';
import { RequestError } from '../request-error.ts';

export function catalogueRoutes(app: ConsoleApp, deps: ConsoleDeps): void {
  app.get(
    '/api/metrics-catalogue',
    {
      schema: {
        summary: 'All metrics with unit, range and decimals',
        tags: ['city'],
        response: { 200: catalogueReply },
      },
    },
    async () => ({ metrics: METRICS.map(({ rollUp, ...metric }) => ({ ...metric, roll_up: rollUp })) }),
  );

  app.get(
    '/api/sites',
    { schema: { summary: 'All sites', tags: ['city'], response: { 200: sitesReply } } },
    async () => ({ sites: [...deps.register.sites()] }),
  );

  app.get(
    '/api/devices',
    {
      schema: {
        summary: 'Devices and where they were from when on',
        tags: ['city'],
        querystring: z.strictObject({ gateway: idSchema.optional() }),
        response: { 200: devicesReply },
      },
    },
    async (request) => {
      const { gateway } = request.query;
      if (gateway !== undefined && deps.register.gateway(gateway) === undefined) {
        throw new RequestError(
          'gateway',
          `"${gateway}" is not in the register; GET /api/gateways lists them`,
          'not-found',
        );
      }
      const now = deps.clock.now();
      return {
        devices: deps.register.devices(gateway).map((device) => ({
          ...device,
          placements: [...device.placements],
          site: siteAt(device, now),
        })),
      };
    },
  );
}
