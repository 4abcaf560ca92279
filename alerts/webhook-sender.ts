/**
 * Tells the webhook what waits in the file of alerts, in order, at least once: a message is taken out only after the
 * receiver has answered 2xx. It goes on after a restart where it stood.
 */
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import { fullJitterMs } from '../runtime/retry.ts';
import { type AlertFile, type AlertMessage, NO_CHANGE } from './alert-file.ts';
import type { AlertRule } from './alert-rule.ts';
import type { WebhookState } from './alerts-view.ts';
import { webhookBody } from './webhook-body.ts';
import type { WebhookPost } from './webhook-post.ts';

const BACK_OFF = { firstMs: 2_000, mostMs: 300_000 };
const ALERTS_A_MESSAGE = 50;
export const MOST_WAITING = 1_000;
/** A message that the receiver refuses is tried so often, then dropped: it would hold up all others for ever. */
const REFUSALS = 5;

export interface WebhookSenderDeps {
  readonly file: AlertFile;
  readonly post: WebhookPost;
  readonly rules: ReadonlyMap<string, AlertRule>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class WebhookSender {
  readonly #deps: WebhookSenderDeps;
  #waiting: AlertMessage[] = [];
  #dropped = 0;
  #fault = '';
  #failures = 0;
  #refusals = 0;
  #retry: Timer | undefined;
  #sending: Promise<void> | undefined;
  #stopped = new AbortController();

  constructor(deps: WebhookSenderDeps) {
    this.#deps = deps;
  }

  get state(): WebhookState {
    return { isSet: true, waiting: this.#waiting.length, dropped: this.#dropped, fault: this.#fault };
  }

  /** What was left by the process before. */
  start(messages: readonly AlertMessage[]): void {
    this.#stopped = new AbortController();
    this.#waiting = [...messages];
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#retry?.cancel();
    this.#retry = undefined;
    await this.#sending;
  }

  /** Numbers of waiting messages, the oldest, that must go to make room for so many more. */
  crowdedOut(more: number): readonly number[] {
    const over = Math.min(this.#waiting.length, Math.max(0, this.#waiting.length + more - MOST_WAITING));
    return this.#waiting.slice(0, over).map(({ number }) => number);
  }

  /** Takes what is durable by now. `crowdedOut` went for it. */
  take(messages: readonly AlertMessage[], crowdedOut: readonly number[]): void {
    if (crowdedOut.length > 0) {
      const gone = new Set(crowdedOut);
      this.#waiting = this.#waiting.filter(({ number }) => !gone.has(number));
      this.#drop(crowdedOut.length, 'too many waited');
    }
    this.#waiting.push(...messages);
    this.#wake();
  }

  #wake(): void {
    if (this.#stopped.signal.aborted || this.#sending !== undefined || this.#retry !== undefined) return;
    if (this.#waiting.length === 0) return;
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = undefined;
      if (this.#retry === undefined) this.#wake();
    });
  }

  async #sendAll(): Promise<void> {
    for (let group = this.#next(); group.length > 0; group = this.#next()) {
      if (!(await this.#send(group))) return;
    }
  }

  /** The first ones that have one status. */
  #next(): AlertMessage[] {
    const [first] = this.#waiting;
    if (first === undefined || this.#stopped.signal.aborted) return [];
    const other = this.#waiting.findIndex(({ status }) => status !== first.status);
    return this.#waiting.slice(0, Math.min(other === -1 ? this.#waiting.length : other, ALERTS_A_MESSAGE));
  }

  async #send(group: readonly AlertMessage[]): Promise<boolean> {
    const { post, rules, log } = this.#deps;
    const [first] = group;
    if (first === undefined) return true;
    const result = await post(webhookBody(group, first.status, rules), this.#stopped.signal);
    if (this.#stopped.signal.aborted && result.outcome !== 'taken') return false;
    if (result.outcome === 'taken') {
      if (this.#fault !== '') log.info('the webhook of alerts takes messages again');
      [this.#fault, this.#failures, this.#refusals] = ['', 0, 0];
      return await this.#takeOut(group);
    }
    if (result.words !== this.#fault) log.warn(`alerts wait, the webhook failed: ${result.words}`);
    this.#fault = result.words;
    if (result.isFinal && ++this.#refusals >= REFUSALS) {
      this.#refusals = 0;
      this.#drop(group.length, result.words);
      return await this.#takeOut(group);
    }
    this.#later();
    return false;
  }

  async #takeOut(group: readonly AlertMessage[]): Promise<boolean> {
    const numbers = new Set(group.map(({ number }) => number));
    try {
      await this.#deps.file.write({ ...NO_CHANGE, toldOrDropped: [...numbers] });
    } catch (error) {
      // Told, and told again: better than not at all.
      this.#fault = `what was told cannot be noted: ${error instanceof Error ? error.message : String(error)}`;
      this.#deps.log.error({ error }, this.#fault);
      this.#later();
      return false;
    }
    this.#waiting = this.#waiting.filter(({ number }) => !numbers.has(number));
    return true;
  }

  #later(): void {
    if (this.#stopped.signal.aborted) return;
    const { clock, random } = this.#deps;
    this.#retry = clock.after(fullJitterMs(BACK_OFF, this.#failures++, random), () => {
      this.#retry = undefined;
      this.#wake();
    });
  }

  #drop(count: number, why: string): void {
    this.#dropped += count;
    this.#deps.log.error({ count }, `messages of alerts were dropped, the webhook was not told: ${why}`);
  }
}
