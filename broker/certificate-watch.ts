/**
 * Keeps the certificates of the TLS listeners current while the broker runs: changed files are read again, faulty ones
 * are told and not used, and an end that comes near is told every day.
 *
 * Watches the folders, because renewal programs replace files and links; and looks once a minute besides, because not
 * every file system tells of changes (NFS, some mounted volumes).
 */
import { type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import { Gauge, type Registry } from 'prom-client';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { areSame, type CertificateFiles, type Certificates, endOf, readCertificates } from './certificate-files.ts';

const LOOK_EVERY_MS = 60_000;
/** Certificate and key are written one after the other. */
const SETTLE_MS = 500;
const WARN_BEFORE_MS = 30 * 86_400_000;
const WARN_EVERY_MS = 86_400_000;

export class CertificateWatch {
  readonly #files: CertificateFiles;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onChange: (certificates: Certificates) => void;
  #current: Certificates;
  #watchers: FSWatcher[] = [];
  #look: Timer | undefined;
  #soon: Timer | undefined;
  #lastFault = '';
  #warnedAt = Number.NEGATIVE_INFINITY;

  /** Reads the files; throws LamplighterError when they cannot be used. `onChange` may throw the same. */
  constructor(deps: {
    files: CertificateFiles;
    clock: Clock;
    log: Log;
    registry: Registry;
    onChange: (certificates: Certificates) => void;
  }) {
    this.#files = deps.files;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#onChange = deps.onChange;
    this.#current = readCertificates(deps.files);
    const left = () => (endOf(this.#current.leaf) - this.#clock.now()) / 1_000;
    deps.registry.removeSingleMetric(METRIC);
    new Gauge({
      name: METRIC,
      help: 'Seconds until the TLS certificate of the broker ends; negative once it has.',
      registers: [deps.registry],
      collect() {
        this.set(left());
      },
    });
  }

  get current(): Certificates {
    return this.#current;
  }

  start(): void {
    const { certFile, keyFile, clientCaFile } = this.#files;
    const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])];
    for (const folder of new Set(paths.map((path) => dirname(path)))) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#lookSoon());
        watcher.on('error', (error) =>
          this.#log.debug({ folder, error }, 'certificates are only looked at every minute'),
        );
        this.#watchers.push(watcher);
      } catch (error) {
        this.#log.debug({ folder, error }, 'certificates are only looked at every minute');
      }
    }
    this.#look = this.#clock.every(LOOK_EVERY_MS, () => this.look());
    this.#warnOfEnd();
  }

  stop(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
    this.#look?.cancel();
    this.#soon?.cancel();
    this.#soon = undefined;
  }

  /** Reads the files again and takes them into use when they have changed and are good. */
  look(): void {
    try {
      const found = readCertificates(this.#files);
      if (!areSame(found, this.#current)) this.#take(found);
      this.#lastFault = '';
    } catch (error) {
      this.#keep((error as Error).message);
    }
    this.#warnOfEnd();
  }

  /** Throws when they cannot serve, or no longer while those in use can. */
  #take(found: Certificates): void {
    const now = this.#clock.now();
    if (endOf(found.leaf) <= now && endOf(this.#current.leaf) > now) {
      throw new Error(`TLS: the new certificate ${this.#files.certFile} has ended on ${dateOf(found)}.`);
    }
    this.#onChange(found);
    this.#current = found;
    this.#warnedAt = Number.NEGATIVE_INFINITY;
    this.#log.warn({ file: this.#files.certFile, until: dateOf(found) }, 'TLS: a new certificate is in use');
  }

  /** A fault is told once, not every minute. */
  #keep(fault: string): void {
    if (fault === this.#lastFault) return;
    this.#lastFault = fault;
    this.#log.error({ until: dateOf(this.#current) }, `${fault} The certificate read before stays in use.`);
  }

  #lookSoon(): void {
    this.#soon?.cancel();
    this.#soon = this.#clock.after(SETTLE_MS, () => {
      this.#soon = undefined;
      this.look();
    });
  }

  #warnOfEnd(): void {
    const now = this.#clock.now();
    const leftMs = endOf(this.#current.leaf) - now;
    if (leftMs > WARN_BEFORE_MS || now - this.#warnedAt < WARN_EVERY_MS) return;
    this.#warnedAt = now;
    const about = { file: this.#files.certFile, until: dateOf(this.#current) };
    if (leftMs <= 0) this.#log.error(about, 'TLS: the certificate has expired, gateways refuse it. Renew it now.');
    else this.#log.warn(about, `TLS: the certificate expires in ${Math.floor(leftMs / 86_400_000)} days. Renew it.`);
  }
}

const METRIC = 'lamplighter_tls_certificate_expires_seconds';

function dateOf({ leaf }: Certificates): string {
  return new Date(endOf(leaf)).toISOString();
}
