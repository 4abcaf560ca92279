/** `npm run dashboards [-- <zone>]`: writes the boards into dashboards/generated and the alerts into dashboards/provisioning/alerting, for a city in that time zone. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { alertingFiles } from './alerting/alerting-files.ts';
import { allBoards, DEFAULT_ZONE, fileNameOf, fileTextOf } from './boards.ts';

const zone = process.argv[2] ?? DEFAULT_ZONE;
new Intl.DateTimeFormat('en', { timeZone: zone });
const folder = join(process.cwd(), 'dashboards', 'generated');
mkdirSync(folder, { recursive: true });
const boards = allBoards(zone);
const names = new Set(boards.map(fileNameOf));
for (const name of readdirSync(folder)) if (name.endsWith('.json') && !names.has(name)) rmSync(join(folder, name));
for (const board of boards) writeFileSync(join(folder, fileNameOf(board)), fileTextOf(board));
const alerting = alertingFiles(zone);
const alertingFolder = join(process.cwd(), 'dashboards', 'provisioning', 'alerting');
mkdirSync(alertingFolder, { recursive: true });
for (const [name, text] of alerting) writeFileSync(join(alertingFolder, name), text);
process.stdout.write(
  `${boards.length} boards for ${zone} in ${folder}, ${alerting.size} files of alerts in ${alertingFolder}\n`,
);
