/** The committed boards: as the code makes them, valid, and good by our own rules. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, it } from 'vitest';
import { envLines } from '../../cli/commands/compose.ts';
import { allBoards, DEFAULT_ZONE, fileNameOf, fileTextOf } from '../../dashboards/boards.ts';
import { DATASOURCES } from '../../dashboards/datasources.ts';
import { ROOT, readComposeFile } from '../compose-file.ts';
import { lintBoard, lintBoards } from './board-lint.ts';
import { schemaFaults } from './board-schema.ts';
import { dashboardsFile, datasourcesText, provisionedDatasources } from './provisioning.ts';

/** As Grafana's provisioning takes it from the environment. */
const env = (name: string) => `$\{${name}}`;
const dotEnv = Object.fromEntries(
  envLines('127.0.0.1', 'mqtt://127.0.0.1:1883').map(({ name, value }) => [name, value]),
);
const GENERATED = join(import.meta.dirname, '../../dashboards/generated');
const boards = allBoards(DEFAULT_ZONE);
const datasourceUids = new Set(provisionedDatasources().map(({ uid }) => uid));

describe('the generated boards', () => {
  it('are those that the code makes: npm run dashboards', () => {
    expect(readdirSync(GENERATED).sort()).toEqual(boards.map(fileNameOf).sort());
    for (const board of boards) {
      const committed: unknown = JSON.parse(readFileSync(join(GENERATED, fileNameOf(board)), 'utf8'));
      expect(committed, fileNameOf(board)).toEqual(JSON.parse(fileTextOf(board)));
    }
  });

  it.each(boards.map((board) => [board.title, board] as const))('%s fits the schema', (_, board) => {
    expect(schemaFaults(JSON.parse(fileTextOf(board)))).toEqual([]);
  });

  it.each(boards.map((board) => [board.title, board] as const))('%s keeps the rules', (_, board) => {
    expect(lintBoard(JSON.parse(fileTextOf(board)) as Dashboard, { datasourceUids })).toEqual([]);
  });

  it('fit together', () => {
    expect(lintBoards(boards)).toEqual([]);
  });

  it('count days in the zone of the city', () => {
    const text = allBoards('Europe/Berlin').map(fileTextOf).join('');
    expect(text).toContain("tz('Europe/Berlin')");
    expect(text).not.toContain('America/New_York');
  });
});

describe('the provisioning', () => {
  it('has a data source for each bucket, by POST, with the token of the environment', () => {
    const sources = provisionedDatasources();
    expect(sources.map(({ uid, name, jsonData }) => [uid, name, jsonData.dbName, jsonData.timeInterval])).toEqual(
      Object.values(DATASOURCES).map(({ uid, name, suffix, minInterval }) => [uid, name, `city${suffix}`, minInterval]),
    );
    for (const { type, access, url, editable, jsonData, secureJsonData } of sources) {
      expect({ type, access, url, editable }).toEqual({
        type: 'influxdb',
        access: 'proxy',
        url: env('INFLUX_URL'),
        editable: false,
      });
      expect(jsonData).toMatchObject({ version: 'InfluxQL', httpMode: 'POST', httpHeaderName1: 'Authorization' });
      expect(secureJsonData).toEqual({ httpHeaderValue1: `Token ${env('INFLUX_TOKEN')}` });
    }
    expect(datasourcesText()).not.toMatch(/deleteDatasources|^\s*database:/m);
  });

  it('is given to Grafana by the compose file, with what it takes from the environment', () => {
    const { volumes = [], environment = {} } = readComposeFile(dotEnv).services.grafana ?? {};
    const mounts = volumes.filter((volume) => volume.startsWith('./')).map((volume) => volume.split(':'));
    for (const [host = '', , mode] of mounts) {
      expect(existsSync(join(ROOT, host)), host).toBe(true);
      expect(mode).toBe('ro');
    }
    const inside = mounts.map(([host, path]) => [host, path]);
    expect(inside).toContainEqual(['./dashboards/generated', dashboardsFile().providers[0]?.options.path]);
    for (const kind of ['datasources', 'dashboards']) {
      expect(inside).toContainEqual([`./dashboards/provisioning/${kind}`, `/etc/grafana/provisioning/${kind}`]);
    }
    const taken = [...datasourcesText().matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);
    for (const name of taken) expect(Object.keys(environment)).toContain(name);
  });

  it('has one folder of boards that Grafana does not change', () => {
    const { apiVersion, providers } = dashboardsFile();
    expect(apiVersion).toBe(1);
    expect(providers).toEqual([
      expect.objectContaining({
        folder: 'Lamplighter',
        folderUid: 'lamplighter',
        type: 'file',
        allowUiUpdates: false,
        options: { path: '/etc/lamplighter/dashboards' },
      }),
    ]);
  });
});
