/** The configuration file that puts a new gateway into service; gateway-config.ts reads it. */
import { DEFAULT_TOPIC_PREFIX } from '../contract/topics.ts';

export interface NewGateway {
  readonly id: string;
  readonly site: string;
  /** IANA zone of the site. */
  readonly zone: string;
  /** MQTT address of the city's broker. */
  readonly url: string;
  readonly token: string;
  readonly topicPrefix: string;
}

export function gatewayFile({ id, site, zone, url, token, topicPrefix }: NewGateway): string {
  return `# Gateway ${id} at site ${site}. Start it with: lamplighter edge --config gateway.yaml
# The token is this gateway's only secret and is not shown again: keep this file readable by its user alone (chmod 600).
gateway: ${id}
broker:
  url: ${url}
  token: ${token}
${topicPrefix === DEFAULT_TOPIC_PREFIX ? '' : `topic_prefix: ${topicPrefix}\n`}zone: ${zone}
data: ${id}-data
outbox: { capacity_mib: 1024, drop_policy: oldest }

# Where readings come from. A broker on site with Tasmota meters, for example:
# sources:
#   - kind: mqtt
#     name: meters
#     url: mqtt://192.168.1.10:1883
#     subscriptions:
#       - { topic: tele/+/SENSOR, codec: tasmota, device: "{1}" }
sources: []
`;
}
