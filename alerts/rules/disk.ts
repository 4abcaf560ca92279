/** The disk that readings, or what waits for them, are written to. */
import { diskState, diskWords, inGb } from '../../contract/disk-space.ts';
import { PIPELINE } from '../../contract/self-report.ts';
import { figure } from '../../energy/findings/finding.ts';
import type { AlertRule, Firing } from '../alert-rule.ts';
import { reported } from '../grafana-form.ts';

const MINUTE_MS = 60_000;

export const diskFilling: AlertRule = {
  id: 'disk-filling',
  title: 'Disk filling up',
  summary:
    'On the disk of the data folder of ingest less than 10 % is free (of large disks: less than 20 GB). Below 3 %, or 4 GB, it is critical. When it is full nothing can be stored, and readings wait on the gateways.',
  whatToDo:
    'Make room: old backups and logs first, then a larger disk. A shorter retention of readings (retention_days) frees room inside DuckDB’s file, which does not shrink. The disk of InfluxDB is measured only where it is the same.',
  severity: 'warning',
  owner: 'operator',
  forMs: 2 * MINUTE_MS,
  keepMs: 5 * MINUTE_MS,
  reads: ['intake'],
  place: [],
  evaluate: ({ disk }): Firing[] => {
    const state = disk === undefined ? 'enough' : diskState(disk);
    if (disk === undefined || state === 'enough') return [];
    const isShort = state === 'short';
    return [
      {
        severity: isShort ? 'critical' : 'warning',
        title: isShort ? 'The disk of the data folder is nearly full' : 'The disk of the data folder fills up',
        words: `${diskWords(disk)}. When it is full nothing can be stored, and readings wait on the gateways.`,
        figures: [figure('Free', inGb(disk.freeBytes), 'GB', 1), figure('Size', inGb(disk.sizeBytes), 'GB', 1)],
      },
    ];
  },
  unknown: ({ disk }) => (disk === undefined ? 'the room on the disk is not known' : undefined),
  grafana: reported(PIPELINE, 'last("disk_short")', ['process'], { limit: { above: 0 }, unit: '' }),
};
