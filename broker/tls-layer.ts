/**
 * TLS on top of accepted connections, 1.2 at least. The server object below never listens: the listener accepts, the
 * broker admits, and only then does a handshake begin. New certificates hold for new handshakes; open connections stay.
 *
 * Kept small for fleets: no session tickets and no session cache (MQTT clients do not resume), no renegotiation.
 */
import { constants } from 'node:crypto';
import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import type { Arrival, ClientCertificate } from './arrival.ts';
import type { Certificates } from './certificate-files.ts';
import { tlsRefusal } from './tls-refusal.ts';

/**
 * `required`: who has no certificate of the client CA does not come in. `optional`: who has one may only use its name.
 * `instead-of-token`: as optional, and a gateway whose certificate bears its id needs no token.
 */
export type ClientCertificateRule = 'required' | 'optional' | 'instead-of-token';

export type Secured = (stream: TLSSocket, certificate: ClientCertificate | undefined) => void;

interface Handshake {
  readonly arrival: Arrival;
  readonly onSecured: Secured;
}

const OPTIONS = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION;

export class TlsLayer {
  readonly #server: Server;
  readonly #asksForCertificate: boolean;
  readonly #handshakes = new WeakMap<Socket, Handshake>();

  constructor(certificates: Certificates, rule: ClientCertificateRule | undefined) {
    this.#asksForCertificate = rule !== undefined;
    this.#server = createServer({
      ...contextOptions(certificates),
      requestCert: rule !== undefined,
      rejectUnauthorized: rule === 'required',
      // The arrival's own time is shorter and starts at the accept.
      handshakeTimeout: 0x7fff_ffff,
    });
    this.#server.on('secureConnection', (stream) => this.#secured(stream));
    this.#server.on('tlsClientError', (error, stream) => this.#failed(error, stream));
  }

  /** New handshakes use these. Throws when they do not fit together. */
  use(certificates: Certificates): void {
    this.#server.setSecureContext(contextOptions(certificates));
  }

  /** Begins the handshake; either `onSecured` is called once, or the arrival is refused. */
  secure(arrival: Arrival, onSecured: Secured): void {
    this.#handshakes.set(arrival.socket, { arrival, onSecured });
    arrival.begins('TLS handshake');
    this.#server.emit('connection', arrival.socket);
  }

  #secured(stream: TLSSocket): void {
    const handshake = this.#handshakeOf(stream);
    if (handshake === undefined) {
      stream.destroy();
      return;
    }
    const { arrival, onSecured } = handshake;
    arrival.passed();
    if (!this.#asksForCertificate) {
      onSecured(stream, undefined);
      return;
    }
    const { subject } = stream.getPeerCertificate();
    if (subject === undefined) {
      onSecured(stream, undefined);
      return;
    }
    if (!stream.authorized) arrival.refuse('client-certificate-invalid', String(stream.authorizationError));
    // Several common names come as a list; none of them would be the one name.
    else onSecured(stream, { name: typeof subject.CN === 'string' ? subject.CN : '' });
  }

  #failed(error: NodeJS.ErrnoException, stream: TLSSocket): void {
    const arrival = this.#handshakeOf(stream)?.arrival;
    stream.destroy();
    if (arrival === undefined || arrival.isRefused) return;
    // Node closes on a certificate that does not hold without saying so in the error (lib/_tls_wrap.js).
    if (stream.authorizationError) {
      arrival.refuse('client-certificate-invalid', String(stream.authorizationError));
      return;
    }
    const { reason, detail } = tlsRefusal(error);
    arrival.refuse(reason, detail);
  }

  /** The handshake that the socket below began: Node keeps that socket as `_parent`, the only link between the two. */
  #handshakeOf(stream: TLSSocket): Handshake | undefined {
    const below = (stream as TLSSocket & { _parent?: Socket })._parent;
    return below === undefined ? undefined : this.#handshakes.get(below);
  }
}

function contextOptions({ cert, key, clientCa }: Certificates): SecureContextOptions {
  return {
    cert,
    key,
    // Absent, Node would load the roots of the public web, for nothing or for the worse.
    ca: clientCa ?? cert,
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    secureOptions: OPTIONS,
  };
}
