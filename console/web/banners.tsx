/** What is wrong right now, in words, and what it means for the readings. */
import type { City } from './city.ts';
import { formatFull, formatTime, plural } from './formatters.ts';

export function Banners({ city }: { readonly city: City }) {
  const { status, summary, connection } = city;
  const notes: { key: string; tone: string; title: string; words: string }[] = [];
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
  return (
    <div class="banners">
      {notes.map((note) => (
        <div key={note.key} class={`banner ${note.tone}`} role="alert" data-banner={note.key}>
          <strong>{note.title}</strong>
          <span title={status === undefined ? '' : formatFull(status.at_ms)}>{note.words}</span>
        </div>
      ))}
    </div>
  );
}
