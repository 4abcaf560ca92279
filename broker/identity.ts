/**
 * Who may connect, and under which client id. The user name is a credential's id, the password its token.
 * A second client with a known client id evicts the first [MQTT-3.1.4-2]: a client id therefore belongs to a credential.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Topics } from '../contract/topics.ts';
import type { Credential } from '../register/model.ts';
import type { RegisterView } from '../register/register-view.ts';
import type { ClientCertificate } from './arrival.ts';
import type { Refusal } from './refusals.ts';

export interface ConnectRequest {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  /** Of the TLS connection, already checked against the client CA. */
  readonly certificate?: ClientCertificate | undefined;
  readonly will: { readonly topic: string; readonly payloadBytes: number } | undefined;
}

/** Return codes of CONNACK, MQTT 3.1.1 §3.2.2.3. */
export type ConnackCode = 2 | 4 | 5;

export type Identity =
  | { readonly credential: Credential }
  | { readonly refusal: Refusal; readonly returnCode: ConnackCode };

const MOST_CLIENT_ID_CHARACTERS = 128;
/** Compared with when the credential is unknown, so that the answer takes as long. No token has this digest. */
const NO_DIGEST = Buffer.alloc(32);

export interface IdentityContext {
  readonly register: RegisterView;
  readonly topics: Topics;
  readonly maxPresenceBytes: number;
  /** A gateway that shows its certificate needs no token. */
  readonly certificateInsteadOfToken?: boolean | undefined;
  /** User name that holds a client id at this moment. */
  readonly holderOf: (clientId: string) => string | undefined;
}

/** Judges a CONNECT. Nothing but the credential is looked at before the token has proved right. */
export function identify(request: ConnectRequest, context: IdentityContext): Identity {
  const { clientId, username, password, certificate } = request;
  const proved =
    context.certificateInsteadOfToken === true && certificate !== undefined && password === undefined
      ? byCertificate(certificate, username, context.register)
      : byToken(username, password, context.register);
  if ('refusal' in proved) return proved;
  const { credential } = proved;
  // a certificate speaks for one name, whatever token comes with it
  if (certificate !== undefined && certificate.name !== credential.id) return refused('client-certificate-name', 5);
  const wrong =
    credential.role === 'gateway'
      ? wrongGateway(request, credential, context)
      : wrongClient(clientId, credential, context);
  return wrong ?? wrongWill(request, credential, context) ?? { credential };
}

/** Whether an open connection could still be made with the same credential. */
export function isStillValid(credential: Credential, register: RegisterView): boolean {
  const now = register.credential(credential.id);
  if (now === undefined || now.role !== credential.role || now.token_sha256 !== credential.token_sha256) return false;
  return now.role !== 'gateway' || register.gateway(now.id)?.retired === false;
}

function byToken(username: string | undefined, password: Uint8Array | undefined, register: RegisterView): Identity {
  if (username === undefined || password === undefined) return refused('anonymous', 5);
  const credential = register.credential(username);
  if (!isToken(password, credential) || credential === undefined) return refused('bad-credential', 4);
  return { credential };
}

/** Gateways only: what people and services may do is too much for a file that lies on a machine in the field. */
function byCertificate(certificate: ClientCertificate, username: string | undefined, register: RegisterView): Identity {
  if (username !== undefined && username !== certificate.name) return refused('client-certificate-name', 5);
  const credential = register.credential(certificate.name);
  return credential?.role === 'gateway' ? { credential } : refused('bad-credential', 4);
}

function isToken(password: Uint8Array, credential: Credential | undefined): boolean {
  const digest = createHash('sha256').update(password).digest();
  return timingSafeEqual(digest, credential === undefined ? NO_DIGEST : Buffer.from(credential.token_sha256, 'hex'));
}

function wrongGateway(request: ConnectRequest, credential: Credential, context: IdentityContext): Identity | undefined {
  const gateway = context.register.gateway(credential.id);
  if (gateway === undefined) return refused('unknown-gateway', 5);
  if (gateway.retired) return refused('retired-gateway', 5);
  return request.clientId === credential.id ? undefined : refused('client-id', 2);
}

/** Observers and services choose their client id freely among those that are nobody else's. */
function wrongClient(clientId: string, credential: Credential, context: IdentityContext): Identity | undefined {
  if (clientId.length > MOST_CLIENT_ID_CHARACTERS) return refused('client-id', 2);
  const isOthers =
    context.register.gateway(clientId) !== undefined ||
    (clientId !== credential.id && context.register.credential(clientId) !== undefined);
  if (isOthers) return refused('client-id', 2);
  const holder = context.holderOf(clientId);
  return holder === undefined || holder === credential.id ? undefined : refused('client-id-in-use', 2);
}

/** Aedes authorises a will only when it fires; by then the connection is gone. So it is judged here. */
function wrongWill(request: ConnectRequest, credential: Credential, context: IdentityContext): Identity | undefined {
  const { will } = request;
  if (will === undefined) return undefined;
  const isOwnPresence =
    credential.role === 'gateway' &&
    will.topic === context.topics.of(credential.id, 'presence') &&
    will.payloadBytes <= context.maxPresenceBytes;
  return isOwnPresence ? undefined : refused('foreign-will', 5);
}

function refused(refusal: Refusal, returnCode: ConnackCode): Identity {
  return { refusal, returnCode };
}
