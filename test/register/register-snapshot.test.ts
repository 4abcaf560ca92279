/** A register in one process and its copy in another, which a function stands for. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LamplighterError } from '../../contract/error-codes.ts';
import type { Change } from '../../register/change.ts';
import type { Register } from '../../register/register.ts';
import { RegisterSnapshot } from '../../register/register-snapshot.ts';
import { RegisterSnapshotFeed, type SnapshotPage } from '../../register/register-snapshot-feed.ts';
import type { RegisterView } from '../../register/register-view.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aDevice, aGateway, aSite, aSmallRegister } from './a-register.ts';

/** The owner as the copy reaches it, which a test can take away, restart or let speak another language. */
class Owner {
  feed: RegisterSnapshotFeed;
  isAway = false;
  readonly pages: SnapshotPage[] = [];
  edit: (page: SnapshotPage) => SnapshotPage = (page) => page;
  readonly #register: Register;
  readonly #clock: ManualClock;

  constructor(register: Register, clock: ManualClock) {
    this.#register = register;
    this.#clock = clock;
    this.feed = this.restarted('first');
  }

  restarted(session: string): RegisterSnapshotFeed {
    this.feed = new RegisterSnapshotFeed({ register: this.#register, session, clock: this.#clock });
    return this.feed;
  }

  ask: ConstructorParameters<typeof RegisterSnapshot>[0]['ask'] = async (known, stopped) => {
    if (this.isAway) throw new LamplighterError('not-ready', 'console does not answer');
    const page = await this.feed.nextPage(known, 15_000, stopped);
    // As it is on the wire.
    const told = JSON.parse(JSON.stringify(this.edit(page))) as SnapshotPage;
    this.pages.push(told);
    return told;
  };
}

async function aCopy(folder = temporaryFolder()) {
  const register = await aSmallRegister();
  const clock = new ManualClock();
  const owner = new Owner(register, clock);
  const file = join(folder, 'register-snapshot.json');
  const make = (): RegisterSnapshot => {
    const copy = new RegisterSnapshot({ file, ask: owner.ask, clock, random: () => 0.5, log: silentLog });
    onTestFinished(() => copy.stop());
    return copy;
  };
  return { register, clock, owner, file, make };
}

function contentOf(view: RegisterView & { credentials?: unknown }): unknown {
  const ids = view.gateways().map(({ id }) => id);
  return {
    version: view.version,
    city: view.city?.(),
    sites: view.sites(),
    gateways: view.gateways(),
    devices: view.devices(),
    credentials: [...ids, 'service-ingest'].map((id) => view.credential(id)),
    decisions: view.decisions?.(),
  };
}

test('holds what the register holds, and follows each change with that change alone', async () => {
  const { register, clock, owner, make } = await aCopy();
  const copy = make();
  await copy.start();
  expect(contentOf(copy)).toEqual(contentOf(register));
  expect(owner.pages).toMatchObject([{ whole: true }]);

  let changes = 0;
  copy.onChange(() => changes++);
  await register.addCredential({ id: 'library', role: 'gateway' });
  await register.putSite(aSite({ id: 'annex' }));
  await register.putGateway(aGateway({ id: 'annex-gateway', site: 'annex' }));
  await clock.advance(200);
  expect(contentOf(copy)).toEqual(contentOf(register));
  expect(changes).toBe(1);
  expect(owner.pages.at(-1)).toMatchObject({ whole: false });
  expect(owner.pages.at(-1)?.changes.map(({ kind }) => kind)).toEqual(['site', 'gateway', 'credential']);

  await register.removeCredential('library');
  await register.retireGateway('library');
  await clock.advance(200);
  expect(copy.credential('library')).toBeUndefined();
  expect(copy.gateway('library')?.retired).toBe(true);
  expect(contentOf(copy)).toEqual(contentOf(register));
});

test('takes decisions about counters', async () => {
  const { register, clock, make } = await aCopy();
  const copy = make();
  await copy.start();
  const decision = { gateway: 'library', device: 'main-meter', metric: 'active_energy_kwh', at: 1_000_000 };
  await register.putDecision({ ...decision, decision: 'reset', who: 'anna', why: 'exchanged' });
  await clock.advance(200);
  expect(copy.decisions()).toEqual(register.decisions());
  expect(copy.decisions()).toHaveLength(1);
});

test('starts from the disk while the owner is away, and catches up when it is back', async () => {
  const { register, clock, owner, file, make } = await aCopy();
  const first = make();
  await first.start();
  await register.putDevice(aDevice({ id: 'sub-meter' }));
  await clock.advance(200);
  await first.stop();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toContain('sub-meter');

  owner.isAway = true;
  await register.putDevice(aDevice({ id: 'late-meter' }));
  const second = make();
  await second.start();
  expect(second.device('library', 'sub-meter')).toBeDefined();
  expect(second.device('library', 'late-meter')).toBeUndefined();
  expect(second.fault).toContain('does not answer');

  owner.isAway = false;
  owner.restarted('second');
  await clock.advance(10_000);
  expect(contentOf(second)).toEqual(contentOf(register));
  expect(owner.pages.at(-1)).toMatchObject({ whole: true, session: 'second' });
  expect(second.fault).toBe('');
});

test('waits for the owner when there is nothing on disk, or nothing that can be read', async () => {
  const { register, clock, owner, file, make } = await aCopy();
  writeFileSync(file, '{"format":1,"session":"x","version":3,"changes":[{"kind":"gate');
  owner.isAway = true;
  const copy = make();
  let isStarted = false;
  const started = copy.start().then(() => {
    isStarted = true;
  });
  await clock.advance(20_000);
  expect(isStarted).toBe(false);
  owner.isAway = false;
  await clock.advance(5_000);
  await started;
  expect(contentOf(copy)).toEqual(contentOf(register));
  await clock.advance(2_000);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: register.version });
});

test('keeps what it has when the owner says what it does not understand', async () => {
  const { register, clock, owner, make } = await aCopy();
  const copy = make();
  await copy.start();
  const before = contentOf(copy);
  owner.edit = (page) => ({
    ...page,
    changes: page.changes.map(
      (change) =>
        ({ ...change, value: { ...(change as { value: object }).value, colour: 'red' } }) as unknown as Change,
    ),
  });
  await register.putSite(aSite({ id: 'annex' }));
  await clock.advance(2_000);
  expect(contentOf(copy)).toEqual(before);
  expect(copy.fault).toContain("site 'annex'");
  owner.edit = (page) => page;
  await clock.advance(5_000);
  expect(contentOf(copy)).toEqual(contentOf(register));
});

test('gets everything when it is too far behind', async () => {
  const { register, clock, owner, make } = await aCopy();
  const copy = make();
  await copy.start();
  owner.isAway = true;
  // More changes than are kept.
  const many = Array.from({ length: 10_500 }, (_, i) => aDevice({ id: `meter-${i}` }));
  for (const name of ['once', 'twice']) {
    await register.write(() => many.map((value) => ({ kind: 'device', value: { ...value, name }, origin: 'console' })));
    owner.feed.page();
  }
  owner.isAway = false;
  await clock.advance(10_000);
  expect(owner.pages.at(-1)).toMatchObject({ whole: true });
  expect(contentOf(copy)).toEqual(contentOf(register));
});
