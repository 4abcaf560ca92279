/** What is wrong, in words: how bad, where, since when, what to do, and a way to the place where it shows. */
import { useRef } from 'preact/hooks';
import { formatAge, formatNumber } from '../formatters.ts';
import { SkeletonRows } from '../tile.tsx';
import { problemLink } from './problem-link.ts';
import type { Problem, Severity } from './replies.ts';
import { useSteadyOrder } from './steady-order.ts';

const SEVERITIES: Readonly<Record<Severity, readonly [tone: string, label: string]>> = {
  critical: ['bad', 'Critical'],
  warning: ['warn', 'Warning'],
  info: ['wait', 'Note'],
};
const ORDER: readonly Severity[] = ['critical', 'warning', 'info'];

export interface ProblemListProps {
  readonly problems: readonly Problem[] | undefined;
  readonly now: number;
  readonly siteName: (id: string | null) => string | undefined;
  /** Words when nothing is wrong. */
  readonly fine: string;
  /** Words in their place while nobody can know that yet. */
  readonly early?: string | undefined;
  /** False on a page of one site, which need not be named again. */
  readonly isNamed?: boolean;
}

export function ProblemList(props: ProblemListProps) {
  const { problems } = props;
  if (problems === undefined) return <SkeletonRows count={5} />;
  if (problems.length === 0) {
    if (props.early !== undefined) return <p class="empty">{props.early}</p>;
    return (
      <p class="all-well">
        <svg viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
          <circle cx="10" cy="10" r="9" fill="none" stroke="currentColor" stroke-width="2" />
          <path d="M6 10.5l3 3 5.5-6.5" fill="none" stroke="currentColor" stroke-width="2" />
        </svg>
        {props.fine}
      </p>
    );
  }
  return <ProblemItems {...props} problems={problems} />;
}

function ProblemItems(props: ProblemListProps & { readonly problems: readonly Problem[] }) {
  const list = useRef<HTMLUListElement>(null);
  const sorted = [...props.problems].sort(
    (one, other) =>
      ORDER.indexOf(one.severity) - ORDER.indexOf(other.severity) || (other.since_ms ?? 0) - (one.since_ms ?? 0),
  );
  return (
    <ul class="problems" ref={list}>
      {useSteadyOrder(sorted, list).map((problem) => (
        <ProblemItem key={problem.id} problem={problem} {...props} />
      ))}
    </ul>
  );
}

function ProblemItem({ problem, now, siteName, isNamed }: ProblemListProps & { readonly problem: Problem }) {
  const [tone, label] = SEVERITIES[problem.severity];
  const link = problemLink(problem);
  const site = isNamed === false ? undefined : siteName(problem.site);
  return (
    <li class={`problem ${tone}`} data-problem={problem.kind}>
      <div class="problem-head">
        <span class={`badge ${tone}`}>{label}</span>
        <h3>
          <a href={link.href}>{problem.title}</a>
        </h3>
      </div>
      <p class="problem-where">
        {[site, problem.since_ms === null ? undefined : sinceWords(now - problem.since_ms)]
          .filter((part) => part !== undefined)
          .join(' · ')}
      </p>
      <p>{problem.words}</p>
      {problem.figures.length === 0 ? null : (
        <dl class="problem-figures">
          {problem.figures.map((figure) => (
            <div key={figure.label}>
              <dt>{figure.label}</dt>
              <dd>
                {typeof figure.value === 'number'
                  ? formatNumber(figure.value, decimalsOf(figure.value))
                  : (figure.value ?? '–')}{' '}
                <span class="unit">{figure.unit}</span>
              </dd>
            </div>
          ))}
        </dl>
      )}
      <p class="problem-do">
        <strong>What to do:</strong> {problem.what_to_do}
      </p>
      <a class="problem-link" href={link.href}>
        {link.words} <span aria-hidden="true">→</span>
      </a>
    </li>
  );
}

/** On one line, so that `6.3` and `h` stay together. */
function sinceWords(ms: number): string {
  return `for ${formatAge(ms / 1_000)}`.replaceAll(' ', '\u00a0');
}

function decimalsOf(value: number): number {
  return Number.isInteger(value) || Math.abs(value) >= 100 ? 0 : 1;
}
