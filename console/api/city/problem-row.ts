/** A finding as the API tells it. */
import { type Finding, SEVERITIES, type Severity } from '../../../energy/findings/finding.ts';
import { isoTime } from '../iso-time.ts';
import type { ProblemReply } from '../replies-city.ts';

export function problemRow({ since, whatToDo, figures, ...finding }: Finding): ProblemReply {
  return {
    ...finding,
    since: since === null ? null : isoTime(since),
    since_ms: since,
    what_to_do: whatToDo,
    figures: figures.map((figure) => ({ ...figure })),
  };
}

export function worstOf(findings: readonly Finding[]): Severity | null {
  let worst: Severity | null = null;
  for (const { severity } of findings) {
    if (worst === null || SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(worst)) worst = severity;
  }
  return worst;
}
