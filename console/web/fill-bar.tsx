/** How full something is. */
export function FillBar({ part, label }: { readonly part: number; readonly label: string }) {
  const percent = Math.min(100, Math.max(0, part * 100));
  const tone = percent >= 90 ? 'bad' : percent >= 60 ? 'warn' : '';
  return (
    <span class="fill">
      {/* biome-ignore lint/a11y/useSemanticElements: a <meter> cannot be coloured the same way in all browsers */}
      <span
        class={`bar ${tone}`}
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(percent)}
      >
        {/* Something is never drawn as nothing. */}
        <span class="level" style={{ width: `${percent > 0 ? Math.max(2, percent) : 0}%` }} />
      </span>
      <span class="fill-label">{label}</span>
    </span>
  );
}
