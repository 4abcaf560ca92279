/**
 * The certificate files of the TLS listeners: read and checked as a whole, so that a wrong file is told in words before
 * a client meets it.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { LamplighterError } from '../contract/error-codes.ts';

export interface CertificateFiles {
  /** The server's certificate and whatever stands between it and its CA, PEM. */
  readonly certFile: string;
  /** Its private key, PEM without a passphrase. */
  readonly keyFile: string;
  /** The CA of client certificates, PEM. */
  readonly clientCaFile?: string | undefined;
}

export interface Certificates {
  /** PEM texts as read. */
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string | undefined;
  /** The server's certificate. */
  readonly leaf: X509Certificate;
}

/** Throws LamplighterError `bad-request` that names the file and what is wrong with it. */
export function readCertificates(files: CertificateFiles): Certificates {
  const cert = read(files.certFile, 'certificate');
  const key = read(files.keyFile, 'private key');
  const clientCa = files.clientCaFile === undefined ? undefined : read(files.clientCaFile, 'client CA');
  const leaf = firstCertificate(cert, files.certFile);
  const privateKey = parseKey(key, files.keyFile);
  if (!leaf.checkPrivateKey(privateKey)) {
    throw fault(`the private key ${files.keyFile} does not belong to the certificate ${files.certFile}.`);
  }
  if (clientCa !== undefined && files.clientCaFile !== undefined) {
    if (!firstCertificate(clientCa, files.clientCaFile).ca) {
      throw fault(
        `${files.clientCaFile} is not a certificate authority: client certificates cannot be checked with it.`,
      );
    }
  }
  try {
    createSecureContext({ cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) });
  } catch (error) {
    throw fault(`OpenSSL does not take ${files.certFile}: ${(error as Error).message}.`);
  }
  return { cert, key, clientCa, leaf };
}

/** Whether both would serve in the same way. */
export function areSame(one: Certificates, other: Certificates): boolean {
  return one.cert === other.cert && one.key === other.key && one.clientCa === other.clientCa;
}

/** Epoch milliseconds at which a certificate ends. */
export function endOf(certificate: X509Certificate): number {
  return Date.parse(certificate.validTo);
}

function read(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fault(
      `the ${what} ${file} cannot be read (${(error as NodeJS.ErrnoException).code}). Check path and permissions.`,
    );
  }
}

function firstCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw fault(`${file} holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----.`);
  }
}

function parseKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const isLocked = (error as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE';
    throw fault(
      isLocked
        ? `the private key ${file} is locked by a passphrase. Write it without one: openssl pkey -in … -out …`
        : `${file} holds no private key in PEM form, which begins with -----BEGIN PRIVATE KEY-----.`,
    );
  }
}

function fault(words: string): LamplighterError {
  return new LamplighterError('bad-request', `TLS: ${words}`);
}
