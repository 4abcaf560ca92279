/** A small drawing for each page. */
const PATHS = {
  city: 'M3 17V8l5-3v12M8 17V3l9 4v10M11 9h3M11 12.5h3M2 17h16',
  lights: 'M6 18h5M8.5 18V5a3 3 0 0 1 3-3h1.5M11 6h6l-1.2-3.2h-3.4zM13 9v1.5M16 8.5l1 1.3M10.4 8.6l-.8 1.2',
  air: 'M2 7h10a2.5 2.5 0 1 0-2.4-3.2M2 10.5h13.2a2.4 2.4 0 1 1-2.3 3.1M2 14h6.5a2 2 0 1 1-1.9 2.6',
  alerts: 'M10 2.5a5 5 0 0 0-5 5c0 4-2 5.5-2 6.5h14c0-1-2-2.5-2-6.5a5 5 0 0 0-5-5zM8 17a2.1 2.1 0 0 0 4 0',
  gateways: 'M3 11h14v6H3zM6 14h.01M9 14h.01M10 11V8M6.5 6.5a5 5 0 0 1 7 0M4 4a8.5 8.5 0 0 1 12 0',
} as const;

export function PageIcon({ name }: { readonly name: keyof typeof PATHS }) {
  return (
    <svg class="page-icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
