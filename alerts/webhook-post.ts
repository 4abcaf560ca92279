/** One POST to a webhook. Its address may hold a secret, so no word of it but scheme and host is ever told. */
import type { WebhookBody } from './webhook-body.ts';

const ANSWER_WITHIN_MS = 10_000;
/** The receiver understood the message and does not want it: the same again will not help. */
const REFUSED = new Set([400, 413, 415, 422]);

export type PostResult =
  | { readonly outcome: 'taken' }
  /** `isFinal`: the message is refused, not the sender. */
  | { readonly outcome: 'failed'; readonly words: string; readonly isFinal: boolean };

export type WebhookPost = (body: WebhookBody, stopped?: AbortSignal) => Promise<PostResult>;

/** Scheme, host and port: what may be logged. */
export function placeOfWebhook(address: string): string {
  return new URL(address).origin;
}

/** `https://name:password@host/…` becomes basic authentication, which fetch does not do by itself. */
export function webhookPost(address: string): WebhookPost {
  const url = new URL(address);
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const origin = url.origin;
  const headers: Record<string, string> = { 'content-type': 'application/json', 'user-agent': 'lamplighter' };
  if (username !== '' || password !== '') {
    const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  return async (body, stopped) => {
    const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const signal = stopped === undefined ? late : AbortSignal.any([late, stopped]);
    try {
      // A redirect would turn the POST into a GET, or take the message elsewhere.
      const reply = await fetch(url, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
        signal,
        redirect: 'manual',
      });
      await reply.arrayBuffer().catch(() => undefined);
      if (reply.ok) return { outcome: 'taken' };
      const words =
        reply.status >= 300 && reply.status < 400
          ? `${origin} redirects (${reply.status}); set the address that it redirects to`
          : `${origin} answered ${reply.status}`;
      return { outcome: 'failed', words, isFinal: REFUSED.has(reply.status) };
    } catch (error) {
      return { outcome: 'failed', words: `${origin} does not answer: ${wordsOf(error)}`, isFinal: false };
    }
  };
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  const { cause } = error;
  // https://fetch.spec.whatwg.org/#port-blocking
  if (cause instanceof Error && cause.message === 'bad port') return 'nobody may speak HTTP to that port';
  if (cause instanceof Error) return (cause as NodeJS.ErrnoException).code ?? cause.name;
  return error.name === 'TimeoutError' ? `no answer in ${ANSWER_WITHIN_MS / 1_000} s` : error.name;
}
