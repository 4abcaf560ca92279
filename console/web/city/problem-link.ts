/** Where a problem shows: the chart, grid or table that proves it, and what the link is called. */
import type { Problem } from './replies.ts';

export function problemLink(problem: Problem): { readonly href: string; readonly words: string } {
  const site = encodeURIComponent(problem.site ?? '');
  const gateway = encodeURIComponent(problem.gateway ?? '');
  const device = deviceKey(problem);
  switch (problem.kind) {
    case 'after-hours':
      return { href: `/sites/${site}?range=24h#load`, words: 'See its load curve' };
    case 'day-burner':
    case 'lamp-failure':
      return {
        href: `/lights/${site}${device === '' ? '' : `?lamp=${encodeURIComponent(bare(device))}`}`,
        words: 'See the lamp',
      };
    case 'dark-circuit':
      return { href: `/lights/${site}`, words: 'See the circuit' };
    case 'meter-reset':
      return {
        href: `/sites/${site}${device === '' ? '' : `?meter=${encodeURIComponent(device)}`}#energy`,
        words: 'See the meter',
      };
    case 'high-co2':
      return {
        href: `/sites/${site}${device === '' ? '' : `?room=${encodeURIComponent(device)}`}#rooms`,
        words: 'See the room',
      };
    default:
      if (problem.gateway !== null) return { href: `/gateways/${gateway}`, words: 'See the gateway' };
      return problem.site === null
        ? { href: '/gateways', words: 'See what arrives' }
        : { href: `/sites/${site}`, words: 'See the site' };
  }
}

/** `gateway/device`, whichever way the server names it; empty for none. */
export function deviceKey({ gateway, device }: Pick<Problem, 'gateway' | 'device'>): string {
  if (device === null) return '';
  return device.includes('/') || gateway === null ? device : `${gateway}/${device}`;
}

function bare(device: string): string {
  return device.slice(device.indexOf('/') + 1);
}
