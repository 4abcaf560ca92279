/** What a restore refuses, on backups made by hand; those of a server are in test/flow/backup.test.ts. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unknownNames } from '../../../cli/backup/kept-files.ts';
import { newManifest } from '../../../cli/backup/manifest.ts';
import { RECOUNTED, restoreBackup } from '../../../cli/backup/restore-backup.ts';
import { DataFolder } from '../../../cli/data-folder.ts';
import { tokensFile } from '../../../cli/fleet-credentials.ts';
import { FileRollUpMarks } from '../../../ingest/roll-up-marks.ts';
import { writeSnapshotFile } from '../../../register/register-snapshot-file.ts';
import { ManualClock } from '../../manual-clock.ts';
import { temporaryFolder } from '../../temporary-folder.ts';

const NOW = Date.UTC(2026, 10, 20, 12);
const clock = new ManualClock(NOW);
const say = (): void => {};

function aBackup(
  files: Readonly<Record<string, string>> = { 'operator-token': 'secret', 'tls/ca.pem': 'certificate' },
  change: Parameters<typeof newManifest>[0] | object = {},
) {
  const home = temporaryFolder();
  const from = join(home, 'backup');
  const manifest = newManifest({
    lamplighter: '0.1.0',
    began: NOW,
    finished: NOW,
    store: 'duckdb',
    roles: ['console'],
    files: Object.entries(files).map(([path, content]) => ({
      path,
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    })),
    ...change,
  });
  for (const [path, content] of Object.entries({ ...files, 'backup.json': JSON.stringify(manifest) })) {
    mkdirSync(dirname(join(from, path)), { recursive: true });
    writeFileSync(join(from, path), content);
  }
  const data = join(home, 'data');
  return {
    from,
    data,
    file: (path: string) => join(from, path),
    restore: () => restoreBackup({ from, data, clock, say, version: '0.1.3' }),
  };
}

describe('a restore', () => {
  test('puts every file in its place, for its owner alone', async () => {
    const { data, restore } = aBackup();
    await restore();
    expect(readdirSync(data).sort()).toEqual(['operator-token', 'tls']);
    expect(readFileSync(join(data, 'tls/ca.pem'), 'utf8')).toBe('certificate');
  });

  test.each<[string, (backup: ReturnType<typeof aBackup>) => void, RegExp]>([
    [
      'a file cut short',
      ({ file }) => writeFileSync(file('tls/ca.pem'), 'cert'),
      /^tls\/ca\.pem is altered or cut short: it has 4 bytes instead of 11/,
    ],
    [
      'an altered file',
      ({ file }) => writeFileSync(file('tls/ca.pem'), 'CERTIFICATE'),
      /^tls\/ca\.pem is altered: its SHA-256/,
    ],
    ['a missing file', ({ file }) => rmSync(file('tls/ca.pem')), /^tls\/ca\.pem is missing/],
    [
      'a file too many',
      ({ file }) => writeFileSync(file('tls/other.pem'), ''),
      /^tls\/other\.pem is in the backup, and not in its manifest/,
    ],
    [
      'a link in the place of a folder',
      ({ file }) => {
        rmSync(file('operator-token'));
        symlinkSync('/etc/hostname', file('operator-token'));
      },
      /^operator-token is altered/,
    ],
    ['no manifest', ({ file }) => rmSync(file('backup.json')), /is no whole backup: backup\.json cannot be read/],
    [
      'half a manifest',
      ({ file }) => writeFileSync(file('backup.json'), readFileSync(file('backup.json'), 'utf8').slice(0, 99)),
      /^backup\.json of .* is cut short or altered/,
    ],
    [
      'a path out of it',
      ({ file }) =>
        writeFileSync(
          file('backup.json'),
          readFileSync(file('backup.json'), 'utf8').replace('tls/ca.pem', '../ca.pem'),
        ),
      /files\.1\.path must be a path within the backup/,
    ],
    ['a backup that is not there', ({ from }) => rmSync(from, { recursive: true }), /^there is no backup /],
  ])('refuses %s, and leaves the folder as it was', async (_, spoil, words) => {
    const backup = aBackup();
    spoil(backup);
    await expect(backup.restore()).rejects.toThrow(words);
    expect(existsSync(backup.data)).toBe(false);
    mkdirSync(backup.data);
    await expect(backup.restore()).rejects.toThrow(words);
    expect(readdirSync(backup.data)).toEqual([]);
  });

  test('refuses what a newer Lamplighter made, and takes what an older one did', async () => {
    await expect(aBackup({}, { lamplighter: '0.2.0' }).restore()).rejects.toThrow(
      /made by Lamplighter 0\.2\.0, and this is 0\.1\.3/,
    );
    await expect(aBackup({}, { format: 2, store: 'moon' }).restore()).rejects.toThrow(/newer one/);
    await aBackup({}, { lamplighter: '0.1.3' }).restore();
  });

  test('refuses a folder that is not empty, or that a server runs on', async () => {
    const { data, restore } = aBackup();
    mkdirSync(data);
    writeFileSync(join(data, 'mine'), '');
    await expect(restore()).rejects.toThrow(/is not empty/);
    rmSync(join(data, 'mine'));
    const server = new DataFolder(data);
    await server.start();
    await expect(restore()).rejects.toThrow(/a server \(process \d+\) runs on/);
    await server.stop();
  });

  test('that was killed keeps a server from starting', async () => {
    const { data } = aBackup();
    mkdirSync(join(data, 'restoring'), { recursive: true });
    await expect(new DataFolder(data).start()).rejects.toThrow(/a restore into .* did not come to its end/);
  });

  test('with InfluxDB marks the days that its own backup may know more of', async () => {
    const { from, data } = aBackup({ 'operator-token': 'x' }, { store: 'influxdb' });
    // Marks and a register's copy as a backup has them.
    const marks = new FileRollUpMarks({ folder: join(from, 'roll-up-marks'), clock });
    await marks.start();
    await marks.stop();
    rmSync(join(from, 'roll-up-marks', 'lock.mdb'));
    const value = { gateway: 'library', id: 'main-meter' };
    writeSnapshotFile(join(from, 'register-snapshot.json'), {
      session: 's',
      version: 1,
      changes: [{ kind: 'device', value, origin: 'console' }] as never,
    });
    const manifest = JSON.parse(readFileSync(join(from, 'backup.json'), 'utf8')) as { files: object[] };
    for (const path of ['roll-up-marks/data.mdb', 'register-snapshot.json']) {
      const content = readFileSync(join(from, path));
      manifest.files.push({ path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
    }
    writeFileSync(join(from, 'backup.json'), JSON.stringify(manifest));

    await restoreBackup({ from, data, clock, say, version: '0.1.0' });
    const restored = new FileRollUpMarks({ folder: join(data, 'roll-up-marks'), clock });
    await restored.start();
    const claimed = await restored.claim({ session: 's', before: NOW + 30 * 86_400_000, most: 100 });
    await restored.stop();
    expect(claimed).toHaveLength(RECOUNTED.daysBefore + RECOUNTED.daysAfter + 1);
    expect(claimed.every(({ gateway, device }) => gateway === 'library' && device === 'main-meter')).toBe(true);
  });
});

test('a backup knows the file of tokens that simulate writes into the data folder', () => {
  expect(unknownNames([basename(tokensFile('data')), 'diary.txt'])).toEqual(['diary.txt']);
});
