/** What is wrong right now, in words, and what it means for the readings. */
import type { City } from './city.ts';
import { formatAge, formatFull, formatTime, plural } from './formatters.ts';

interface Note {
  readonly key: string;
  readonly tone: string;
  readonly title: string;
  readonly words: string;
  /** True of what changes with each answer: it is not read aloud again and again. */
  readonly isQuiet?: boolean;
}

/** A past that is loaded is rolled up behind it; what takes longer is worth a word. */
const BEHIND_S = 120;
/** A reading that came late waits for a moment, and nobody need know. */
const BEHIND_QUARTERS = 100;

export function Banners({ city }: { readonly city: City }) {
  const { status, summary, connection } = city;
  const notes: Note[] = [];
  if (connection === 'reconnecting' || connection === 'gone') {
    const since = status === undefined ? '' : ` The figures below are from ${formatTime(status.at_ms, city.now())}.`;
    notes.push({
      key: 'stale',
      tone: connection === 'gone' ? 'bad' : 'warn',
      title: connection === 'gone' ? 'The server does not answer' : 'The connection was lost',
      words: `The page keeps trying.${since} Gateways keep their readings meanwhile.`,
    });
  }
  if (status !== undefined && status.store_fault !== '') {
    notes.push({
      key: 'store',
      tone: 'bad',
      title: 'The store cannot be written to',
      words: `${status.store_fault} Readings wait on the gateways until it can.`,
    });
  }
  if (status !== undefined && status.broker_fault !== '') {
    notes.push({ key: 'broker', tone: 'bad', title: 'The broker has a fault', words: status.broker_fault });
  }
  if (status !== undefined && !status.accepting && status.store_fault === '') {
    notes.push({
      key: 'hold',
      tone: 'warn',
      title: 'Ingest asks the gateways to hold',
      words: 'More arrives than can be stored now. Readings wait on the gateways and come later.',
    });
  }
  if (summary !== undefined && summary.two_epochs > 0) {
    notes.push({
      key: 'epochs',
      tone: 'warn',
      title: `${plural(summary.two_epochs, 'gateway')} started twice at once`,
      words: 'A disk was cloned or an image restored. Stop one of the two, or give it an id of its own.',
    });
  }
  notes.push(...rollUpNotes(city));
  return (
    <div class="banners">
      {notes.map((note) => (
        <div
          key={note.key}
          class={`banner ${note.tone}`}
          role={note.isQuiet === true ? 'note' : 'alert'}
          data-banner={note.key}
        >
          <strong>{note.title}</strong>
          <span title={status === undefined ? '' : formatFull(status.at_ms)}>{note.words}</span>
        </div>
      ))}
    </div>
  );
}

/** Consumption, figures and findings of past days stand on roll-ups. */
function rollUpNotes(city: City): Note[] {
  const { overview } = city;
  const status = overview?.roll_ups;
  if (overview === undefined || status === undefined || city.isStale) return [];
  const { fault = '', pending_quarters: pending = 0, behind_s: behind = 0, failed_devices: failed = [] } = status;
  const notes: Note[] = [];
  const since =
    status.caught_up_at == null ? '' : `, the last time at ${formatTime(Date.parse(status.caught_up_at), city.now())}`;
  if (fault !== '') {
    notes.push({
      key: 'roll-ups',
      tone: 'bad',
      title: 'Consumption cannot be counted now',
      words: `${fault} Readings are safe, and are counted when it can go on${since === '' ? '' : `; all was counted${since}`}.`,
    });
  } else if (pending >= BEHIND_QUARTERS && behind >= BEHIND_S) {
    notes.push({
      key: 'roll-ups',
      tone: 'warn',
      isQuiet: true,
      title: 'Consumption and findings are behind the readings',
      words: `${plural(pending, 'quarter hour')} of meters, lamps and sensors are still to be counted, the oldest for ${formatAge(status.oldest_s ?? 0)}. Figures of days and what is wrong fill up as it goes.`,
    });
  }
  if (failed.length > 0) {
    notes.push({
      key: 'roll-ups-failed',
      tone: 'warn',
      title: `${plural(failed.length, 'device')} cannot be counted`,
      words: `${failed.slice(0, 3).join(', ')}${failed.length > 3 ? ' and more' : ''}: the log of the server says why. Their readings are kept, and are counted after a restart.`,
    });
  }
  return notes;
}
