/**
 * The compiled alerts on a real influxd that holds a part of the demo city, against the evaluation of ours on the same
 * data: each fires where that fires, and nowhere else.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { AlertFile } from '../../alerts/alert-file.ts';
import { AlertKeeper } from '../../alerts/alert-keeper.ts';
import { alertPoints } from '../../alerts/alert-points.ts';
import type { OpenAlert } from '../../alerts/alert-record.ts';
import { CityReader } from '../../alerts/reading/city-reader.ts';
import type { HeardGateway } from '../../alerts/reading/intake.ts';
import { ALERT_RULES } from '../../alerts/rules/table.ts';
import type { Health } from '../../contract/health.ts';
import { GATEWAY, PIPELINE } from '../../contract/self-report.ts';
import { alertingFiles } from '../../dashboards/alerting/alerting-files.ts';
import { silentLog } from '../../runtime/log.ts';
import { InfluxdbStore } from '../../store/influxdb/influxdb-store.ts';
import { isLong } from '../is-long.ts';
import { ManualClock } from '../manual-clock.ts';
import { type Influxd, startInfluxd } from '../real-servers/influxd.ts';
import { describeWithServer } from '../real-servers/needs-server.ts';
import type { RuleInFile, RulesFile } from './alerting-lint.ts';
import { type FilledCity, fillCity, NOW, ZONE } from './filled-city.ts';
import { evaluateRule } from './grafana-rule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const { groups } = parse(alertingFiles(ZONE).get('rules.yaml') ?? '') as RulesFile;
const rules = new Map(groups.flatMap((group) => group.rules).map((rule) => [rule.labels.rule ?? '', rule]));
const ruleOf = (id: string) => rules.get(id) as RuleInFile;
/** The last whole minute of what is reported. */
const AT = NOW + 30_000;

(isLong ? describeWithServer('influxd') : describe.skip)('the compiled alerts', () => {
  let server: Influxd;
  let city: FilledCity;
  let store: InfluxdbStore;
  let keeper: AlertKeeper;

  beforeAll(async () => {
    server = await startInfluxd();
    const folder = join(server.folder, 'lamplighter');
    city = await fillCity(server.url, folder);
    const options = { url: server.url, bucket: 'city' };
    const clock = new ManualClock(NOW - 20 * MINUTE);
    const deps = { clock, random: () => 0.5, log: silentLog };
    store = new InfluxdbStore({ ...deps, folder: `${folder}/data`, options });
    await store.open();
    const reader = new CityReader({ register: city.register, store, intake: intakeOf(city, clock), clock });
    keeper = new AlertKeeper({
      ...deps,
      rules: ALERT_RULES,
      reader,
      file: new AlertFile(`${folder}/alerts`),
      onTurn: (state, over) =>
        store.putPoints(
          alertPoints(state, over, { process: 'analysis', rules: ALERT_RULES.length, time: clock.now() }),
        ),
    });
    await keeper.start();
    for (let minute = 0; minute < 20; minute++) {
      await clock.advance(MINUTE);
      await keeper.evaluate();
      await reader.settled();
    }
  }, 300_000);
  afterAll(async () => {
    await keeper?.stop();
    await store?.close();
    await server?.remove();
  });

  const ask = (id: string, at = AT) => evaluateRule(server.url, ruleOf(id), at);
  const ours = (id: string): OpenAlert[] =>
    keeper.alerts().open.filter(({ rule, state }) => rule === id && state === 'firing');

  it('fire where ours fire on the same data, and nowhere else', async () => {
    const fired: Record<string, number> = {};
    for (const { id, grafana } of ALERT_RULES) {
      // Reported of its own making in the city that was filled; see below.
      if (id === 'dead-letters' || id === 'store-failing') continue;
      const outcome = await ask(id);
      const places = ours(id).map((alert) =>
        grafana.tags
          .map((tag) => (tag === 'site' || tag === 'gateway' || tag === 'device' ? alert[tag] : null))
          .filter((part) => part !== null),
      );
      // In the order in which InfluxDB tells tags.
      const expected = places.map((parts) => [...parts].sort().join()).sort();
      expect(outcome.firing.map((one) => one.split('/').sort().join()).sort(), id).toEqual(expected);
      if (expected.length > 0) fired[id] = expected.length;
    }
    expect(fired).toMatchObject({ 'gateway-silent': 1, 'meter-reset': 1, 'day-burner': 1, 'circuit-dark': 1 });
  });

  it('that watch ingest fire on what it reports, and are quiet on the minutes in which all is well', async () => {
    expect(await ask('dead-letters')).toMatchObject({ isFiring: true });
    const minutes = Array.from({ length: 60 }, (_, minute) => NOW - HOUR + minute * MINUTE);
    const failing: number[] = [];
    for (const at of minutes) if ((await ask('store-failing', at + 30_000)).isFiring) failing.push((at - NOW) / MINUTE);
    // One report in forty says that the store is down.
    expect(failing.length).toBeGreaterThan(0);
    expect(failing.length).toBeLessThan(4);
  });

  it('notice that ingest, or the analysis, says nothing', async () => {
    expect(await ask('ingest-says-nothing')).toMatchObject({ isFiring: false, series: 1 });
    expect(await ask('analysis-says-nothing')).toMatchObject({ isFiring: false, series: 1 });
    const later = NOW + 10 * MINUTE;
    for (const id of ['ingest-says-nothing', 'analysis-says-nothing', 'store-failing']) {
      expect(await ask(id, later), id).toMatchObject({ isFiring: true, series: 0 });
    }
    for (const { id, grafana } of ALERT_RULES) {
      if (grafana.from === 'raw' && id !== 'store-failing') expect((await ask(id, later)).isFiring, id).toBe(false);
    }
  });

  it.each([
    ['device-silent', { silent_devices: 2, online: 1 }, { silent_devices: 0 }],
    ['outbox-growing', { outbox_oldest_s: 2_000, online: 1 }, { outbox_oldest_s: 30 }],
    ['outbox-dropping', { dropped: 9, buffered: 50 }, { buffered: 0 }],
    ['two-epochs', { two_epochs: 1 }, { two_epochs: 0 }],
    ['clock-off', { clock_offset_ms: -45_000, online: 1 }, { clock_offset_ms: 20 }],
    ['gateway-silent', { online: 0, last_reading_age_s: 700 }, { online: 1, last_reading_age_s: 5 }],
  ] as const)('%s fires on what a gateway reports, and resolves with the next report', async (id, wrong, well) => {
    const at = NOW + 60 * MINUTE + [...rules.keys()].indexOf(id) * 20 * MINUTE;
    const put = (time: number, fields: Record<string, number>) =>
      store.putPoints([
        {
          bucket: 'raw',
          measurement: GATEWAY,
          tags: { gateway: 'g', site: 's' },
          fields: { ...HEALTHY, ...fields },
          time,
        },
      ]);
    await put(at, {});
    expect(await ask(id, at + 1_000)).toMatchObject({ series: 1, isFiring: false });
    await put(at + MINUTE, wrong);
    expect(await ask(id, at + MINUTE + 1_000)).toMatchObject({ firing: ['g/s'] });
    await put(at + 2 * MINUTE, { ...wrong, ...well });
    expect(await ask(id, at + 2 * MINUTE + 1_000)).toMatchObject({ isFiring: false });
  });

  it('that only the analysis can judge follow what it says', async () => {
    const at = NOW + 3 * HOUR;
    const told = ALERT_RULES.filter(({ grafana }) => grafana.query.includes('lamplighter_alerts'));
    expect(told.length).toBeGreaterThan(5);
    for (const { id } of told) {
      const point = (time: number, firing: 0 | 1) => ({
        bucket: 'raw' as const,
        measurement: 'lamplighter_alerts',
        tags: { rule: id, site: 'school', gateway: '', device: '' },
        fields: { firing, severity: 1 },
        time,
      });
      await store.putPoints([point(at, 1), point(at + 2 * MINUTE, 0)]);
      expect((await ask(id, at + 30_000)).firing, id).toEqual(['school']);
      expect((await ask(id, at + 2 * MINUTE + 30_000)).firing, id).toEqual([]);
    }
  });

  it('do not fire on a store that says it is well, nor on a disk before it fills up', async () => {
    const time = NOW + 5 * HOUR;
    const fields = { store_failing: 0, dead_letters: 0, stored: 1, disk_short: 0 };
    await store.putPoints([{ bucket: 'raw', measurement: PIPELINE, tags: { process: 'ingest' }, fields, time }]);
    for (const id of ['store-failing', 'dead-letters', 'disk-filling']) {
      expect(await ask(id, time + 1_000), id).toMatchObject({ isFiring: false, series: 1 });
    }
    const later = time + 20 * MINUTE;
    const full = { ...fields, disk_short: 1 };
    await store.putPoints([
      { bucket: 'raw', measurement: PIPELINE, tags: { process: 'ingest' }, fields: full, time: later },
    ]);
    expect(await ask('disk-filling', later + 1_000)).toMatchObject({ isFiring: true });
  });
});

const HEALTHY = {
  online: 1,
  outbox_oldest_s: 2,
  clock_offset_ms: 12,
  two_epochs: 0,
  dropped: 0,
  buffered: 3,
  silent_devices: 0,
  last_reading_age_s: 20,
  has_readings: 1,
};

/** As the reports of the filled city say: all are well, but for the one that fell silent. */
function intakeOf({ register }: FilledCity, clock: ManualClock) {
  return {
    status: () => ({ storeFault: '' }),
    gateways: () =>
      register.gateways().map(({ id }): HeardGateway => {
        const isSilent = id.startsWith('tobin');
        const outbox = { buffered: 4, dropped: 0, oldest_s: 2, bytes: 1_000, capacity_bytes: 1_000_000 };
        const health = { outbox, clock_offset_ms: 12 } as Health;
        return { gateway: id, online: !isSilent, health, healthAt: clock.now(), twoEpochs: false };
      }),
    deadLetters: { counts: () => ({}) },
  };
}
