/** A band of air in words, with its colour. */
import type { Band } from './air-bands.ts';

export function BandBadge({ band }: { readonly band: Band | undefined }) {
  if (band === undefined) return <span class="band none">no band</span>;
  return (
    <span class={`band band-${band.tone}`}>
      <span class="band-dot" aria-hidden="true" />
      {band.label}
    </span>
  );
}
