/**
 * Why an MQTT connection failed, in words for the person who has to mend it. Node and MQTT.js give codes; what helps is
 * what to check. TLS has words of its own in tls-words.ts.
 */

type ErrorLike = Error & { readonly code?: string | number };

/** By the code of the operating system (errno(3)) or resolver. */
const NETWORK: Readonly<Record<string, (host: string) => string>> = {
  ECONNREFUSED: (host) => `nothing listens at ${host}. Check the address and the port, and that the broker is running.`,
  ENOTFOUND: (host) => `there is no host of the name in ${host}. Check its spelling, and this machine's DNS.`,
  EAI_AGAIN: (host) => `the name in ${host} cannot be looked up now. Check this machine's network and DNS.`,
  EHOSTUNREACH: (host) => `${host} cannot be reached. Check the address and the network.`,
  ENETUNREACH: (host) => `${host} cannot be reached. Check this machine's network.`,
  ETIMEDOUT: (host) => `${host} does not answer. Check the address, the network and any firewall between.`,
};

/** By the return code of CONNACK [MQTT 3.1.1, table 3.1]. */
const CONNACK: Readonly<Record<number, (host: string) => string>> = {
  1: (host) => `${host} does not speak MQTT 3.1.1.`,
  2: (host) => `${host} refuses the client id. It must be the user name.`,
  3: (host) => `${host} takes no connections now. It is tried again.`,
  4: (host) => `${host} refuses the user name or its password (token). Check both; a newer token ends the one before.`,
  5: (host) => `${host} does not let this user in. Check user name and token; the user may have been retired.`,
};

/** What mqtt-packet says of bytes that are no MQTT. */
const NOT_MQTT = /^(Invalid|Not supported|Cannot parse|Malformed|Packet )/;

/** Undefined when there is nothing better to say than the error itself. */
export function connectionWords(error: Error, url: string): string | undefined {
  const { code = '', message } = error as ErrorLike;
  const host = addressOf(url);
  if (typeof code === 'number') return CONNACK[code]?.(host);
  if (message === 'connack timeout') return NETWORK.ETIMEDOUT?.(host);
  if (code === '' && NOT_MQTT.test(message)) return `${host} does not speak MQTT. Check the port.`;
  return NETWORK[code]?.(host);
}

function addressOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}
