/** The table of alerts, in the order in which docs/alerts.md tells them. A new one is a line here, and a word there. */
import type { AlertRule } from '../alert-rule.ts';
import { highCo2, highParticles } from './air.ts';
import { counterStandingStill, meterReset } from './counters.ts';
import {
  clockOff,
  deadLetters,
  deviceSilent,
  gatewaySilent,
  outboxDropping,
  outboxGrowing,
  storeFailing,
  twoEpochs,
} from './delivery.ts';
import { diskFilling } from './disk.ts';
import { afterHours, baseLoadRise, demandNearLimit } from './energy.ts';
import { circuitDark, dayBurner, lampFault } from './lamps.ts';
import { gasNightFlow, waterNightFlow } from './night-flow.ts';

export const ALERT_RULES: readonly AlertRule[] = [
  storeFailing,
  diskFilling,
  gatewaySilent,
  deviceSilent,
  outboxGrowing,
  outboxDropping,
  twoEpochs,
  clockOff,
  deadLetters,
  afterHours,
  demandNearLimit,
  baseLoadRise,
  waterNightFlow,
  gasNightFlow,
  highCo2,
  highParticles,
  circuitDark,
  dayBurner,
  lampFault,
  counterStandingStill,
  meterReset,
];
