/** A counter that fell and stayed below: a meter that was reset or replaced without a word. */
import { inWords } from '../calendar.ts';
import { aFinding, figure, type Rule, written } from './finding.ts';

/** Longer ago it has been seen to, or is nobody's concern any more. */
export const RESETS_SHOWN_DAYS = 14;

export const meterReset: Rule = ({ now, resets }) =>
  resets
    .filter(({ at }) => now - at <= RESETS_SHOWN_DAYS * 86_400_000)
    .map(({ site, siteName, zone, gateway, device, name, unit, at, before, after }) =>
      aFinding({
        id: ['meter-reset', site, gateway, device, at].filter((part) => part !== null).join('/'),
        kind: 'meter-reset',
        severity: 'warning',
        site,
        gateway,
        device,
        since: at,
        title: `${name} of ${siteName} began again`,
        words:
          `On ${inWords(at, zone)} its counter fell from ${written(before, 1)} to ${written(after, 1)} ${unit}. ` +
          'The fall is not counted, and the new value is the baseline; what was used in between is unknown.',
        whatToDo:
          'Find out whether the meter was replaced, reset or restarted. If it was replaced, note both readings for the bill, and list the new meter from that day on.',
        figures: [figure('Before', before, unit, 1), figure('After', after, unit, 1)],
      }),
    );
