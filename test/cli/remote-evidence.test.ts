import { expect, onTestFinished, test } from 'vitest';
import { openIngestDoor } from '../../cli/roles/ingest-door.ts';
import { InternalClient } from '../../cli/roles/internal-client.ts';
import { InternalServer } from '../../cli/roles/internal-server.ts';
import { RemoteIngest } from '../../cli/roles/remote-ingest.ts';
import { noticed } from '../../console/api/completeness/explained-devices.ts';
import type { CompletenessEvidence, EvidenceQuery } from '../../contract/gateway-evidence.ts';
import { FileRollUpMarks } from '../../ingest/roll-up-marks.ts';
import { silentLog } from '../../runtime/log.ts';
import { CityIngest } from '../console/fake-city.ts';
import { FakeStore } from '../fake-store.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const QUERY: EvidenceQuery = { gateways: ['library'], from: 0, to: 1_000, rolledUpBefore: 500 };

async function anotherProcess(evidence?: (query: EvidenceQuery) => Promise<CompletenessEvidence>) {
  const clock = new ManualClock();
  const tokens = { service: 'x'.repeat(43) };
  const server = new InternalServer({ options: { host: '127.0.0.1', port: 0, tokens }, log: silentLog });
  await server.start();
  onTestFinished(() => server.stop());
  const ingest = Object.assign(new CityIngest(), evidence === undefined ? {} : { evidence });
  const marks = new FileRollUpMarks({ folder: temporaryFolder(), clock });
  openIngestDoor(server, { ingest, store: new FakeStore(), marks, clock });
  const client = new InternalClient({ url: server.address, token: tokens.service, role: 'ingest' });
  return { server, remote: new RemoteIngest({ client, clock, random: () => 0.5, log: silentLog }) };
}

test('what ingest noticed is the same in another process', async () => {
  const told: CompletenessEvidence = {
    listening: [{ from: 1, to: 2 }],
    gateways: [
      {
        gateway: 'library',
        knownSince: null,
        presence: [{ at: 1, online: false, since: 0, heard: 1 }],
        starts: [],
        dropped: [],
        gaps: [{ epoch: 'one', first: 1, last: 2, from: null, to: 3 }],
        held: null,
        refused: [],
        waiting: [],
        late: [],
      },
    ],
    refusedPartly: true,
    unfinishedDays: [{ gateway: 'library', device: 'meter', day: 0 }],
  };
  const asked: EvidenceQuery[] = [];
  const { remote } = await anotherProcess(async (query) => {
    asked.push(query);
    return told;
  });
  expect(await noticed({ ingest: remote }, QUERY)).toEqual({ evidence: told, fault: '' });
  expect(asked).toEqual([QUERY]);
});

test('one that keeps nothing, or does not answer, takes causes away and says so', async () => {
  const { remote, server } = await anotherProcess();
  expect((await noticed({ ingest: remote }, QUERY)).fault).toBe('ingest keeps no history of gateways');
  await server.stop();
  expect((await noticed({ ingest: remote }, QUERY)).fault).toContain('does not answer');
});
