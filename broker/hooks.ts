/** Where Aedes asks, and the policies answer. Every hook answers at once. */
import type { AedesOptions, AuthenticateError, Client, ConnectPacket, PublishPacket } from 'aedes';
import type { Topics } from '../contract/topics.ts';
import type { RegisterView } from '../register/register-view.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Access } from './access.ts';
import type { ClientCertificate } from './arrival.ts';
import type { ConnectionGate } from './connection-gate.ts';
import { type ConnectRequest, identify } from './identity.ts';
import type { BrokerLimits } from './limits.ts';
import type { About, Refusal, Refusals } from './refusals.ts';
import type { Session, Sessions } from './sessions.ts';
import { TokenBucket } from './token-bucket.ts';
import type { Traffic } from './traffic.ts';

export interface HookDeps {
  readonly register: RegisterView;
  readonly topics: Topics;
  readonly limits: BrokerLimits;
  readonly access: Access;
  readonly sessions: Sessions;
  readonly refusals: Refusals;
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly gateOf: (client: Client) => ConnectionGate | undefined;
  readonly addressOf: (client: Client) => string;
  readonly certificateOf: (client: Client) => ClientCertificate | undefined;
  readonly certificateInsteadOfToken: boolean;
}

type Hooks = Required<
  Pick<AedesOptions, 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'>
>;

/** Nobody may subscribe to it. A dropped message goes there empty: an error would close the connection instead. */
const DROPPED_TOPIC = '$dropped';
const NOTHING = Buffer.alloc(0);

export function aedesHooks(deps: HookDeps): Hooks {
  const { access, sessions, refusals, limits } = deps;
  const connects = new WeakMap<Client, ConnectPacket>();
  const identityContext = {
    register: deps.register,
    topics: deps.topics,
    maxPresenceBytes: limits.maxPresenceBytes,
    certificateInsteadOfToken: deps.certificateInsteadOfToken,
    holderOf: (clientId: string) => sessions.holderOf(clientId),
  };

  function drop(session: Session, packet: PublishPacket, reason: Refusal): void {
    refusals.count(reason, { ...aboutSession(session), topic: packet.topic });
    packet.topic = DROPPED_TOPIC;
    packet.payload = NOTHING;
    packet.retain = false;
    if (!session.forbidden.tryTake()) {
      refusals.count('abuse', aboutSession(session));
      session.client.close();
    }
  }

  return {
    preConnect(client, packet, answer) {
      connects.set(client, packet);
      // every session is a clean one; see retained-store.ts
      if (packet.clientId !== '') packet.clean = true;
      answer(null, true);
    },

    authenticate(client, username, password, answer) {
      const gate = deps.gateOf(client);
      const packet = connects.get(client);
      connects.delete(client);
      // the socket may have closed meanwhile: a session opened now would never end
      if (gate === undefined || packet === undefined || client.closed || client.conn.destroyed) {
        answer(null, false);
        return;
      }
      const about: About = { user: username, client: client.id, address: deps.addressOf(client) };
      // [MQTT-3.1.3-8] no client id and no clean session
      const identity =
        packet.clientId === '' && packet.clean !== true
          ? ({ refusal: 'client-id', returnCode: 2 } as const)
          : identify(
              { ...requestOf(client, packet, username, password), certificate: deps.certificateOf(client) },
              identityContext,
            );
      if ('refusal' in identity) {
        refusals.count(identity.refusal, about);
        answer(refusalError(identity), false);
        return;
      }
      const { credential } = identity;
      if (credential.role === 'service') gate.allowBacklog(limits.maxServiceBacklogBytes);
      sessions.open({
        client,
        clientId: client.id,
        gate,
        credential,
        readingsTopic: credential.role === 'gateway' ? deps.topics.of(credential.id, 'readings') : undefined,
        filters: new Set(),
        forbidden: new TokenBucket(limits.forbiddenRate, deps.clock),
      });
      answer(null, true);
    },

    // the client is null for wills of a broker that vanished; there is no other broker
    authorizePublish(client, packet, answer) {
      const session = client === null ? undefined : sessions.of(client);
      if (session === undefined) {
        answer(new Error('not allowed'));
        return;
      }
      const reason = access.publishRefusal(session, packet);
      if (reason !== undefined) {
        drop(session, packet, reason);
      } else if (packet.retain && !access.mayRetain(packet.topic)) {
        refusals.count('retain-not-allowed', { ...aboutSession(session), topic: packet.topic });
        packet.retain = false;
      }
      answer(null);
    },

    // null makes Aedes answer 128 for this filter in the SUBACK
    authorizeSubscribe(client, subscription, answer) {
      const session = sessions.of(client);
      if (session === undefined || !access.maySubscribe(session, subscription.topic)) {
        refusals.count('subscribe-not-allowed', {
          ...(session === undefined ? {} : aboutSession(session)),
          topic: subscription.topic,
        });
        answer(null, null);
        return;
      }
      if (session.filters.size >= limits.maxSubscriptions && !session.filters.has(subscription.topic)) {
        refusals.count('too-many-subscriptions', { ...aboutSession(session), topic: subscription.topic });
        answer(null, null);
        return;
      }
      session.filters.add(subscription.topic);
      answer(null, subscription);
    },

    // called once for each receiver of each message; null drops it for this receiver
    authorizeForward(client, packet) {
      const session = sessions.of(client);
      if (session === undefined) return null;
      if (!session.gate.takes(packet.qos)) {
        refusals.count('slow-reader-dropped', { ...aboutSession(session), topic: packet.topic });
        return null;
      }
      deps.traffic.messagesOut++;
      return packet;
    },
  };
}

function requestOf(
  client: Client,
  packet: ConnectPacket,
  username: string | undefined,
  password: Buffer | undefined,
): ConnectRequest {
  const { will } = packet;
  return {
    clientId: client.id,
    username,
    password,
    will: will === undefined ? undefined : { topic: will.topic, payloadBytes: will.payload?.length ?? 0 },
  };
}

function aboutSession(session: Session): About {
  return { user: session.credential.id, client: session.clientId };
}

function refusalError(identity: { refusal: Refusal; returnCode: 2 | 4 | 5 }): AuthenticateError {
  return Object.assign(new Error(identity.refusal), { returnCode: identity.returnCode });
}
