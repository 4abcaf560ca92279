/** Every rule of the table on what is known of the city now. A rule that lacks what it reads is not judged. */
import type { AlertInputs, AlertSource } from './alert-inputs.ts';
import type { Judgement } from './alert-life.ts';
import type { AlertRule } from './alert-rule.ts';

export interface Unjudged {
  readonly rule: string;
  /** In words. */
  readonly why: string;
}

export function judge(
  rules: readonly AlertRule[],
  inputs: AlertInputs,
): { readonly judged: readonly Judgement[]; readonly unjudged: readonly Unjudged[] } {
  const unjudged: Unjudged[] = [];
  const judged = rules.map((rule): Judgement => {
    const lacking = rule.reads.find((source: AlertSource) => inputs.unknown[source] !== undefined);
    if (lacking === undefined) {
      try {
        const firing = rule.evaluate(inputs);
        return { rule, firing, unknown: (place) => rule.unknown?.(inputs, place) };
      } catch (error) {
        return notJudged(rule, `the rule failed: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return notJudged(rule, inputs.unknown[lacking] ?? '');
  });
  return { judged, unjudged };

  function notJudged(rule: AlertRule, why: string): Judgement {
    unjudged.push({ rule: rule.id, why });
    return { rule, firing: undefined, unknown: () => why };
  }
}
