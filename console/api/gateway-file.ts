/** The configuration file that puts a new gateway into service. The edge knows its form; whoever composes hands it in. */

export interface NewGateway {
  readonly id: string;
  readonly site: string;
  /** MQTT address of the city's broker. */
  readonly url: string;
  readonly token: string;
}

/** Text of the file, complete: nothing in it is left to fill in but the sources. */
export type GatewayFile = (gateway: NewGateway) => string;
