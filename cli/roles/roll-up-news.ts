/**
 * How far roll-ups are, where the console runs in another process than the analysis: told every few seconds, so that
 * neither waits for the other, and no longer believed once nothing has been told for a minute.
 */
import type { RollUpView } from '../../console/api/console-deps.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Service } from '../../runtime/service.ts';
import { unlessStopped } from '../../runtime/until-stopped.ts';
import type { InternalClient } from './internal-client.ts';
import type { InternalServer } from './internal-server.ts';

const DOOR = 'roll-ups';
const TELL_EVERY_MS = 10_000;
const BELIEVED_FOR_MS = 60_000;

/** `unknown`: why it cannot be said. */
type News = { readonly view: RollUpView } | { readonly unknown: string };

export class RollUpNews implements Service {
  readonly name = 'news of roll-ups';
  readonly #deps: {
    readonly status: () => Promise<RollUpView>;
    readonly console: Pick<InternalClient, 'post'>;
    readonly clock: Clock;
    readonly log: Log;
  };
  #stopped = new AbortController();
  #timer: Timer | undefined;
  #telling: Promise<void> | undefined;
  #fault = '';

  constructor(deps: {
    status: () => Promise<RollUpView>;
    console: Pick<InternalClient, 'post'>;
    clock: Clock;
    log: Log;
  }) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#stopped = new AbortController();
    this.#timer = this.#deps.clock.every(TELL_EVERY_MS, () => this.#tick());
    this.#tick();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopped.abort();
    await this.#telling;
  }

  /** What takes longer than a tick is not overtaken by the next. */
  #tick(): void {
    const { signal } = this.#stopped;
    this.#telling ??= unlessStopped(this.#tell(signal), signal)
      .then(() => {
        this.#fault = '';
      })
      .catch((error: unknown) => {
        const words = error instanceof Error ? error.message : String(error);
        if (!signal.aborted && words !== this.#fault)
          this.#deps.log.warn({ error: words }, 'the console is not told how far roll-ups are');
        this.#fault = words;
      })
      .finally(() => {
        this.#telling = undefined;
      });
  }

  async #tell(signal: AbortSignal): Promise<void> {
    const { status, console } = this.#deps;
    const news = await status().then(
      (view): News => ({ view }),
      (error: unknown): News => ({ unknown: error instanceof Error ? error.message : String(error) }),
    );
    await console.post(DOOR, news, { signal });
  }
}

/** What the analysis said last. The answer throws where nobody knows. */
export function hearRollUps(door: Pick<InternalServer, 'on'>, clock: Clock): () => Promise<RollUpView> {
  let heard: { readonly news: News; readonly atMs: number } | undefined;
  door.on('POST', DOOR, ({ json }) => {
    heard = { news: json() as News, atMs: clock.monotonicMs() };
    return {};
  });
  return async () => {
    if (heard === undefined) throw silent('has not said yet how far they are; does it run, and reach this console?');
    const silentMs = clock.monotonicMs() - heard.atMs;
    if (silentMs > BELIEVED_FOR_MS)
      throw silent(`has said nothing for ${Math.round(silentMs / 1_000)} s; look whether it runs, and at its log.`);
    if ('unknown' in heard.news) throw new LamplighterError('not-ready', heard.news.unknown);
    return heard.news.view;
  };
}

function silent(words: string): LamplighterError {
  return new LamplighterError('not-ready', `the analysis, in its own process, ${words}`);
}
