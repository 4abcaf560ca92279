/**
 * Why a TLS connection failed, in words for the person who has to mend it. Node and OpenSSL say codes; what helps is
 * which file, name or date is wrong.
 */
import { X509Certificate } from 'node:crypto';
import type { PeerCertificate as LegacyCertificate, TLSSocket } from 'node:tls';

/** What the other side showed, kept while the handshake runs: a failed socket has forgotten it. */
export interface PeerCertificate {
  readonly issuer: string;
  readonly hosts: string;
  readonly validFrom: string;
  readonly validTo: string;
}

/** Calls back with the other side's certificate before it is judged. */
export function watchPeer(socket: TLSSocket, onPeer: (peer: PeerCertificate) => void): void {
  socket.prependOnceListener('secure', () => {
    // Not getPeerX509Certificate: called here, it leaves nothing for Node's own check of the host (Node 20.20).
    const certificate = socket.getPeerCertificate();
    if (certificate.subject !== undefined) onPeer(peerOf(certificate));
  });
}

export interface TlsAttempt {
  readonly url: string;
  /** Our own certificate was sent along. */
  readonly hasCertificate: boolean;
  readonly peer: PeerCertificate | undefined;
}

type ErrorLike = Error & { readonly code?: string };

/** Undefined when the error has nothing to do with TLS. */
export function tlsWords(error: Error, attempt: TlsAttempt): string | undefined {
  const { code = '', message } = error as ErrorLike;
  const { peer } = attempt;
  const host = hostOf(attempt.url);
  if (UNTRUSTED.has(code)) {
    const issuer = peer === undefined ? '' : ` (issued by ${peer.issuer})`;
    return `the certificate of ${host}${issuer} is not from an authority trusted here. Set ca_file to the city's CA (ca.pem).`;
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return `the certificate of ${host} ended on ${dateOf(peer?.validTo)}. Renew it at the broker, or set this machine's clock right: it says ${now()}.`;
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return `the certificate of ${host} begins on ${dateOf(peer?.validFrom)}, and this machine's clock says ${now()}. Set the clock right.`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `the certificate of the broker is for ${peer?.hosts || 'no host'}, not for ${host}. Use one of these in the url, or make one for ${host}: lamplighter tls renew --host ${host}`;
  }
  const alert = ALERTS.find(([pattern]) => pattern.test(`${code} ${message}`))?.[1];
  if (alert !== undefined) return alert(host, attempt);
  if (code === 'ECONNRESET' && isSecure(attempt.url)) {
    return `${host} closed the connection during the TLS handshake. Check that its port speaks TLS${attempt.hasCertificate ? ' and that it takes our certificate (cert_file)' : ''}.`;
  }
  return undefined;
}

/** A connection that ended without a word before the broker answered. */
export function closedWords({ url, hasCertificate }: TlsAttempt): string {
  const host = hostOf(url);
  if (!isSecure(url)) return `${host} closed the connection before it answered. Check that its port speaks MQTT.`;
  const mend = hasCertificate
    ? 'It may not take our client certificate: check cert_file (lamplighter tls show FILE), its name and its authority.'
    : 'It may ask for a client certificate: set cert_file and key_file.';
  return `${host} closed the connection before it answered. ${mend}`;
}

/** What a certificate file of our own says when it does not hold now; empty when it does. */
export function ownCertificateFault(pem: string | Buffer, file: string): string {
  const { validFrom, validTo } = new X509Certificate(pem);
  const at = Date.now();
  if (at > Date.parse(validTo)) return `our own certificate ${file} ended on ${dateOf(validTo)}. Make a new one.`;
  if (at < Date.parse(validFrom)) return `our own certificate ${file} begins on ${dateOf(validFrom)}. Check the clock.`;
  return '';
}

export function isSecure(url: string): boolean {
  return /^(mqtts|wss):/i.test(url);
}

const UNTRUSTED = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
  'INVALID_PURPOSE',
]);

const ALERTS: readonly (readonly [RegExp, (host: string, attempt: TlsAttempt) => string])[] = [
  [
    /ALERT_CERTIFICATE_REQUIRED|certificate required/i,
    (host) => `${host} asks for a client certificate. Set cert_file and key_file (lamplighter tls client makes them).`,
  ],
  [
    /ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_(EXPIRED|UNKNOWN|REVOKED)|UNSUPPORTED_CERTIFICATE)/,
    (host, { hasCertificate }) =>
      hasCertificate
        ? `${host} does not take our client certificate. Check cert_file: its end and its authority.`
        : `${host} asks for a client certificate. Set cert_file and key_file.`,
  ],
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|BAD_RECORD_TYPE/,
    (host) =>
      `${host} does not speak TLS on this port. Use its TLS port, or an address that begins with mqtt:// or ws://.`,
  ],
  [
    /UNSUPPORTED_PROTOCOL|ALERT_PROTOCOL_VERSION|NO_PROTOCOLS_AVAILABLE/,
    (host) => `${host} and this machine speak no version of TLS in common; 1.2 is the least.`,
  ],
  [
    /ALERT_HANDSHAKE_FAILURE/,
    (host) => `${host} refused the TLS handshake: no common cipher, or a certificate is missing.`,
  ],
];

function peerOf({ issuer, subjectaltname, valid_from, valid_to }: LegacyCertificate): PeerCertificate {
  return {
    issuer: String(issuer.CN ?? issuer.O ?? 'nobody'),
    hosts: (subjectaltname ?? '').replaceAll(/(DNS|IP Address):/g, ''),
    validFrom: valid_from,
    validTo: valid_to,
  };
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : url;
}

function dateOf(text: string | undefined): string {
  return text === undefined
    ? 'a day gone by'
    : new Date(text).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC');
}

function now(): string {
  return dateOf(new Date().toISOString());
}
