/** Alerts as pages and commands see them. The keeper tells them in its own process, and to the console's when apart. */
import type { OpenAlert, ResolvedAlert } from './alert-record.ts';
import type { Unjudged } from './judge.ts';

export interface WebhookState {
  readonly isSet: boolean;
  /** Messages that are still to be told. */
  readonly waiting: number;
  /** Dropped since the start, because too many waited, or because the receiver refused them for good. */
  readonly dropped: number;
  /** Why the last attempt failed, in words; empty when it did not. */
  readonly fault: string;
}

export interface AlertsState {
  /** When the rules were last evaluated, epoch milliseconds; undefined before the first time. */
  readonly evaluatedAt: number | undefined;
  /** In no order. */
  readonly open: readonly OpenAlert[];
  /** Newest first. */
  readonly history: readonly ResolvedAlert[];
  readonly unjudged: readonly Unjudged[];
  readonly webhook: WebhookState;
  /** Why what is told may be old, in words; empty when all is well. */
  readonly fault: string;
}

export interface AlertsView {
  alerts(): AlertsState;
}

export const NO_WEBHOOK: WebhookState = { isSet: false, waiting: 0, dropped: 0, fault: '' };
export const NOTHING_YET: AlertsState = {
  evaluatedAt: undefined,
  open: [],
  history: [],
  unjudged: [],
  webhook: NO_WEBHOOK,
  fault: '',
};
