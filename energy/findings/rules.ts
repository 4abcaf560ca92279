/** The table of what may be wrong. A rule is a pure function of what is known of the city; a new one is a line here. */
import { afterHours } from './after-hours.ts';
import { darkCircuit } from './dark-circuit.ts';
import { dayBurner } from './day-burner.ts';
import { deadLetters, outboxDropping, storeFault, twoEpochs } from './delivery.ts';
import type { CityInputs, Finding, FindingKind, Rule } from './finding.ts';
import { SEVERITIES } from './finding.ts';
import { highCo2 } from './high-co2.ts';
import { lampFailure } from './lamp-failure.ts';
import { meterReset } from './meter-reset.ts';
import { silentGateway } from './silent-gateway.ts';

export const RULES: Readonly<Record<FindingKind, Rule>> = {
  store: storeFault,
  'two-epochs': twoEpochs,
  'dark-circuit': darkCircuit,
  'silent-gateway': silentGateway,
  'high-co2': highCo2,
  'after-hours': afterHours,
  'day-burner': dayBurner,
  'meter-reset': meterReset,
  'outbox-dropping': outboxDropping,
  'dead-letters': deadLetters,
  'lamp-failure': lampFailure,
};

/** Everything that is wrong, the worst first, then the newest. */
export function findingsOf(city: CityInputs): Finding[] {
  return Object.values(RULES)
    .flatMap((rule) => rule(city))
    .sort(
      (one, other) =>
        SEVERITIES.indexOf(other.severity) - SEVERITIES.indexOf(one.severity) ||
        (other.since ?? 0) - (one.since ?? 0) ||
        (one.id < other.id ? -1 : 1),
    );
}
