/** Where an alert shows: the chart, grid or table that proves it, and what the link is called. */
import type { OpenAlert, ResolvedAlert } from './replies.ts';

export function alertLink(alert: OpenAlert | ResolvedAlert): { readonly href: string; readonly words: string } {
  const site = encodeURIComponent(alert.site ?? '');
  const device = alert.device === null ? '' : encodeURIComponent(`${alert.gateway ?? ''}/${alert.device}`);
  switch (alert.rule) {
    case 'after-hours':
    case 'demand-near-limit':
      return { href: `/sites/${site}?range=24h#load`, words: 'See its load curve' };
    case 'base-load-rise':
      return { href: `/sites/${site}?range=30d#load`, words: 'See its load curve' };
    case 'water-night-flow':
    case 'gas-night-flow':
      return { href: `/sites/${site}#energy`, words: 'See its meters' };
    case 'day-burner':
    case 'lamp-fault':
    case 'circuit-dark': {
      const lamp = alert.device === null ? '' : `?lamp=${encodeURIComponent(alert.device)}`;
      return { href: `/lights/${site}${lamp}`, words: lamp === '' ? 'See the circuit' : 'See the lamp' };
    }
    case 'counter-standing-still':
    case 'meter-reset':
      return { href: `/sites/${site}${device === '' ? '' : `?meter=${device}`}#energy`, words: 'See the meter' };
    case 'high-co2':
      return { href: `/sites/${site}${device === '' ? '' : `?room=${device}`}#rooms`, words: 'See the room' };
    case 'high-pm2-5':
      return { href: `/air?station=${site}`, words: 'See the station' };
    default:
      if (alert.gateway !== null) {
        return { href: `/gateways/${encodeURIComponent(alert.gateway)}`, words: 'See the gateway' };
      }
      return { href: '/gateways', words: 'See what arrives' };
  }
}
