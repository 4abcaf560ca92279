/**
 * A city's own certificate authority: makes the authority, the broker's certificate and certificates of gateways.
 * Elliptic curve P-256: handshakes cost a tenth of RSA's, which counts when a whole fleet comes back at once.
 * Profiles after RFC 5280 §4.2. Texts in, texts out; tls-folder.ts keeps the files.
 */
import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { ...CURVE, hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** Clocks of gateways may be a little behind. */
const BACKDATED_MS = 3_600_000;

/** A certificate and its private key, PEM. */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export interface Validity {
  /** Epoch milliseconds; the certificate holds from an hour before. */
  readonly now: number;
  readonly days: number;
}

/** A self-signed authority. It may sign end certificates only, no further authorities. */
export async function makeAuthority(name: string, validity: Validity): Promise<Pair> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: nameOf(name),
    keys,
    ...period(validity),
    serialNumber: newSerial(),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pairOf(certificate, keys);
}

/** The broker's certificate for these host names and IP addresses. */
export async function issueServer(authority: Pair, hosts: readonly string[], validity: Validity): Promise<Pair> {
  const names = hosts.map((host) => ({ type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host }));
  return await issue(authority, 'Lamplighter broker', validity, [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(names),
  ]);
}

/** The certificate of a gateway or an observer: its id is the common name. */
export async function issueClient(authority: Pair, id: string, validity: Validity): Promise<Pair> {
  return await issue(authority, id, validity, [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]);
}

async function issue(
  authority: Pair,
  name: string,
  validity: Validity,
  extensions: readonly x509.Extension[],
): Promise<Pair> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: nameOf(name),
    issuer: issuer.subjectName,
    ...period(validity),
    serialNumber: newSerial(),
    publicKey: keys.publicKey,
    signingKey: await importKey(authority.key),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ...extensions,
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pairOf(certificate, keys);
}

function nameOf(commonName: string): x509.Name {
  return new x509.Name([{ CN: [commonName] }]);
}

function period({ now, days }: Validity): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - BACKDATED_MS), notAfter: new Date(now + days * DAY_MS) };
}

/** 127 random bits: positive, and unpredictable as CAs are asked to make them. */
function newSerial(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(CURVE, true, ['sign', 'verify']);
}

type CryptoKeyPair = webcrypto.CryptoKeyPair;

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const pkcs8 = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return await webcrypto.subtle.importKey('pkcs8', pkcs8, CURVE, false, ['sign']);
}

async function pairOf(certificate: x509.X509Certificate, keys: CryptoKeyPair): Promise<Pair> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  };
}
