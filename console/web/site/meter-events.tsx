/** What meters did besides counting, what was decided of it, and how a person decides otherwise. */
import type { EnergyReply } from '../city/replies.ts';
import { formatNumber } from '../formatters.ts';
import { zonedDayMinute } from '../zoned-time.ts';

type MeterEvent = EnergyReply['events'][number];

const KINDS: Readonly<Record<MeterEvent['kind'], string>> = {
  reset: 'reset',
  rollover: 'roll-over',
  'glitch-zero': 'glitch',
  dip: 'dip',
  swap: 'exchange',
  gap: 'gap',
  'implausible-rate': 'implausible',
};

export function MeterEvents({ reply }: { readonly reply: EnergyReply }) {
  const { events, events_total: total, unit, zone } = reply;
  if (events.length === 0) return null;
  return (
    <div class="events">
      <h3>What happened to the meters</h3>
      <ul>
        {events.toReversed().map((event) => (
          <li key={`${event.device} ${event.metric} ${event.until_ms}`} data-event={event.kind}>
            <span class="badge warn">{KINDS[event.kind]}</span>
            <span>
              {event.words}
              <span class="note">
                {' '}
                {zonedDayMinute(event.at_ms, zone)} · {formatNumber(event.booked, 1)} {unit} booked ·{' '}
                {event.decided_by === 'person' ? 'a person decided' : 'decided by rule'}
              </span>
              <details class="decide">
                <summary>Was it something else?</summary>
                Say what it was, and why; what depends on it is counted again within a minute:
                <code>{decideCommand(event)}</code>
              </details>
            </span>
          </li>
        ))}
      </ul>
      {total > events.length ? (
        <p class="hint">
          The newest {events.length} of {total}; all with <code>lamplighter meter events</code>.
        </p>
      ) : null}
    </div>
  );
}

function decideCommand({ device, metric, value_at, kind }: MeterEvent): string {
  const otherwise = kind === 'reset' ? 'rollover' : kind === 'gap' ? 'reset' : 'normal';
  return `lamplighter meter decide --device ${device} --metric ${metric} --at ${value_at} --as ${otherwise} --why "…"`;
}
