/** A gateway that nobody hears. Its readings wait on its disk, so nothing is lost yet. */
import { inWords } from '../calendar.ts';
import { aFinding, type Finding, figure, type GatewayInput, type Rule, written } from './finding.ts';

/** What is not there so soon after a start may still be connecting. */
const GRACE_MS = 60_000;
/** A gateway that was never heard of may be on its way to its cabinet. */
const NEW_GRACE_MS = 600_000;
/** A restart or a cut of the line takes less. */
const SILENT_MS = 600_000;
/** Connected, yet without a reading: some devices speak rarely. */
const MUTE_MS = 3_600_000;
const MUTE_INTERVALS = 5;
const LONG_MS = 86_400_000;

export const silentGateway: Rule = ({ now, uptimeMs, gateways }) =>
  gateways.flatMap((gateway) => {
    const found = judge(gateway, now, uptimeMs);
    return found === undefined ? [] : [found];
  });

function judge(input: GatewayInput, now: number, uptimeMs: number): Finding | undefined {
  const { gateway, name, site, zone, state, lastReading, intervalS, buffered } = input;
  if (state === 'retired' || uptimeMs < GRACE_MS) return undefined;
  const common = { kind: 'silent-gateway', site, gateway } as const;
  if (lastReading === undefined) {
    if (state !== 'never-seen' || uptimeMs < NEW_GRACE_MS) return undefined;
    return aFinding({
      ...common,
      severity: 'info',
      title: `${name} has never been heard of`,
      words: 'It is in the register, but has never connected and has no readings.',
      whatToDo: 'Put it into service with its configuration file, or retire it.',
      figures: [],
    });
  }
  const ageMs = now - lastReading;
  const hours = ageMs / 3_600_000;
  const age = hours < 1 ? `${written(ageMs / 60_000)} minutes` : `${written(hours, 1)} hours`;
  const figures = [figure('Without a reading for', hours, 'h', 1)];
  if (state !== 'online') {
    if (ageMs < SILENT_MS) return undefined;
    return aFinding({
      ...common,
      severity: ageMs > LONG_MS ? 'critical' : 'warning',
      since: lastReading,
      title: `${name} is silent`,
      words: `No reading has come from it for ${age}; its last is of ${inWords(lastReading, zone)}.`,
      whatToDo:
        'Check its power and its line to the broker; if both are there, the log of the gateway says what it cannot reach. What it measures meanwhile waits on its disk and comes by itself.',
      figures,
    });
  }
  const muteMs = Math.max(MUTE_MS, MUTE_INTERVALS * 1_000 * (intervalS ?? 0));
  // What waits in its outbox is on its way.
  if (ageMs < muteMs || (buffered ?? 0) > 0) return undefined;
  return aFinding({
    ...common,
    severity: 'warning',
    since: lastReading,
    title: `${name} is connected but delivers nothing`,
    words: `It answers, but its last reading is ${age} old and none waits in its outbox.`,
    whatToDo: 'Look at its sources on the gateways page: is a bus unplugged, an address wrong, a device switched off?',
    figures,
  });
}
