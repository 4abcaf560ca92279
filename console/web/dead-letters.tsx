/** Readings that were refused for good: by reason, each with what is wrong; sent again or dropped by the operator. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { DeadLetterReply, DeadLettersReply, ReplayReply } from '../api/replies.ts';
import { ApiError, getJson, postJson } from './api-client.ts';
import type { City } from './city.ts';
import { Dialog } from './dialog.tsx';
import { formatFull, formatNumber, formatTime, plural } from './formatters.ts';
import { SignIn } from './sign-in.tsx';

const PAGE = 20;

/** What the operator is about to do. */
interface Deed {
  readonly kind: 'replay' | 'drop';
  readonly filter: { readonly reason: string } | { readonly ids: readonly string[] };
  readonly words: string;
}

export function DeadLetters({ city }: { readonly city: City }) {
  const [reason, setReason] = useState('');
  const [reply, setReply] = useState<DeadLettersReply>();
  const [fault, setFault] = useState('');
  const [outcome, setOutcome] = useState('');
  const [asking, setAsking] = useState<{ deed: Deed; step: 'confirm' | 'sign-in' }>();
  const kept = city.status?.dead_letters;
  /** Counts the questions: an answer that comes after a newer question is not shown. */
  const newest = useRef(0);

  const fetchPage = useCallback(
    async (after?: string) => {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (reason !== '') query.set('reason', reason);
      if (after !== undefined) query.set('after', after);
      const turn = ++newest.current;
      try {
        const page = await getJson<DeadLettersReply>(`/api/dead-letters?${query}`);
        if (turn !== newest.current) return;
        setReply((before) =>
          after === undefined || before === undefined
            ? page
            : { ...page, letters: [...before.letters, ...page.letters] },
        );
        setFault('');
      } catch (error) {
        setFault(error instanceof Error ? error.message : 'The refused readings could not be read.');
      }
    },
    [reason],
  );
  const isConnected = kept !== undefined;
  useEffect(() => {
    if (isConnected) void fetchPage();
  }, [isConnected, fetchPage]);
  useEffect(() => {
    // A burst of refusals changes the number each second; a person reads slower.
    const wait = window.setTimeout(() => void fetchPage(), 2_000);
    return () => window.clearTimeout(wait);
  }, [kept, fetchPage]);

  const run = async (deed: Deed) => {
    setAsking(undefined);
    try {
      if (deed.kind === 'replay') {
        const { stored, rejected } = await postJson<ReplayReply>('/api/dead-letters/replay', deed.filter);
        const again = Object.values(rejected).reduce((sum, count) => sum + count, 0);
        setOutcome(`${plural(stored, 'reading')} stored${again > 0 ? `, ${formatNumber(again)} refused again` : ''}.`);
      } else {
        const { dropped } = await postJson<{ dropped: number }>('/api/dead-letters/drop', deed.filter);
        setOutcome(`${plural(dropped, 'refused reading')} dropped.`);
      }
      setFault('');
      await fetchPage();
    } catch (error) {
      if (error instanceof ApiError && error.code === 'not-signed-in') setAsking({ deed, step: 'sign-in' });
      else setFault(error instanceof Error ? error.message : 'That did not work.');
    }
  };
  const ask = (deed: Deed) => (deed.kind === 'drop' ? setAsking({ deed, step: 'confirm' }) : void run(deed));

  const counts = Object.entries(reply?.counts ?? {}).sort(([, one], [, other]) => other - one);
  return (
    <section class="card" aria-labelledby="dead-title">
      <div class="card-head">
        <h2 id="dead-title">Refused readings</h2>
        <p class="count" role="status">
          {outcome}
        </p>
      </div>
      {fault === '' ? null : (
        <p class="inline-fault" role="alert">
          {fault}
        </p>
      )}
      {reply === undefined ? (
        <p class="empty loading-words">Asking for what was refused…</p>
      ) : counts.length === 0 ? (
        <p class="empty">Nothing was refused. A reading that fails a check is kept here with its reason.</p>
      ) : (
        <>
          <fieldset class="reasons">
            <legend class="visually-hidden">Reason</legend>
            {[['', counts.reduce((sum, [, count]) => sum + count, 0)] as const, ...counts].map(([one, count]) => (
              <label key={one} class={one === reason ? 'reason chosen' : 'reason'}>
                <input
                  type="radio"
                  name="reason"
                  class="visually-hidden"
                  checked={one === reason}
                  onChange={() => setReason(one)}
                />
                {one === '' ? 'all' : one} <strong>{formatNumber(count)}</strong>
              </label>
            ))}
          </fieldset>
          {reason === '' ? null : (
            <ForReason
              reason={reason}
              mend={reply.letters.find((letter) => letter.reason === reason)?.mend ?? ''}
              ask={ask}
            />
          )}
          <ul class="letters">
            {reply.letters.map((letter) => (
              <Letter key={letter.id} letter={letter} now={city.now()} ask={ask} />
            ))}
          </ul>
          {reply.next === null ? null : (
            <div class="more">
              <button type="button" onClick={() => void fetchPage(reply.next ?? undefined)}>
                Show more
              </button>
            </div>
          )}
        </>
      )}
      {asking?.step === 'confirm' ? (
        <Dialog title="Drop for good?" onClose={() => setAsking(undefined)}>
          <p>{asking.deed.words} They cannot be brought back.</p>
          <div class="buttons">
            <button type="button" onClick={() => setAsking(undefined)}>
              Keep
            </button>
            <button type="button" class="danger" onClick={() => void run(asking.deed)}>
              Drop
            </button>
          </div>
        </Dialog>
      ) : null}
      {asking?.step === 'sign-in' ? (
        <Dialog title="Sign in to change this" onClose={() => setAsking(undefined)}>
          <SignIn onCancel={() => setAsking(undefined)} onDone={() => void run(asking.deed)} />
        </Dialog>
      ) : null}
    </section>
  );
}

function ForReason(props: { readonly reason: string; readonly mend: string; readonly ask: (deed: Deed) => void }) {
  const filter = { reason: props.reason };
  return (
    <div class="for-reason">
      <p>{props.mend}</p>
      <div class="buttons">
        <button
          type="button"
          onClick={() => props.ask({ kind: 'replay', filter, words: `All readings refused as ${props.reason}.` })}
        >
          Send all again
        </button>
        <button
          type="button"
          class="danger"
          onClick={() => props.ask({ kind: 'drop', filter, words: `All readings refused as ${props.reason}.` })}
        >
          Drop all
        </button>
      </div>
    </div>
  );
}

function Letter(props: { readonly letter: DeadLetterReply; readonly now: number; readonly ask: (deed: Deed) => void }) {
  const { letter } = props;
  const filter = { ids: [letter.id] };
  return (
    <li>
      <details>
        <summary>
          <span class="badge warn">{letter.reason}</span>
          <span class="letter-gateway">{letter.gateway}</span>
          <span class="letter-detail">{letter.detail}</span>
          <time dateTime={letter.at} title={formatFull(letter.at_ms)}>
            {formatTime(letter.at_ms, props.now)}
          </time>
        </summary>
        <p>{letter.mend}</p>
        <pre>{pretty(letter.content)}</pre>
        <p class="hint">
          Batch {letter.seq} of start {letter.epoch}
          {letter.index < 0 ? ', the whole batch' : `, reading ${letter.index}`}
        </p>
        <div class="buttons">
          <button type="button" onClick={() => props.ask({ kind: 'replay', filter, words: 'This reading.' })}>
            Send again
          </button>
          <button
            type="button"
            class="danger"
            onClick={() => props.ask({ kind: 'drop', filter, words: `The refused reading ${letter.id}.` })}
          >
            Drop
          </button>
        </div>
      </details>
    </li>
  );
}

/** Indented when it is JSON, as it came otherwise. */
function pretty(content: string): string {
  try {
    return JSON.stringify(JSON.parse(content), undefined, 2);
  } catch {
    return content;
  }
}
