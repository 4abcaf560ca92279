/**
 * The folder of the city's own certificates. What stands in it:
 *
 *   ca.pem            the authority's certificate; gateways get it as ca_file
 *   ca-key.pem        its key; whoever has it can make certificates
 *   server.pem, server-key.pem      the broker's
 *   clients/{id}.pem, {id}-key.pem  certificates of gateways
 *
 * Keys are readable by their owner alone (600). Nothing is ever overwritten but the broker's pair, by `renew`, each file
 * replaced in one step.
 */
import { randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { LamplighterError } from '../../contract/error-codes.ts';
import type { Pair, Validity } from './authority.ts';
import { hostsOf } from './certificate-words.ts';

/** Loaded when something is made: the library of certificates takes longer to load than most commands to run. */
const loadAuthority = () => import('./authority.ts');

const AUTHORITY_DAYS = 3_650;
/** The longest that some clients take from any authority (CA/Browser Forum, ballot SC31, 2020). */
export const SERVER_DAYS = 397;
/** A gateway hangs in a basement: somebody has to go there for the next one. */
export const CLIENT_DAYS = 1_825;
/** When `ensure` makes a new certificate for the broker. */
const RENEW_BEFORE_MS = 30 * 86_400_000;

export interface PairFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export class TlsFolder {
  readonly path: string;
  readonly caFile: string;
  readonly server: PairFiles;
  readonly #authority: PairFiles;
  readonly #now: () => number;

  constructor(path: string, now: () => number) {
    this.path = path;
    this.#now = now;
    this.caFile = join(path, 'ca.pem');
    this.#authority = { certFile: this.caFile, keyFile: join(path, 'ca-key.pem') };
    this.server = { certFile: join(path, 'server.pem'), keyFile: join(path, 'server-key.pem') };
  }

  /** Makes authority and broker's certificate; throws `conflict` when one of the files is there. */
  async init({ hosts, days = SERVER_DAYS }: { hosts: readonly string[]; days?: number | undefined }): Promise<void> {
    const files = [...Object.values(this.#authority), ...Object.values(this.server)];
    const present = files.filter((file) => existsSync(file));
    if (present.length > 0) {
      throw new LamplighterError(
        'conflict',
        `${present.join(', ')} ${present.length === 1 ? 'is' : 'are'} there already and not overwritten. Make a new certificate of the same authority with: lamplighter tls renew — or choose another folder with --out.`,
      );
    }
    this.#make();
    const { issueServer, makeAuthority } = await loadAuthority();
    const now = this.#now();
    const authority = await makeAuthority(`Lamplighter CA ${randomBytes(4).toString('hex')}`, {
      now,
      days: AUTHORITY_DAYS,
    });
    const server = await issueServer(authority, withOwnHosts(hosts), { now, days });
    writePair(this.#authority, authority);
    writePair(this.server, server);
  }

  /** A new certificate and key for the broker, by the same authority; without `hosts`, for those of the one before. */
  async renew({ hosts, days = SERVER_DAYS }: { hosts?: readonly string[]; days?: number | undefined }): Promise<void> {
    const authority = this.#readAuthority();
    const { issueServer } = await loadAuthority();
    const before = existsSync(this.server.certFile) ? hostsOf(this.serverCertificate()) : [];
    const all = withOwnHosts([...before, ...(hosts ?? [])]);
    replacePair(this.server, await issueServer(authority, all, this.#validity(authority, days)));
  }

  /** A certificate for a gateway or observer. Returns its files; throws `conflict` when they are there. */
  async client({ id, days = CLIENT_DAYS }: { id: string; days?: number | undefined }): Promise<PairFiles> {
    const authority = this.#readAuthority();
    const files = this.clientFiles(id);
    for (const file of Object.values(files)) {
      if (!existsSync(file)) continue;
      throw new LamplighterError(
        'conflict',
        `${file} is there already and not overwritten. Move it away to make a new certificate for ${id}.`,
      );
    }
    mkdirSync(dirname(files.certFile), { recursive: true, mode: 0o700 });
    const { issueClient } = await loadAuthority();
    writePair(files, await issueClient(authority, id, this.#validity(authority, days)));
    return files;
  }

  clientFiles(id: string): PairFiles {
    const folder = join(this.path, 'clients');
    return { certFile: join(folder, `${id}.pem`), keyFile: join(folder, `${id}-key.pem`) };
  }

  /** Makes what is missing, and renews the broker's certificate when it ends soon or lacks a host. Says what it did. */
  async ensure(hosts: readonly string[]): Promise<'made' | 'renewed' | 'kept'> {
    if (!existsSync(this.caFile) && !existsSync(this.server.certFile)) {
      await this.init({ hosts });
      return 'made';
    }
    if (!existsSync(this.#authority.keyFile) && existsSync(this.server.certFile)) return 'kept';
    if (existsSync(this.server.certFile) && existsSync(this.server.keyFile)) {
      const certificate = this.serverCertificate();
      const isLasting = Date.parse(certificate.validTo) - this.#now() > RENEW_BEFORE_MS;
      const known = new Set(hostsOf(certificate).map(canonical));
      if (isLasting && withOwnHosts(hosts).every((host) => known.has(canonical(host)))) return 'kept';
    }
    await this.renew({ hosts });
    return 'renewed';
  }

  serverCertificate(): X509Certificate {
    return readCertificate(this.server.certFile);
  }

  /** Every certificate of the folder with its file, the authority's first. */
  certificates(): { readonly file: string; readonly certificate: X509Certificate }[] {
    const clients = join(this.path, 'clients');
    const names = existsSync(clients) ? readdirSync(clients).filter((name) => isCertificateName(name)) : [];
    return [this.caFile, this.server.certFile, ...names.toSorted().map((name) => join(clients, name))]
      .filter((file) => existsSync(file))
      .map((file) => ({ file, certificate: readCertificate(file) }));
  }

  /** No certificate outlives its authority. */
  #validity(authority: Pair, days: number): Validity {
    const now = this.#now();
    const left = (Date.parse(new X509Certificate(authority.certificate).validTo) - now) / 86_400_000;
    if (left <= 0) {
      throw new LamplighterError(
        'conflict',
        `the authority ${this.caFile} has ended. Make a new one in another folder (lamplighter tls init --out …) and give its ca.pem to the gateways.`,
      );
    }
    return { now, days: Math.min(days, left) };
  }

  #readAuthority(): Pair {
    const { certFile, keyFile } = this.#authority;
    const missing = [certFile, keyFile].find((file) => !existsSync(file));
    if (missing !== undefined) {
      throw new LamplighterError(
        'not-found',
        `there is no ${missing}. Make the authority with: lamplighter tls init — or name its folder with --out.`,
      );
    }
    readCertificate(certFile);
    return { certificate: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  }

  #make(): void {
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new LamplighterError(
        'bad-request',
        `cannot make the folder ${this.path}: ${(error as Error).message}. Choose another with --out.`,
      );
    }
  }
}

/** Names under which a broker is always reached from its own machine, and those given; each once. */
function withOwnHosts(hosts: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const host of ['localhost', '127.0.0.1', '::1', hostname(), ...hosts]) {
    if (!byName.has(canonical(host))) byName.set(canonical(host), host);
  }
  return [...byName.values()];
}

/** One spelling for an address or name: certificates print IPv6 in full and in capitals. */
function canonical(host: string): string {
  return host.includes(':') && URL.canParse(`http://[${host}]`)
    ? new URL(`http://[${host}]`).hostname
    : host.toLowerCase();
}

function isCertificateName(name: string): boolean {
  return name.endsWith('.pem') && !name.endsWith('-key.pem');
}

function readCertificate(file: string): X509Certificate {
  try {
    return new X509Certificate(readFileSync(file));
  } catch (error) {
    throw new LamplighterError('bad-request', `${file} is not a certificate: ${(error as Error).message}.`);
  }
}

function writePair({ certFile, keyFile }: PairFiles, pair: Pair): void {
  writeFileSync(keyFile, pair.key, { mode: 0o600, flag: 'wx' });
  writeFileSync(certFile, pair.certificate, { mode: 0o644, flag: 'wx' });
}

/** Key first: a certificate without its key is what a reader must never find for long. */
function replacePair({ certFile, keyFile }: PairFiles, pair: Pair): void {
  const next = { certFile: `${certFile}.new`, keyFile: `${keyFile}.new` };
  for (const file of Object.values(next)) if (existsSync(file)) unlinkSync(file);
  writePair(next, pair);
  renameSync(next.keyFile, keyFile);
  renameSync(next.certFile, certFile);
}
