/** How a gateway stands, from its presence and its health: the same word on pages, in alerts and on boards. */
import { HEALTH_INTERVAL_MS } from './health.ts';

export const GATEWAY_STATES = ['online', 'silent', 'offline', 'never-seen', 'retired'] as const;
export type GatewayStateWord = (typeof GATEWAY_STATES)[number];

/** Without health for longer than this a gateway is silent, whatever its presence says. */
export const SILENT_AFTER_MS = 3 * HEALTH_INTERVAL_MS;

export interface HeardOfGateway {
  /** By presence; undefined when never heard of. */
  readonly online: boolean | undefined;
  /** When its last health arrived, epoch milliseconds. */
  readonly healthAt: number | undefined;
}

/** Online needs both: the presence may be a retained word of a gateway whose last will never came. */
export function gatewayStateOf(heard: HeardOfGateway | undefined, isRetired: boolean, now: number): GatewayStateWord {
  if (isRetired) return 'retired';
  if (heard === undefined || (heard.online === undefined && heard.healthAt === undefined)) return 'never-seen';
  if (heard.online === false) return 'offline';
  return heard.online === true && hasFreshHealth(heard, now) ? 'online' : 'silent';
}

export function hasFreshHealth(heard: HeardOfGateway | undefined, now: number): boolean {
  return heard?.healthAt !== undefined && now - heard.healthAt <= SILENT_AFTER_MS;
}
