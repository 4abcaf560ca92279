/** Sessions of signed-in people: random ids in memory, gone with the process, forgotten after twelve hours. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';

export const SESSION_COOKIE = 'lamplighter_session';
export const SESSION_S = 12 * 3_600;
const MOST_SESSIONS = 1_000;

export class Sessions {
  readonly #clock: Clock;
  readonly #endsAtById = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Opens a session and returns its id. When there are too many, the oldest ends. */
  open(): string {
    const now = this.#clock.monotonicMs();
    for (const [id, endsAt] of this.#endsAtById) if (endsAt <= now) this.#endsAtById.delete(id);
    const [oldest] = this.#endsAtById.keys();
    if (this.#endsAtById.size >= MOST_SESSIONS && oldest !== undefined) this.#endsAtById.delete(oldest);
    const id = randomBytes(32).toString('base64url');
    this.#endsAtById.set(id, now + SESSION_S * 1_000);
    return id;
  }

  has(id: string): boolean {
    const endsAt = this.#endsAtById.get(id);
    return endsAt !== undefined && endsAt > this.#clock.monotonicMs();
  }

  close(id: string): void {
    this.#endsAtById.delete(id);
  }
}

export function readSessionCookie(header: string | undefined): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2);
    if (name === SESSION_COOKIE && value !== undefined && /^[\w-]{43}$/.test(value)) return value;
  }
  return undefined;
}

/** `Set-Cookie` for a session, or the one that ends it when `id` is empty. */
export function sessionCookie(id: string): string {
  const age = id === '' ? 0 : SESSION_S;
  return `${SESSION_COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${age}`;
}
