/**
 * Somebody copies a gateway's disk and starts both copies. They have one id, so the broker lets in one at a time and each
 * throws the other out. Nothing of either may be lost or taken for the other's, and the city must be told.
 */

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isLong } from '../is-long.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { expectBooksBalance, expectExactly, openHeld, storedSeries, sumsOf } from './ledger.ts';
import { aServer, counted, EdgeProcess, enrol, eventually, freshHealth, gatewayOf } from './story.ts';

const COPIED = 3_000;
const OWN_EACH = 1_000;
const DEVICES = 3;

test.runIf(isLong)(
  'two copies of one outbox deliver everything of both, and are found out',
  { timeout: 240_000 },
  async () => {
    const folder = temporaryFolder();
    const data = join(folder, 'data');
    const t0 = Date.now() - 86_400_000;
    const common = { t0, stepMs: 1_000, devices: DEVICES };
    const before = counted({ name: 'before', seed: 1, count: COPIED, ...common });
    const own = [1, 2].map((offset) =>
      counted({ name: 'since', seed: 1 + offset, count: OWN_EACH, perSecond: 250, ...common, t0: t0 + offset }),
    );
    let server = await aServer({ data });
    const { mqttPort } = server;
    const gateway = await enrol(server.api, folder, 'library', before.entry);
    await server.stop();

    // Readings that nobody has acknowledged yet, then the copy.
    const original = join(folder, 'library');
    const copy = join(folder, 'copy');
    const alone = new EdgeProcess([gateway.file], join(folder, 'alone.log'));
    for (;;) {
      await sleep(2_000);
      await alone.kill();
      const { account, cursors } = await openHeld(original, 'library', ['before']);
      expect(account).toMatchObject({ stored: 0, dropped: 0, rejected: {} });
      if (cursors.get('before') === COPIED) break;
      alone.restart();
    }
    cpSync(original, copy, { recursive: true });
    const homes = [original, copy];
    for (const [i, home] of homes.entries()) {
      const file = join(home, 'gateway.yaml');
      writeFileSync(file, `${readFileSync(file, 'utf8').trimEnd()}\n${own[i]?.entry}\n`);
    }

    server = await aServer({ data, mqttPort });
    const edges = homes.map((home, i) => new EdgeProcess([join(home, 'gateway.yaml')], join(folder, `edge-${i}.log`)));
    const all = [before, ...own].flatMap(({ feed }, i) =>
      Array.from({ length: i === 0 ? COPIED : OWN_EACH }, (_, index) => feed.reading(index)),
    );
    await eventually(
      () => gatewayOf(server.api, 'library'),
      ({ two_epochs }) => two_epochs,
      120_000,
    );
    await eventually(
      () => storedSeries(server.api),
      (series) => series.reduce((sum, { count }) => sum + count, 0) === 2 * all.length,
      120_000,
    );

    // One at a time, so that each hears the last of its answers.
    for (const edge of edges) expect(await edge.stop()).toBe(0);
    for (const [i, edge] of edges.entries()) {
      edge.restart();
      await freshHealth(server, gateway, ({ outbox }) => outbox.buffered === 0, true);
      expect(await edge.stop()).toBe(0);
      const { account } = await openHeld(homes[i] ?? '', 'library');
      const produced = COPIED + OWN_EACH;
      expect(account).toEqual({ produced, stored: produced, rejected: {}, dropped: 0, buffered: 0 });
    }
    expectExactly(await storedSeries(server.api), new Map([['library', sumsOf(all)]]));
    await expectBooksBalance(server.api);
    expect(server.log).toContain('two starts of one gateway are alive: is its disk cloned?');
  },
);
