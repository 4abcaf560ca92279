/** Words for the state of a gateway, and who needs somebody first. */
import type { GatewayReply, GatewayState } from '../api/replies.ts';

export const GATEWAY_STATES: Readonly<Record<GatewayState, readonly [label: string, tone: string, title: string]>> = {
  online: ['online', 'good', 'Connected, and heard of within 90 seconds'],
  silent: ['silent', 'warn', 'Connected by its last word, but no health for 90 seconds'],
  offline: ['offline', 'bad', 'The broker saw it go'],
  'never-seen': ['never seen', 'wait', 'In the register, but it has not connected yet'],
  retired: ['retired', 'wait', 'Taken out of service'],
};

export const URGENCY: readonly GatewayState[] = ['offline', 'silent', 'online', 'never-seen', 'retired'];

export function byUrgency(one: GatewayReply, other: GatewayReply): number {
  return (
    Number(other.two_epochs) - Number(one.two_epochs) ||
    URGENCY.indexOf(one.state) - URGENCY.indexOf(other.state) ||
    (one.id < other.id ? -1 : 1)
  );
}
