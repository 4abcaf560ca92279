/** The demo city: simulated gateways that connect to the broker as gateways on the street do. */
import { type CityEnrolment, SimulatedGateways } from '../../simulators/simulated-gateways.ts';
import { VERSION } from '../version.ts';
import type { RoleContext } from './role.ts';

/** Not started yet: its gateways speak to a city that runs. */
export function demoCity(
  context: RoleContext,
  deps: { readonly register: CityEnrolment; readonly brokerUrl: string },
): SimulatedGateways {
  const { settings } = context;
  return new SimulatedGateways({
    ...context,
    ...deps,
    folder: settings.data,
    topicPrefix: settings.topic_prefix,
    seed: settings.seed,
    historyMs: settings.history_days * 86_400_000,
    faults: settings.faults,
    version: VERSION,
  });
}
