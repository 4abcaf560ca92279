/** The answers about alerts, under the names that the page uses. */
export type {
  AlertsReply,
  OpenAlertReply as OpenAlert,
  ResolvedAlertReply as ResolvedAlert,
} from '../../api/replies-alerts.ts';
