/**
 * Everything that the broker refuses, drops or closes is counted here by reason and logged, at most one line a reason
 * every ten seconds, so that a flood cannot fill a disk.
 */
import type { Registry } from 'prom-client';
import type { Clock } from '../runtime/clock.ts';
import { Tally } from '../runtime/counters.ts';
import type { Log } from '../runtime/log.ts';

/** Reason → what happened and what to do. */
export const REFUSALS = {
  'too-many-connections':
    'Connection closed: the broker holds as many as it may (12,000, or what the limit on open files allows: ulimit -n).',
  'too-many-from-address':
    'Connection closed: too many from one address. Raise maxConnectionsPerAddress if many gateways share it.',
  'connection-rate': 'Connection closed: too many in one second. The client comes back by itself.',
  'connect-timeout': 'Connection closed: no complete CONNECT packet arrived in time.',
  'not-tls': 'Connection closed: its first bytes are not TLS. Use mqtts:// or wss://, or the port without TLS.',
  'tls-version': 'TLS refused: the client speaks nothing newer than TLS 1.1. Update it: 1.2 is the least.',
  'tls-cipher': 'TLS refused: client and broker have no cipher in common. Update the client.',
  'tls-distrusted':
    'TLS refused by the client: it does not accept our certificate. Check its ca_file and the host name in its url.',
  'tls-expired': 'TLS refused by the client: our certificate has ended, or the clock of one side is wrong.',
  'tls-abandoned': 'The client left during the TLS handshake. Check its CA file and the host name it uses.',
  'tls-left':
    'The client left right after the TLS handshake, as one does that does not accept our certificate: check its CA file, the host name it uses and its clock.',
  'tls-failed': 'Connection closed: the TLS handshake failed.',
  'client-certificate-missing':
    'TLS refused: the client has no certificate. Make one: lamplighter tls client --gateway …',
  'client-certificate-invalid':
    'TLS refused: the client certificate has ended or is not from the client CA. Make a new one: lamplighter tls client.',
  'client-certificate-name':
    'Connection refused: the name (CN) of the client certificate is not the user name. Give the gateway its own.',
  'not-websocket': 'Connection closed: it is not a WebSocket for MQTT. Connect to /mqtt with the subprotocol mqtt.',
  'websocket-origin': 'Connection refused: a page of another host asked for it.',
  'websocket-text': 'Connection closed: MQTT over WebSocket takes binary frames only.',
  'websocket-flood': 'Connection closed: too many WebSocket pings.',
  'not-mqtt': 'Connection closed: its first bytes are not an MQTT CONNECT. Check port and protocol of the client.',
  malformed: 'Connection closed: the bytes are not valid MQTT 3.1.1.',
  'connect-too-large': 'Connection closed: the CONNECT packet announces more bytes than allowed.',
  'packet-too-large': 'Connection closed: a packet announces more bytes than allowed. Send smaller batches.',
  'protocol-version': 'Connection refused: the client does not speak MQTT 3.1 or 3.1.1. Set its protocol version to 4.',
  anonymous: 'Connection refused: no user name or no password. Use the credential id and its token.',
  'bad-credential': 'Connection refused: unknown credential or wrong token. Issue a new token and enrol again.',
  'unknown-gateway': 'Connection refused: the gateway of this credential is not in the register. Add it.',
  'retired-gateway':
    'Connection refused: the gateway is retired. Put it back into service with: lamplighter import gateways (retired: no).',
  'client-id': 'Connection refused: the client id is not this credential’s. A gateway’s client id is its own id.',
  'client-id-in-use': 'Connection refused: another user holds this client id. Choose another client id.',
  'foreign-will': 'Connection refused: the last will may only be the gateway’s own presence.',
  revoked: 'Connection closed: its credential was removed or changed, or its gateway retired.',
  'publish-outside': 'Message dropped: the topic is not part of the contract. Check prefix and gateway id.',
  'publish-foreign': 'Message dropped: the topic belongs to another gateway.',
  'publish-not-allowed': 'Message dropped: this credential may not publish on this channel.',
  'presence-too-large': 'Message dropped: a presence message is larger than allowed.',
  'retain-not-allowed': 'The retain flag was taken off: only presence and config are retained.',
  'retained-full': 'Message not retained: the broker keeps as many as it may. Raise maxRetained.',
  'subscribe-not-allowed': 'Subscription refused: this credential may not read this filter.',
  'too-many-subscriptions': 'Subscription refused: the connection has as many as it may.',
  abuse: 'Connection closed: it keeps publishing what it may not.',
  'slow-reader-dropped': 'Message dropped: the receiver does not read fast enough.',
  'slow-reader-closed': 'Connection closed: the receiver has stopped reading.',
  'handler-failed': 'A receiver inside this process threw on a message. This is a defect: report it.',
  'publish-failed':
    'A message from this process, or a retained one, could not be published. This is a defect: report it.',
} as const;

export type Refusal = keyof typeof REFUSALS;

/** Who was refused, for the log: never a secret. */
export interface About {
  readonly user?: string | undefined;
  readonly client?: string | undefined;
  readonly address?: string | undefined;
  readonly topic?: string | undefined;
  readonly detail?: string | undefined;
}

const LOG_EVERY_MS = 10_000;
/** Longest text of a stranger that goes into a log line. */
const MOST_CHARACTERS = 200;

export class Refusals {
  readonly #tally: Tally<'reason'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lastLine = new Map<Refusal, { at: number; unsaid: number }>();

  constructor(deps: { clock: Clock; log: Log; registry: Registry }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#tally = new Tally(
      {
        name: 'lamplighter_broker_refused_total',
        help: 'Connections, subscriptions and messages that the broker refused, dropped or closed, by reason.',
        labels: ['reason'],
      },
      deps.registry,
    );
  }

  count(reason: Refusal, about: About): void {
    this.#tally.add(1, reason);
    const now = this.#clock.monotonicMs();
    const last = this.#lastLine.get(reason);
    if (last !== undefined && now - last.at < LOG_EVERY_MS) {
      last.unsaid++;
      return;
    }
    this.#lastLine.set(reason, { at: now, unsaid: 0 });
    const unsaid = last?.unsaid ?? 0;
    this.#log.warn({ reason, ...shortened(about), ...(unsaid > 0 ? { unsaid } : {}) }, REFUSALS[reason]);
  }

  get(reason: Refusal): number {
    return this.#tally.get(reason);
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#tally.all().map(({ labels, value }) => [labels.reason, value]));
  }
}

function shortened(about: About): Record<string, string> {
  const said: Record<string, string> = {};
  for (const [name, text] of Object.entries(about)) if (text !== undefined) said[name] = text.slice(0, MOST_CHARACTERS);
  return said;
}
