/** A missing range in words, with local times. */
import { localIso, type Period } from '../../../energy/calendar.ts';
import type { ExplainedRange } from '../../../energy/completeness/explain-missing.ts';

interface Place {
  readonly zone: string;
  readonly gateway: string;
}

export function missingWords(range: ExplainedRange & { readonly isExact: boolean }, place: Place): string {
  const count = range.readings === 1 ? '1 reading is' : `${range.readings} readings are`;
  const { from, to } = range;
  const between = `between ${local(from, place.zone)} and ${local(to, place.zone)}`;
  const when = range.isExact ? fromTo(range, place.zone) : between;
  return `${count} missing ${when}: ${causeWords(range, place)}.`;
}

function causeWords(range: ExplainedRange, { gateway, zone }: Place): string {
  const { cause, detail, isCertain, readings, stretch } = range;
  const most = isCertain
    ? ''
    : readings === 1
      ? ' (it may be one of another device)'
      : ' (at most so many of this device)';
  switch (cause) {
    case 'before-first-reading':
      return 'nothing had come from the device by then';
    case 'rejected':
      return `refused as ${detail}; see the dead letters of ${gateway}`;
    case 'waiting':
      return `asked to be sent again later, ${detail}`;
    case 'set-aside':
      return `${gateway} has put readings aside after many failures and tries them again${most}`;
    case 'buffered':
      return `they are still in the outbox of ${gateway}${most}`;
    case 'outbox-dropped':
      return `the full outbox of ${gateway} dropped readings${most}`;
    case 'not-received':
      return `${detail} of ${gateway} never arrived, later ones did${most}`;
    case 'gateway-silent': {
      if (stretch === undefined) return `${gateway} sent nothing`;
      if (detail === 'away') {
        return `${gateway} has sent nothing since ${local(stretch.from, zone)}; what its outbox keeps comes when it is back`;
      }
      const anew = detail === 'restarted' ? ', and was then restarted' : '';
      return `${gateway} sent nothing ${fromTo(stretch, zone)}${anew}`;
    }
    case 'unwatched': {
      const when = stretch === undefined ? 'then' : fromTo(stretch, zone);
      return `Lamplighter did not run ${when}, and ${gateway} was restarted meanwhile`;
    }
    case 'never-produced':
      return isCertain
        ? `${gateway} was there and everything that it produced has arrived: the device said nothing`
        : `everything that ${gateway} ever produced has arrived, so most likely the device said nothing`;
    case 'not-counted':
      return 'readings of the day are not rolled up yet, so they may be there';
    case 'unknown':
      return 'no record says why';
  }
}

function fromTo({ from, to }: Period, zone: string): string {
  return `from ${local(from, zone)} to ${local(to, zone)}`;
}

/** To the second: fractions say nothing to people. */
function local(time: number, zone: string): string {
  return localIso(Math.round(time / 1_000) * 1_000, zone);
}
