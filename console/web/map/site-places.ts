/** Sites as places on the map. */
import type { SiteRow } from '../city/replies.ts';
import { SITE_STATES } from '../city/site-words.tsx';
import { formatAge, formatNumber } from '../formatters.ts';
import type { MapPlace, MarkerShape } from './map-marker.tsx';

export const SITE_KEY = [
  { label: 'building', swatch: 'building live' },
  { label: 'streetlights', swatch: 'lights lit' },
  { label: 'air station', swatch: 'air live' },
  { label: 'not heard', swatch: 'building silent' },
  { label: 'critical problem', swatch: 'trouble' },
  { label: 'warning', swatch: 'trouble warn' },
] as const;

export function shapeOf(kind: string): MarkerShape {
  if (kind === 'streetlights') return 'lights';
  return kind === 'station' ? 'air' : 'building';
}

export function placesOf(sites: readonly SiteRow[]): MapPlace[] {
  return sites.flatMap((site) => {
    const { latitude, longitude } = site;
    if (typeof latitude !== 'number' || typeof longitude !== 'number') return [];
    const shape = shapeOf(site.kind);
    return [
      {
        id: site.id,
        name: site.name,
        href: shape === 'lights' ? `/lights/${site.id}` : `/sites/${site.id}`,
        latitude,
        longitude,
        shape,
        tone: toneOf(site),
        severity: site.worst_severity,
        radius: radiusOf(site),
        words: wordsOf(site),
      },
    ];
  });
}

function toneOf(site: SiteRow): string {
  if (site.state !== 'live') return site.state;
  if (site.lamps !== null) return site.lamps.lit > 0 ? 'lit' : site.lamps.commanded > 0 ? 'dark' : 'off';
  return 'live';
}

/** The area of a circle grows with the power. */
function radiusOf({ power_kw, kind }: SiteRow): number {
  if (kind !== 'building') return 5.5;
  return Math.min(13, 4.5 + 0.32 * Math.sqrt(Math.max(0, power_kw ?? 0)));
}

function wordsOf(site: SiteRow): string {
  const parts: string[] = [];
  if (site.power_kw !== null) parts.push(`${formatNumber(site.power_kw, 1)} kW`);
  if (site.energy_today_kwh !== null) parts.push(`${formatNumber(site.energy_today_kwh)} kWh today`);
  if (site.lamps !== null) parts.push(`${site.lamps.lit} of ${site.lamps.commanded} lamps lit`);
  if (site.state !== 'live') {
    parts.push(
      site.power_age_s === null
        ? SITE_STATES[site.state][0]
        : `${SITE_STATES[site.state][0]}, ${formatAge(site.power_age_s)} old`,
    );
  }
  return parts.length === 0 ? SITE_STATES[site.state][0] : parts.join(' · ');
}
