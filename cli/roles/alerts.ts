/**
 * Alerts: evaluated where the analysis runs, shown where the console does. Apart from each other, the analysis tells the
 * console after each turn, so that neither waits for the other.
 */
import { join } from 'node:path';
import { AlertFile } from '../../alerts/alert-file.ts';
import { AlertKeeper } from '../../alerts/alert-keeper.ts';
import { alertPoints } from '../../alerts/alert-points.ts';
import { type AlertsState, type AlertsView, NOTHING_YET } from '../../alerts/alerts-view.ts';
import { CityReader } from '../../alerts/reading/city-reader.ts';
import type { Intake } from '../../alerts/reading/intake.ts';
import { ALERT_RULES } from '../../alerts/rules/table.ts';
import { type WebhookPost, webhookPost } from '../../alerts/webhook-post.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isPointSink } from '../../store/point-sink.ts';
import type { CityStore } from '../open-store.ts';
import { secret } from '../secret.ts';
import { flagOf, type Settings } from '../settings.ts';
import type { InternalClient } from './internal-client.ts';
import type { InternalServer } from './internal-server.ts';
import type { RoleContext } from './role.ts';

export async function keepAlerts(
  context: RoleContext,
  deps: {
    readonly register: RegisterView;
    readonly store: CityStore;
    readonly ingest: Intake;
    /** The console, where it runs in another process. */
    readonly console?: InternalClient | undefined;
  },
): Promise<AlertKeeper> {
  const { settings, clock, run } = context;
  const { register, store, ingest, console } = deps;
  return await run(
    new AlertKeeper({
      ...context,
      rules: ALERT_RULES,
      reader: new CityReader({ register, store, intake: ingest, clock }),
      file: new AlertFile(join(settings.data, 'alerts')),
      post: webhookOf(settings),
      onTurn: async (state, over) => {
        if (isPointSink(store)) {
          const time = clock.now();
          await store.putPoints(alertPoints(state, over, { process: 'analysis', rules: ALERT_RULES.length, time }));
        }
        await console?.post(DOOR, state);
      },
    }),
  );
}

const DOOR = 'alerts';

/** @throws LamplighterError when the file holds no address; never with the address. */
export function webhookOf(settings: Settings): WebhookPost | undefined {
  const address = secret(settings.alert_webhook, settings.alert_webhook_file);
  if (address === undefined) return undefined;
  if (!URL.canParse(address) || !/^https?:/.test(address)) {
    throw new LamplighterError(
      'bad-request',
      `${flagOf('alert_webhook_file')} must hold an address such as https://chat.example.org/hooks/…`,
    );
  }
  return webhookPost(address);
}

/** What the analysis, in another process, said last. */
export function hearAlerts(door: InternalServer, clock: Clock): AlertsView {
  let heard: { readonly state: AlertsState; readonly atMs: number } | undefined;
  door.on('POST', DOOR, ({ json }) => {
    heard = { state: json() as AlertsState, atMs: clock.monotonicMs() };
    return {};
  });
  return {
    alerts() {
      if (heard === undefined)
        return { ...NOTHING_YET, fault: 'the analysis has said nothing yet, in its own process' };
      const minutes = Math.floor((clock.monotonicMs() - heard.atMs) / 60_000);
      if (minutes < SILENT_AFTER_MIN) return heard.state;
      return { ...heard.state, fault: `the analysis, in its own process, has said nothing for ${minutes} minutes` };
    },
  };
}

const SILENT_AFTER_MIN = 3;
