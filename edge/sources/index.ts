/** The kinds of source. A new one is a file beside this one and a line here. */
import { mqttKind } from './mqtt-kind.ts';
import { simulatedKind } from './simulated-kind.ts';

export const SOURCE_KINDS = [mqttKind, simulatedKind] as const;
