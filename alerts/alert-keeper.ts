/**
 * Evaluates the table of alerts every minute and keeps their lives: opened, still so, over. What it knows survives a
 * restart, so that nothing fires twice; what it cannot judge neither opens nor ends.
 */
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Random } from '../runtime/random.ts';
import type { Service } from '../runtime/service.ts';
import { unlessStopped } from '../runtime/until-stopped.ts';
import type { AlertFile, AlertMessage } from './alert-file.ts';
import type { AlertInputs } from './alert-inputs.ts';
import { liveOn } from './alert-life.ts';
import type { OpenAlert, ResolvedAlert } from './alert-record.ts';
import type { AlertRule } from './alert-rule.ts';
import { type AlertsState, type AlertsView, NO_WEBHOOK } from './alerts-view.ts';
import { judge, type Unjudged } from './judge.ts';
import type { WebhookPost } from './webhook-post.ts';
import { WebhookSender } from './webhook-sender.ts';

export interface AlertKeeperDeps {
  readonly rules: readonly AlertRule[];
  readonly reader: {
    /** Never throws: what cannot be read is in `unknown`. */
    read(): Promise<AlertInputs>;
    stop(): Promise<void>;
  };
  readonly file: AlertFile;
  /** Absent: nobody is told. */
  readonly post?: WebhookPost | undefined;
  /** Called after each turn; what it throws is logged. A stop does not wait for it. */
  readonly onTurn?: ((state: AlertsState, over: readonly ResolvedAlert[]) => Promise<void>) | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export const EVALUATE_EVERY_MS = 60_000;
/** An evaluation that comes later than this has looked at no more than this much of the time between. */
const MOST_ELAPSED_MS = 2 * EVALUATE_EVERY_MS;
const FIRST_AFTER_MS = 5_000;
export const MOST_OPEN = 5_000;
export const MOST_HISTORY = 500;

export class AlertKeeper implements AlertsView, Service {
  readonly name = 'alerts';
  readonly #deps: AlertKeeperDeps;
  readonly #sender: WebhookSender | undefined;
  #open: ReadonlyMap<string, OpenAlert> = new Map();
  #history: readonly ResolvedAlert[] = [];
  #unjudged: readonly Unjudged[] = [];
  #evaluatedAt: number | undefined;
  #lastTurnMs: number | undefined;
  #fault = '';
  #number = 0;
  #timers: readonly Timer[] = [];
  #turn: Promise<void> | undefined;
  #stopped = new AbortController();

  constructor(deps: AlertKeeperDeps) {
    const { post, rules } = deps;
    this.#deps = deps;
    this.#sender =
      post === undefined
        ? undefined
        : new WebhookSender({ ...deps, post, rules: new Map(rules.map((rule) => [rule.id, rule])) });
  }

  async start(): Promise<void> {
    const { file, clock, log } = this.#deps;
    this.#stopped = new AbortController();
    const kept = file.open();
    if (kept.strange.length > 0) log.error({ entries: kept.strange }, 'entries of the file of alerts cannot be read');
    this.#open = new Map(kept.open.map((alert) => [alert.id, alert]));
    this.#history = kept.history;
    const numbers = [...kept.history, ...kept.messages].map(({ number }) => number);
    this.#number = numbers.reduce((most, number) => Math.max(most, number), 0);
    this.#lastTurnMs = undefined;
    if (this.#sender !== undefined) this.#sender.start(kept.messages);
    else if (kept.messages.length > 0) await this.#forget(kept.messages);
    const turn = () => void this.evaluate();
    this.#timers = [clock.after(FIRST_AFTER_MS, turn), clock.every(EVALUATE_EVERY_MS, turn)];
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    this.#stopped.abort();
    await this.#turn;
    await this.#deps.reader.stop();
    await this.#sender?.stop();
    await this.#deps.file.close();
  }

  alerts(): AlertsState {
    return {
      evaluatedAt: this.#evaluatedAt,
      open: [...this.#open.values()],
      history: this.#history.toReversed(),
      unjudged: this.#unjudged,
      webhook: this.#sender?.state ?? NO_WEBHOOK,
      fault: this.#fault,
    };
  }

  /** Resolves when the turn is durable, or has failed and said so; a turn that is under way is joined. */
  evaluate(): Promise<void> {
    this.#turn ??= this.#evaluate()
      .catch((error: unknown) => {
        const words = error instanceof Error ? error.message : String(error);
        if (this.#fault !== words) this.#deps.log.error({ error }, `alerts were not evaluated: ${words}`);
        this.#fault = words;
      })
      .finally(() => {
        this.#turn = undefined;
      });
    return this.#turn;
  }

  async #evaluate(): Promise<void> {
    const { rules, reader, clock, log } = this.#deps;
    const inputs = await reader.read();
    const atMs = clock.monotonicMs();
    const { judged, unjudged } = judge(rules, inputs);
    const elapsedMs = this.#lastTurnMs === undefined ? 0 : Math.min(atMs - this.#lastTurnMs, MOST_ELAPSED_MS);
    const turn = liveOn(this.#open, judged, { now: inputs.now, elapsedMs, mostOpen: MOST_OPEN });

    const over = turn.resolved.map((alert) => ({ ...alert, number: ++this.#number }));
    const history = [...this.#history, ...over];
    const forgotten = history.slice(0, Math.max(0, history.length - MOST_HISTORY));
    const messages = this.#messagesOf(turn.changes);
    const crowdedOut = this.#sender?.crowdedOut(messages.length) ?? [];
    await this.#deps.file.write({
      open: [...turn.open.values()].filter((alert) => isChanged(alert, this.#open.get(alert.id))),
      closed: [...this.#open.keys()].filter((id) => !turn.open.has(id)),
      history: over.filter(({ number }) => !forgotten.some((one) => one.number === number)),
      forgotten: forgotten.map(({ number }) => number),
      messages,
      toldOrDropped: crowdedOut,
    });

    // Only what is durable is true: a turn that could not be written is made again.
    this.#open = turn.open;
    this.#history = history.slice(forgotten.length);
    this.#unjudged = unjudged;
    this.#evaluatedAt = inputs.now;
    this.#lastTurnMs = atMs;
    this.#fault = turn.leftOut === 0 ? '' : `${turn.leftOut} more are wrong than the ${MOST_OPEN} that are kept`;
    this.#sender?.take(messages, crowdedOut);
    for (const { status, alert } of turn.changes)
      log.info({ alert: alert.id, severity: alert.severity }, `alert ${status}`);
    const { onTurn } = this.#deps;
    if (onTurn === undefined) return;
    const { signal } = this.#stopped;
    try {
      await unlessStopped(onTurn(this.alerts(), over), signal);
    } catch (error) {
      if (!signal.aborted) log.warn({ error }, 'what the evaluation of alerts says could not be passed on');
    }
  }

  #messagesOf(changes: ReturnType<typeof liveOn>['changes']): AlertMessage[] {
    if (this.#sender === undefined) return [];
    return changes.map(({ status, alert }) => ({ number: ++this.#number, status, alert }));
  }

  /** Nobody is to be told any more. */
  async #forget(messages: readonly AlertMessage[]): Promise<void> {
    const toldOrDropped = messages.map(({ number }) => number);
    this.#deps.log.warn({ messages: messages.length }, 'messages of alerts are dropped, there is no webhook any more');
    await this.#deps.file.write({ open: [], closed: [], history: [], forgotten: [], messages: [], toldOrDropped });
  }
}

function isChanged(alert: OpenAlert, before: OpenAlert | undefined): boolean {
  return alert !== before && JSON.stringify(alert) !== JSON.stringify(before);
}
