/** Asks the API for something and keeps asking, faster while the stream brings news; keeps the last answer when it fails. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, getJson } from './api-client.ts';
import { useStream } from './stream-context.ts';

export interface Asked<Reply> {
  readonly reply: Reply | undefined;
  /** Why the last question failed, in words; empty otherwise. */
  readonly fault: string;
  /** True when there is no such thing, so that asking again does not help. */
  readonly isMissing: boolean;
  /** True while the first answer is awaited, or the first to another question. */
  readonly isLoading: boolean;
  again(): void;
}

export interface AskOptions {
  /** Asked again after this long, milliseconds. */
  readonly everyMs: number;
  /** Asked again already after this long when new values came meanwhile. */
  readonly newsMs?: number;
  /** Questions with the same key are about the same thing: the answer to one stays until the next one's is there. */
  readonly key?: string;
}

interface State<Reply> {
  readonly key: string | undefined;
  readonly reply: Reply | undefined;
  readonly fault: string;
  readonly isMissing: boolean;
}

/** `path` undefined asks nothing. */
export function useAsked<Reply>(path: string | undefined, options: AskOptions): Asked<Reply> {
  const city = useStream();
  const key = options.key ?? path;
  const [state, setState] = useState<State<Reply>>({ key, reply: undefined, fault: '', isMissing: false });
  const [turn, setTurn] = useState(0);
  const { everyMs, newsMs } = options;
  const hasNews = useRef(false);
  useEffect(() => {
    if (path === undefined) return;
    const aborter = new AbortController();
    let isAsking = false;
    let askedAt = Number.NEGATIVE_INFINITY;
    const ask = async () => {
      isAsking = true;
      askedAt = performance.now();
      hasNews.current = false;
      try {
        const reply = await getJson<Reply>(path, aborter.signal);
        if (!aborter.signal.aborted) setState({ key, reply, fault: '', isMissing: false });
      } catch (error) {
        if (aborter.signal.aborted) return;
        const fault = error instanceof Error ? error.message : 'The server gave no answer.';
        const isMissing = error instanceof ApiError && error.code === 'not-found';
        setState((before) => ({ key, reply: before.key === key ? before.reply : undefined, fault, isMissing }));
      } finally {
        isAsking = false;
      }
    };
    void ask();
    const forget = city.onValues(() => {
      hasNews.current = true;
    });
    const check = window.setInterval(() => {
      const waited = performance.now() - askedAt;
      if (isAsking || document.hidden) return;
      if (waited >= everyMs || (newsMs !== undefined && hasNews.current && waited >= newsMs)) void ask();
    }, 500);
    return () => {
      aborter.abort();
      window.clearInterval(check);
      forget();
    };
  }, [city, path, key, everyMs, newsMs, turn]);
  const isFresh = state.key === key;
  return {
    reply: isFresh ? state.reply : undefined,
    fault: isFresh ? state.fault : '',
    isMissing: isFresh && state.isMissing && state.reply === undefined,
    isLoading: path !== undefined && (!isFresh || (state.reply === undefined && state.fault === '')),
    again: () => setTurn((before) => before + 1),
  };
}
