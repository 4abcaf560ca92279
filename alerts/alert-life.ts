/**
 * One turn of the life of alerts: what is firing now against what was open before. Pure.
 *
 * Time is counted by what was looked at: the wall clock may jump and the server may stand still, and neither makes a
 * thing that was seen once last for an hour. What cannot be judged neither begins nor ends.
 */
import { SEVERITIES, type Severity } from '../energy/findings/finding.ts';
import type { AlertChange, OpenAlert, ResolvedAlert } from './alert-record.ts';
import { type AlertPlace, type AlertRule, alertId, type Firing } from './alert-rule.ts';

export interface Judgement {
  readonly rule: AlertRule;
  /** Everything that is wrong by this rule; undefined when the rule cannot be judged. */
  readonly firing: readonly Firing[] | undefined;
  /** Why nobody can say whether it is still so at a place; undefined when it is known not to be. */
  readonly unknown: (place: AlertPlace) => string | undefined;
}

export interface Turn {
  /** Epoch milliseconds. */
  readonly now: number;
  /** Since the turn before, milliseconds, as far as time was looked at. */
  readonly elapsedMs: number;
  /** More than this are not opened at a time. */
  readonly mostOpen: number;
}

export interface TurnResult {
  readonly open: ReadonlyMap<string, OpenAlert>;
  readonly changes: readonly AlertChange[];
  readonly resolved: readonly Omit<ResolvedAlert, 'number'>[];
  /** Those that found no room. */
  readonly leftOut: number;
}

export function liveOn(before: ReadonlyMap<string, OpenAlert>, judged: readonly Judgement[], turn: Turn): TurnResult {
  const open = new Map(before);
  const changes: AlertChange[] = [];
  const resolved: Omit<ResolvedAlert, 'number'>[] = [];
  let leftOut = 0;
  const firingNow = new Set<string>();
  const judgementOf = new Map(judged.map((judgement) => [judgement.rule.id, judgement]));

  for (const { rule, firing } of judged) {
    for (const one of firing ?? []) {
      const id = alertId(rule, one);
      if (firingNow.has(id)) continue;
      firingNow.add(id);
      const known = open.get(id);
      if (known === undefined && open.size >= turn.mostOpen) {
        leftOut++;
        continue;
      }
      const alert = grown(known, id, rule, one, turn);
      open.set(id, alert);
      if (alert.state === 'firing' && (known?.state !== 'firing' || isWorseThanEver(alert, known))) {
        changes.push({ status: 'firing', alert });
      }
    }
  }
  for (const [id, alert] of before) {
    if (firingNow.has(id)) continue;
    const judgement = judgementOf.get(alert.rule);
    const why = judgement === undefined ? undefined : judgement.unknown(alert);
    // Where only this place cannot be judged, what is pending would wait for ever: it begins anew when it is seen again.
    const isMoot = alert.state === 'pending' && judgement?.firing !== undefined;
    if (why !== undefined && !isMoot) {
      open.set(id, { ...alert, unjudged: why });
      continue;
    }
    const quietMs = alert.quietMs + turn.elapsedMs;
    if (alert.state === 'firing' && quietMs < (judgement?.rule.keepMs ?? 0)) {
      open.set(id, { ...alert, quietMs, unjudged: '' });
      continue;
    }
    open.delete(id);
    if (alert.state === 'pending') continue;
    const { state, heldMs, quietMs: _, unjudged, firingAt, worst, ...rest } = alert;
    const over = { ...rest, firingAt: firingAt ?? turn.now, resolvedAt: turn.now };
    resolved.push(over);
    changes.push({ status: 'resolved', alert: { ...over, number: 0 } });
  }
  return { open, changes, resolved, leftOut };
}

function grown(known: OpenAlert | undefined, id: string, rule: AlertRule, firing: Firing, turn: Turn): OpenAlert {
  const heldMs = known === undefined ? 0 : known.state === 'firing' ? known.heldMs : known.heldMs + turn.elapsedMs;
  const isFiring = known?.state === 'firing' || heldMs >= rule.forMs;
  return {
    id,
    rule: rule.id,
    severity: firing.severity,
    worst: known?.state === 'firing' ? worse(firing.severity, worstOf(known)) : firing.severity,
    site: firing.site ?? null,
    gateway: firing.gateway ?? null,
    device: firing.device ?? null,
    devices: [...(firing.devices ?? [])],
    title: firing.title,
    words: firing.words,
    whatToDo: firing.whatToDo ?? rule.whatToDo,
    figures: [...firing.figures],
    since: firing.since ?? known?.since ?? null,
    seenAt: known?.seenAt ?? turn.now,
    state: isFiring ? 'firing' : 'pending',
    firingAt: isFiring ? (known?.firingAt ?? turn.now) : null,
    heldMs,
    quietMs: 0,
    unjudged: '',
  };
}

/** What goes up and down around a limit is told once, not each time that it goes up. */
function isWorseThanEver(alert: OpenAlert, before: OpenAlert): boolean {
  return SEVERITIES.indexOf(alert.severity) > SEVERITIES.indexOf(worstOf(before));
}

function worstOf({ worst, severity }: OpenAlert): Severity {
  return worst ?? severity;
}

function worse(one: Severity, other: Severity): Severity {
  return SEVERITIES.indexOf(one) > SEVERITIES.indexOf(other) ? one : other;
}
