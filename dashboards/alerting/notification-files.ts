/** Who is told in Grafana, how often, and when not. */

const RECEIVER = 'Lamplighter webhook';
const NIGHTS = 'Lamplighter nights';

/** The address comes from the environment of Grafana, which does not start without one (docs/alerts.md). */
export function contactPointsFile(): object {
  return {
    apiVersion: 1,
    contactPoints: [
      {
        orgId: 1,
        name: RECEIVER,
        receivers: [
          {
            uid: 'lamplighter-webhook',
            type: 'webhook',
            // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana reads it from its environment.
            settings: { url: '${ALERT_WEBHOOK_URL}', httpMethod: 'POST' },
            disableResolveMessage: false,
          },
        ],
      },
    ],
  };
}

/** Replaces the whole tree of policies of the organisation. */
export function policiesFile(): object {
  return {
    apiVersion: 1,
    policies: [
      {
        orgId: 1,
        receiver: RECEIVER,
        // One message for what happens at one place.
        group_by: ['alertname', 'site'],
        group_wait: '30s',
        group_interval: '5m',
        repeat_interval: '12h',
        routes: [
          {
            receiver: RECEIVER,
            object_matchers: [['severity', '=', 'info']],
            // Notes can wait for the morning.
            mute_time_intervals: [NIGHTS],
            repeat_interval: '3d',
          },
        ],
      },
    ],
  };
}

/** `zone`: IANA zone of the city. A range of times does not reach over midnight, so there are two. */
export function muteTimingsFile(zone: string): object {
  return {
    apiVersion: 1,
    muteTimes: [
      {
        orgId: 1,
        name: NIGHTS,
        time_intervals: [
          {
            times: [
              { start_time: '00:00', end_time: '07:00' },
              { start_time: '20:00', end_time: '24:00' },
            ],
            location: zone,
          },
        ],
      },
    ],
  };
}
