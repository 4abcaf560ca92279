/**
 * What the evaluation of alerts says, as points for boards and for Grafana's rules, after each turn.
 * Of each alert that is firing 1, and 0 once when it is over.
 */

/** Tags: rule, site, gateway, device (as far as the alert has them). */
export const ALERTS = 'lamplighter_alerts';
export const ALERT_FIELDS = ['firing', 'severity'] as const;

/** Of the evaluation itself: that it goes on. Tag: process. */
export const ALERTING = 'lamplighter_alerting';
export const ALERTING_FIELDS = ['rules', 'cannot_be_judged', 'firing', 'pending'] as const;
