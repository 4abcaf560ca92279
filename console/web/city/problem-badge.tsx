/** How many problems a row of a table has, in the colour of the worst. */
import { plural } from '../formatters.ts';
import type { Severity } from './replies.ts';

const SEVERITY_RANK = { critical: 3, warning: 2, info: 1 } as const;
const TONES = { critical: 'bad', warning: 'warn', info: 'wait' } as const;

export function ProblemBadge({ count, worst }: { readonly count: number; readonly worst: Severity | null }) {
  if (count === 0) return null;
  return <span class={`badge ${TONES[worst ?? 'info']}`}>{plural(count, 'problem')}</span>;
}

/** The worse, the higher; 0 without any. */
export function rankOf(worst: Severity | null): number {
  return worst === null ? 0 : SEVERITY_RANK[worst];
}
