/** Words and colours for circuits and lamps. */
import type { CircuitRow, CircuitState, LampRow, LampState } from '../city/replies.ts';
import { formatAge, formatNumber } from '../formatters.ts';
import type { MapPlace } from '../map/map-marker.tsx';

export const CIRCUIT_STATES: Readonly<Record<CircuitState, readonly [label: string, tone: string, title: string]>> = {
  lit: ['lit', 'glow', 'Commanded on, and lit'],
  off: ['off', 'wait', 'Commanded off, and dark'],
  dark: ['dark', 'bad', 'Commanded on, but the circuit draws no power'],
  'day-burning': ['burns by day', 'bad', 'Commanded off, but lit'],
  silent: ['silent', 'bad', 'Its gateway is not heard'],
};

export const LAMP_STATES: Readonly<Record<LampState, readonly [label: string, title: string]>> = {
  lit: ['lit', 'Commanded on, and lit'],
  off: ['off', 'Commanded off, and off'],
  failed: ['failed', 'Reports a failure'],
  'day-burner': ['burns by day', 'Commanded off, but lit'],
  dark: ['dark', 'Commanded on, but draws no power'],
  silent: ['silent', 'Not heard for three intervals'],
};

/** `lit, dimmed to 70 %, 62.1 W, 12 s ago` */
export function lampWords(lamp: LampRow): string {
  const parts: string[] = [LAMP_STATES[lamp.state][0]];
  if (lamp.dim_percent !== null) parts.push(`level ${formatNumber(lamp.dim_percent)} %`);
  if (lamp.command_percent !== null) parts.push(`commanded ${formatNumber(lamp.command_percent)} %`);
  if (lamp.power_w !== null) parts.push(`${formatNumber(lamp.power_w, 1)} W`);
  if (lamp.age_s !== null) parts.push(`${formatAge(lamp.age_s)} ago`);
  return parts.join(', ');
}

export const CIRCUIT_KEY = [
  { label: 'lit', swatch: 'lights lit' },
  { label: 'off', swatch: 'lights off' },
  { label: 'dark, but commanded', swatch: 'lights dark' },
  { label: 'not heard', swatch: 'lights silent' },
  { label: 'critical problem', swatch: 'trouble' },
  { label: 'warning', swatch: 'trouble warn' },
] as const;

export function circuitPlaces(circuits: readonly CircuitRow[]): MapPlace[] {
  return circuits.flatMap((circuit) => {
    const { latitude, longitude, lamps } = circuit;
    if (latitude === null || longitude === null) return [];
    const severity = circuit.state === 'dark' ? 'critical' : circuit.worst_severity;
    return [
      {
        id: circuit.site,
        name: circuit.name,
        href: `/lights/${circuit.site}`,
        latitude,
        longitude,
        shape: 'lights' as const,
        tone: circuit.state === 'day-burning' ? 'lit' : circuit.state,
        severity,
        radius: Math.min(12, 5 + Math.sqrt(lamps.total) * 0.6),
        words: `${lamps.lit} of ${lamps.commanded} commanded lamps lit · ${formatNumber(circuit.power_kw, 2)} kW`,
      },
    ];
  });
}
