/** The role that takes readings, stores them and acknowledges them. */
import { join } from 'node:path';
import { Ingest } from '../../ingest/ingest.ts';
import { FileRollUpMarks } from '../../ingest/roll-up-marks.ts';
import { SelfReport } from '../../ingest/self-report.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { DiskWatch } from '../../runtime/disk-watch.ts';
import type { MessageLink } from '../../runtime/message-link.ts';
import { isPointSink } from '../../store/point-sink.ts';
import type { CityStore } from '../open-store.ts';
import { admissionRetentionMs } from '../retention.ts';
import type { RoleContext } from './role.ts';

export async function ingestRole(
  context: RoleContext,
  deps: {
    readonly link: MessageLink;
    readonly register: RegisterView;
    readonly store: CityStore;
    readonly disk: DiskWatch;
    readonly onNewDevice: (gateway: string, device: string) => void;
  },
): Promise<{ ingest: Ingest; marks: FileRollUpMarks }> {
  const { settings, run } = context;
  const { disk } = deps;
  const marks = await run(new FileRollUpMarks({ ...context, folder: join(settings.data, 'roll-up-marks') }));
  const ingest = await run(
    new Ingest({
      ...context,
      ...deps,
      disk: () => disk.space,
      marks,
      options: {
        topicPrefix: settings.topic_prefix,
        deadLettersPath: join(settings.data, 'dead-letters'),
        historyPath: join(settings.data, 'gateway-history'),
        queueBytes: settings.queue_mb * 1024 * 1024,
        admission: { retentionMs: admissionRetentionMs(settings) },
      },
    }),
  );
  const { register, store } = deps;
  if (isPointSink(store)) {
    const memoryBytes = () => process.memoryUsage.rss();
    await run(new SelfReport({ ...context, ingest, register, store, process: 'ingest', memoryBytes }));
  }
  return { ingest, marks };
}
