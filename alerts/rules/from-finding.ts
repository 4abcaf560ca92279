/** A rule that is a finding with a life: the finding says what is wrong, the alert since when and until when. */
import type { FindingKind } from '../../energy/findings/finding.ts';
import { RULES } from '../../energy/findings/rules.ts';
import type { AlertRule, Firing } from '../alert-rule.ts';

export function fromFinding(
  kind: FindingKind,
  rule: Omit<AlertRule, 'evaluate'> & { readonly only?: (firing: Firing) => boolean },
): AlertRule {
  const { only = () => true, ...rest } = rule;
  return {
    ...rest,
    evaluate: (inputs) =>
      RULES[kind](inputs)
        .filter(only)
        .map((finding) => ({ ...finding, at: finding.since ?? undefined })),
  };
}
