/** What a failed TLS handshake is called: OpenSSL's words become one of our reasons. */
import type { Refusal } from './refusals.ts';

/** First match wins. Codes are those of Node's `ERR_SSL_…`; alerts are what the client told us. */
const REASONS: readonly (readonly [RegExp, Refusal])[] = [
  [/PEER_DID_NOT_RETURN_A_CERTIFICATE/, 'client-certificate-missing'],
  // mosquitto says "internal error" when the host is not in the certificate
  [/ALERT_INTERNAL_ERROR|ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE|ALERT_CERTIFICATE_UNKNOWN/, 'tls-distrusted'],
  [/ALERT_CERTIFICATE_EXPIRED/, 'tls-expired'],
  [/UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|ALERT_PROTOCOL_VERSION/, 'tls-version'],
  [/HTTP_REQUEST|WRONG_VERSION_NUMBER|BAD_RECORD_TYPE|UNKNOWN_PROTOCOL|PACKET_LENGTH_TOO_LONG/, 'not-tls'],
  [/NO_SHARED_CIPHER|NO_SUITABLE|ALERT_HANDSHAKE_FAILURE/, 'tls-cipher'],
];

export function tlsRefusal(error: NodeJS.ErrnoException): { reason: Refusal; detail: string } {
  const text = `${error.code ?? ''} ${error.message}`.toUpperCase().replaceAll(' ', '_');
  const detail = error.code ?? error.message;
  if (error.code === 'ECONNRESET') return { reason: 'tls-abandoned', detail: error.message };
  const reason = REASONS.find(([pattern]) => pattern.test(text))?.[1];
  return { reason: reason ?? 'tls-failed', detail };
}
