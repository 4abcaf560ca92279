/** The role that takes readings, stores them and acknowledges them. */
import { join } from 'node:path';
import { Ingest } from '../../ingest/ingest.ts';
import type { RegisterView } from '../../register/register-view.ts';
import type { MessageLink } from '../../runtime/message-link.ts';
import type { CityStore } from '../open-store.ts';
import type { RoleContext } from './role.ts';

export async function ingestRole(
  context: RoleContext,
  deps: {
    readonly link: MessageLink;
    readonly register: RegisterView;
    readonly store: CityStore;
    readonly onNewDevice: (gateway: string, device: string) => void;
  },
): Promise<Ingest> {
  const { settings, run } = context;
  return await run(
    new Ingest({
      ...context,
      ...deps,
      options: {
        topicPrefix: settings.topic_prefix,
        deadLettersPath: join(settings.data, 'dead-letters'),
        queueBytes: settings.queue_mb * 1024 * 1024,
        admission: { retentionMs: settings.retention_days * 86_400_000 },
      },
    }),
  );
}
