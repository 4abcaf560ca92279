/** Alerts: what is open, the worst first, and what is over. */
import type { City } from '../city.ts';
import { formatAge, formatNumber, plural } from '../formatters.ts';
import { Fault, SkeletonRows } from '../tile.tsx';
import { useAsked } from '../use-asked.ts';
import { AlertHistory } from './alert-history.tsx';
import { AlertList } from './alert-list.tsx';
import { doubtsOf } from './alert-words.ts';
import type { AlertsReply } from './replies.ts';

export function AlertsPage({ city }: { readonly city: City }) {
  const asked = useAsked<AlertsReply>('/api/alerts?history=100', { everyMs: 15_000 });
  const { reply } = asked;
  return (
    <>
      <div class="page-head">
        <h1>Alerts</h1>
        <p class="note">{reply === undefined ? 'Reading the alerts…' : whenOf(reply, city.now())}</p>
      </div>
      <Fault words={asked.fault} onAgain={asked.again} />
      {reply === undefined || reply.fault === '' ? null : <Fault words={`This may be old: ${reply.fault}.`} />}
      <section class={`card${city.isStale ? ' stale' : ''}`} aria-labelledby="open-title">
        <div class="card-head">
          <h2 id="open-title">Open</h2>
        </div>
        {reply === undefined ? <SkeletonRows count={5} /> : <Open reply={reply} city={city} />}
      </section>
      <section class="card" aria-labelledby="over-title">
        <div class="card-head">
          <h2 id="over-title">Over</h2>
        </div>
        {reply === undefined ? (
          <SkeletonRows count={4} />
        ) : reply.history.length === 0 ? (
          <p class="empty">Nothing has ended yet. What fires and ends is listed here.</p>
        ) : (
          <AlertHistory alerts={reply.history} city={city} />
        )}
      </section>
    </>
  );
}

function Open({ reply, city }: { readonly reply: AlertsReply; readonly city: City }) {
  const firing = reply.open.filter(({ state }) => state === 'firing');
  const pending = reply.open.length - firing.length;
  const doubts = doubtsOf(reply.cannot_be_judged);
  const { webhook } = reply;
  return (
    <>
      {firing.length > 0 ? (
        <AlertList alerts={firing} now={city.now()} siteName={(id) => city.siteName(id)} />
      ) : (
        <p class="empty">
          {reply.evaluated_ms === null
            ? 'The rules are evaluated for the first time within a minute.'
            : doubts.length > 0
              ? 'No alert is open, as far as that can be judged.'
              : pending > 0
                ? 'No alert is open yet.'
                : 'No alert is open: by every rule the city is well.'}
        </p>
      )}
      {pending === 0 ? null : (
        <p class="hint">
          {plural(pending, 'more alert')} may open within minutes: {pending === 1 ? 'it has' : 'they have'} not lasted
          long enough yet.
        </p>
      )}
      {doubts.map(([why, rules]) => (
        <p key={why} class="hint alert-doubt">
          Cannot be judged now, {why}: {rules}.
        </p>
      ))}
      {webhook.fault === '' ? null : (
        <p class="hint alert-doubt">
          {plural(webhook.waiting, 'message')} to the webhook {webhook.waiting === 1 ? 'waits' : 'wait'}:{' '}
          {webhook.fault}.
        </p>
      )}
      {webhook.dropped === 0 ? null : (
        <p class="hint alert-doubt">{formatNumber(webhook.dropped)} messages to the webhook were dropped.</p>
      )}
    </>
  );
}

function whenOf({ evaluated_ms: evaluated, by_severity: counts }: AlertsReply, now: number): string {
  const words = (['critical', 'warning', 'info'] as const)
    .map((severity) => [counts[severity] ?? 0, severity] as const)
    .filter(([count]) => count > 0)
    .map(([count, severity]) =>
      severity === 'warning'
        ? plural(count, 'warning')
        : `${formatNumber(count)} ${severity === 'info' ? 'to note' : severity}`,
    );
  const when = evaluated === null ? 'not judged yet' : `judged ${formatAge(Math.max(0, now - evaluated) / 1_000)} ago`;
  return [...words, when].join(' · ');
}
