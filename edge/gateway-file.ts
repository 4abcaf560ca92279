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
  /** Certificate authority of the broker, PEM, when it is not one of the public web. */
  readonly ca?: string | undefined;
  /** The broker asks for the gateway's own certificate. */
  readonly needsCertificate?: boolean;
}

export function gatewayFile(gateway: NewGateway): string {
  const { id, site, zone, url, token, topicPrefix } = gateway;
  return `# Gateway ${id} at site ${site}. Start it with: lamplighter edge --config gateway.yaml
# The token is this gateway's only secret and is not shown again: keep this file readable by its user alone (chmod 600).
gateway: ${id}
broker:
  url: ${url}
  token: ${token}
${authority(gateway)}${ownCertificate(gateway)}${topicPrefix === DEFAULT_TOPIC_PREFIX ? '' : `topic_prefix: ${topicPrefix}\n`}zone: ${zone}
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

function authority({ ca }: NewGateway): string {
  if (ca === undefined) return '';
  const lines = ca.trim().split(/\r?\n/);
  return `  # The city's certificate authority, by which the broker is known; no secret.\n  ca: |\n${lines.map((line) => `    ${line}\n`).join('')}`;
}

function ownCertificate({ id, needsCertificate }: NewGateway): string {
  if (needsCertificate !== true) return '';
  return `  # The broker asks for the gateway's own certificate, made at the broker: lamplighter tls client --gateway ${id}
  cert_file: ${id}.pem
  key_file: ${id}-key.pem
`;
}
