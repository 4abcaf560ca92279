/** Asks the server. An error arrives as words that a person can act on. */
import type { ErrorReply } from '../api/replies.ts';

export class ApiError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export function getJson<Reply>(path: string, signal?: AbortSignal): Promise<Reply> {
  return ask<Reply>(path, signal === undefined ? {} : { signal });
}

export function postJson<Reply>(path: string, body: unknown): Promise<Reply> {
  return ask<Reply>(path, {
    method: 'POST',
    // The second header proves to the server that this page sends it, not a foreign one.
    headers: { 'content-type': 'application/json', 'x-lamplighter-write': '1' },
    body: JSON.stringify(body),
  });
}

async function ask<Reply>(path: string, init: RequestInit): Promise<Reply> {
  let reply: Response;
  try {
    reply = await fetch(path, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError('unreachable', 'The server does not answer. It may be restarting; this page keeps trying.');
  }
  const body: unknown = await reply.json().catch(() => undefined);
  if (reply.ok) return body as Reply;
  const error = (body as Partial<ErrorReply> | undefined)?.error;
  throw new ApiError(error?.code ?? 'internal', error?.message ?? `The server answered ${reply.status}.`);
}
