/** The configuration file that puts a new gateway into service: everything it needs, nothing to fill in. */

export interface NewGateway {
  readonly id: string;
  readonly site: string;
  /** MQTT address of the city's broker. */
  readonly url: string;
  readonly token: string;
}

export type GatewayFile = (gateway: NewGateway) => string;

export const gatewayFile: GatewayFile = (gateway) => `# Gateway ${gateway.id} at site ${gateway.site}.
# The token is this gateway's only secret and is not shown again: keep this file readable by its user alone (chmod 600).
gateway: ${gateway.id}
broker:
  url: ${gateway.url}
  token: ${gateway.token}
`;
