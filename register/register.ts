/**
 * The city's register: sites, gateways, devices with dated placements, credentials, decisions about counters.
 *
 * Guarantees
 * 1. Reads answer at once, from memory, and show only what is durable.
 * 2. A write resolves, and listeners are told, after it has been flushed to disk; several changes are taken whole or not
 *    at all. Writes happen one after the other, each checked against everything before it.
 * 3. Nothing is ever deleted but credentials; what is no longer used is marked retired, and every decision about a
 *    counter stays on record, also when another takes its place or it is withdrawn. A retirement has its date.
 * 4. Entries that the manifest wrote are changed by the manifest only, until it has dropped them.
 *
 * One process owns the register, the console role's; its folder is opened once. Start reading here, then change.ts.
 */
import { LamplighterError } from '../contract/error-codes.ts';
import type { Clock } from '../runtime/clock.ts';
import type { FreeBytes } from '../runtime/lmdb-file.ts';
import type { Log } from '../runtime/log.ts';
import type { Service } from '../runtime/service.ts';
import { type Change, checkedChange } from './change.ts';
import { hashToken, type IssuedCredential, newToken } from './credentials.ts';
import type { DecisionKey } from './decisions.ts';
import { Entries, EntriesAhead, type EntryKind } from './entries.ts';
import { EntriesView } from './entries-view.ts';
import type { City, Credential, DecisionRecord, Device, Gateway, MeterDecision, Origin, Site } from './model.ts';
import { NewDevices } from './new-devices.ts';
import { RegisterFile } from './register-file.ts';
import type { RegisterView } from './register-view.ts';
import { datedRetirement } from './retirement.ts';

export interface RegisterDeps {
  /** Folder of the LMDB environment: `<data>/register`. */
  readonly folder: string;
  /** By default what the system says of the disk. */
  readonly freeBytes?: FreeBytes;
  readonly clock: Clock;
  readonly log: Log;
}

export class Register extends EntriesView implements RegisterView, Service {
  readonly name = 'register';
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #file: RegisterFile;
  readonly #newDevices: NewDevices;
  readonly #listeners = new Set<() => void>();
  #entries = new Entries();
  #version = 0;
  /** Settles when all writes so far have. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(deps: RegisterDeps) {
    super();
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#file = new RegisterFile(deps.folder, deps.freeBytes);
    this.#newDevices = new NewDevices(this);
  }

  async start(): Promise<void> {
    this.#file.open();
    const { version, changes } = this.#file.read();
    const entries = new Entries();
    for (const change of changes) entries.apply([checkedChange(change, entries)]);
    this.#entries = entries;
    this.#version = version;
  }

  /** Waits for the writes under way, then closes the file. What was read stays readable. */
  async stop(): Promise<void> {
    await this.#lastWrite;
    await this.#file.close();
  }

  protected held(): Entries {
    return this.#entries;
  }

  get version(): number {
    return this.#version;
  }

  credentials(): readonly Credential[] {
    return this.#entries.credentials();
  }

  /** Every decision and withdrawal that there ever was, oldest first. */
  decisionHistory(): readonly DecisionRecord[] {
    return this.#entries.decisionHistory();
  }

  /** Who wrote an entry; a device's id is `gateway/device`, the city's is empty. Undefined when there is none. */
  origin(kind: EntryKind, id: string): Origin | undefined {
    return this.#entries.origin(kind, id);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Adds or replaces an entry, as a person at the console does.
   * @throws LamplighterError `bad-request` naming each wrong field; `conflict` when the manifest holds the entry.
   */
  async putCity(city: City): Promise<void> {
    await this.write(() => [{ kind: 'city', value: city, origin: this.#mine('city', '') }]);
  }

  async putSite(site: Site): Promise<void> {
    await this.write(() => [{ kind: 'site', value: site, origin: this.#mine('site', site.id) }]);
  }

  async putGateway(gateway: Gateway): Promise<void> {
    await this.write(() => [{ kind: 'gateway', value: gateway, origin: this.#mine('gateway', gateway.id) }]);
  }

  async putDevice(device: Device): Promise<void> {
    const id = `${device.gateway}/${device.id}`;
    await this.write(() => [{ kind: 'device', value: device, origin: this.#mine('device', id) }]);
  }

  /**
   * A retired gateway may not connect; its readings stay. Nothing is expected of its devices from `at` on (epoch
   * milliseconds): now when it is left out, or the date that it was retired with before.
   */
  async retireGateway(id: string, at?: number): Promise<void> {
    await this.write(() => {
      const gateway = this.gateway(id) ?? missing('gateway', id);
      if (gateway.retired && (at === undefined || at === gateway.retired_at)) return [];
      const value: Gateway = { ...gateway, retired: true, ...(at === undefined ? {} : { retired_at: at }) };
      return [{ kind: 'gateway', value, origin: this.#mine('gateway', id) }];
    });
  }

  /** The device is at `site` from `from` on (epoch milliseconds), until its next later placement if it has one. */
  async placeDevice(gateway: string, device: string, site: string, from: number): Promise<void> {
    await this.write(() => {
      const id = `${gateway}/${device}`;
      const known = this.device(gateway, device) ?? missing('device', id);
      const others = known.placements.filter((placement) => placement.from !== from);
      const placements = [...others, { site, from }].sort((one, other) => one.from - other.from);
      return [{ kind: 'device', value: { ...known, placements, is_new: false }, origin: this.#mine('device', id) }];
    });
  }

  /**
   * What a person decided about two neighbouring values of a counter, in place of an earlier decision about them.
   * Returns what was written, dated now.
   * @throws LamplighterError `bad-request` naming each wrong field.
   */
  async putDecision(decision: Omit<MeterDecision, 'decided'>): Promise<DecisionRecord> {
    return await this.#decide(() => decision);
  }

  /**
   * From now on the rules say again what happened; the withdrawn decision stays on record, with who withdrew it and why.
   * @throws LamplighterError `not-found` when no decision holds.
   */
  async withdrawDecision(key: DecisionKey, by: Pick<MeterDecision, 'who' | 'why'>): Promise<DecisionRecord> {
    const { gateway, device, metric, at } = key;
    return await this.#decide(() => {
      if (this.#entries.decision(key) === undefined) {
        const words = 'No decision holds for that value of';
        throw new LamplighterError(
          'not-found',
          `${words} ${metric} of ${gateway}/${device}; it may be withdrawn already.`,
        );
      }
      return { gateway, device, metric, at, decision: 'withdrawn', who: by.who, why: by.why };
    });
  }

  /**
   * Lists a device that readings came from and nobody knew, at its gateway's site. Costs nothing when it is listed.
   * Many calls at once become one write.
   * @throws LamplighterError `not-found` for an unknown gateway, `conflict` when the gateway has too many.
   */
  listNewDevice(gateway: string, device: string, seenAt: number): Promise<void> {
    return this.#newDevices.list(gateway, device, seenAt);
  }

  /**
   * A new token, returned this once. For a gateway, `id` is the gateway's; others begin with `observer-` or `service-`.
   * @throws LamplighterError `conflict` when there is a credential already.
   */
  async addCredential(request: Pick<Credential, 'id' | 'role'>): Promise<IssuedCredential> {
    return await this.#issue(request.id, () => {
      if (this.credential(request.id) !== undefined) {
        throw new LamplighterError(
          'conflict',
          `id: '${request.id}' has a credential. Rotate it to get a new token, or remove it first.`,
        );
      }
      return request;
    });
  }

  /** A new token in place of the old one, which is worth nothing from then on. */
  async rotate(id: string): Promise<IssuedCredential> {
    return await this.#issue(id, () => this.credential(id) ?? missing('credential', id));
  }

  async removeCredential(id: string): Promise<void> {
    await this.write(() => {
      if (this.credential(id) === undefined) missing('credential', id);
      return [{ kind: 'no-credential', id }];
    });
  }

  /**
   * Takes all changes that `prepare` returns, or none. `prepare` is called when all earlier writes are done, and sees
   * them; what it throws is thrown. Without changes nothing is written and the version stays.
   */
  write(prepare: () => readonly Change[]): Promise<void> {
    const turn = this.#lastWrite.then(() => this.#writeNow(prepare));
    this.#lastWrite = turn.catch(() => {});
    return turn;
  }

  async #writeNow(prepare: () => readonly Change[]): Promise<void> {
    const ahead = new EntriesAhead(this.#entries);
    const changes: Change[] = [];
    for (const change of prepare()) {
      const checked = datedRetirement(checkedChange(change, ahead), ahead, this.#clock.now());
      ahead.add(checked);
      changes.push(checked);
    }
    if (changes.length === 0) return;
    await this.#file.write(changes, this.#version + 1);
    this.#version += 1;
    this.#entries.apply(changes);
    for (const listener of this.#listeners) this.#tell(listener);
  }

  /** The write is done and durable whatever a listener makes of it. */
  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#log.error({ err: error }, 'a listener of the register failed');
    }
  }

  async #decide(prepare: () => Omit<DecisionRecord, 'decided' | 'number'>): Promise<DecisionRecord> {
    let record: DecisionRecord | undefined;
    await this.write(() => {
      record = { ...prepare(), number: this.#entries.nextDecision, decided: this.#clock.now() };
      return [{ kind: 'decision', value: record, origin: 'console' }];
    });
    return record ?? missing('decision', '');
  }

  async #issue(id: string, prepare: () => Pick<Credential, 'role'>): Promise<IssuedCredential> {
    const token = newToken();
    let credential: Credential | undefined;
    await this.write(() => {
      const { role } = prepare();
      credential = { id, role, token_sha256: hashToken(token), created: this.#clock.now() };
      return [{ kind: 'credential', value: credential, origin: 'console' }];
    });
    return { credential: credential ?? missing('credential', id), token };
  }

  /** Origin of what the console writes. Entries of the manifest are not its to change, unless the manifest dropped them. */
  #mine(kind: Exclude<EntryKind, 'credential'>, id: string): Origin {
    if (this.origin(kind, id) !== 'manifest' || this.#isRetired(kind, id)) return 'console';
    throw new LamplighterError(
      'conflict',
      `The ${kind}${id === '' ? '' : ` '${id}'`} is written in the city's manifest. Change it there; ` +
        'to bar a gateway at once, remove its credential.',
    );
  }

  #isRetired(kind: EntryKind, id: string): boolean {
    const [gateway = '', device = ''] = id.split('/');
    if (kind === 'site') return this.site(id)?.retired === true;
    if (kind === 'gateway') return this.gateway(id)?.retired === true;
    return kind === 'device' && this.device(gateway, device)?.retired === true;
  }
}

function missing(kind: string, id: string): never {
  throw new LamplighterError('not-found', `There is no ${kind} '${id}'. Check the id; it may have been misspelt.`);
}
