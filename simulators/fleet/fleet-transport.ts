/** How a light gateway reaches the broker, and what its failures mean in words. */
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { LamplighterError } from '../../contract/error-codes.ts';

/** Opens a connection; `ready` is called once bytes may be sent. The stream says `error` and `close` as sockets do. */
export type FleetTransport = (ready: () => void) => Duplex;

const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883 };

/**
 * For mqtt:// and mqtts:// addresses; `caFile` is a certificate authority in PEM, beside those of the system.
 * @throws LamplighterError `bad-request` for another address or a file that cannot be read.
 */
export function fleetTransport(options: { url: string; caFile?: string | undefined }): FleetTransport {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  const defaultPort = DEFAULT_PORTS[url?.protocol ?? ''];
  if (url === undefined || defaultPort === undefined) {
    throw new LamplighterError(
      'bad-request',
      `--broker: "${options.url}" is no address of a broker; it looks like mqtt://127.0.0.1:1883 or mqtts://city.example:8883`,
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const port = url.port === '' ? defaultPort : Number(url.port);
  if (url.protocol === 'mqtt:') {
    if (options.caFile !== undefined) {
      throw new LamplighterError('bad-request', '--ca-file: is for mqtts:// addresses; mqtt:// has no certificates');
    }
    return (ready) => connectTcp({ host, port, noDelay: true }, ready);
  }
  const ca = options.caFile === undefined ? undefined : readCertificate(options.caFile);
  return (ready) => {
    const socket = connectTls({ host, port, ...(ca && { ca }), ...(isName(host) && { servername: host }) }, ready);
    socket.setNoDelay(true);
    return socket;
  };
}

/** RFC 6066 §3: an address is no server name. */
function isName(host: string): boolean {
  return !/^[\d.]+$/.test(host) && !host.includes(':');
}

function readCertificate(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new LamplighterError('bad-request', `--ca-file: cannot read ${file}: ${(error as Error).message}`);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens at that address; start the server, or correct --broker',
  ECONNRESET: 'the broker cut the connection; see its log and its limits on connections',
  EPIPE: 'the broker cut the connection; see its log and its limits on connections',
  ETIMEDOUT: 'no answer; check the address and the network between',
  EHOSTUNREACH: 'no way to that host; check the address and the network between',
  ENOTFOUND: 'there is no such host; correct --broker',
  EMFILE: 'this process may not open more files; raise the limit before starting it: ulimit -n 20000',
  ENFILE: 'this machine may not open more files; raise fs.file-max with sysctl',
  EADDRNOTAVAIL: 'no local port is free for one more connection; widen net.ipv4.ip_local_port_range with sysctl',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the broker is not trusted; name its authority with --ca-file',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the broker is not trusted; name its authority with --ca-file',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the broker is not trusted; name its authority with --ca-file',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate of the broker is not trusted; name its authority with --ca-file',
  CERT_HAS_EXPIRED: 'the certificate of the broker has expired; renew it there',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the broker is for another host name; use that name in --broker',
};

/** A failure of a connection under its code, with what to do where that is known. */
export function wordsOfFailure(error: Error & { code?: string }): string {
  const code = error.code ?? error.message;
  const words = WORDS[code];
  return words === undefined ? code : `${code}: ${words}`;
}
