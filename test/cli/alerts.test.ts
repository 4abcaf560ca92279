/** Alerts between processes: the analysis tells, the console hears. */
import { expect, it, onTestFinished } from 'vitest';
import { type AlertsState, NOTHING_YET } from '../../alerts/alerts-view.ts';
import { hearAlerts } from '../../cli/roles/alerts.ts';
import { InternalClient } from '../../cli/roles/internal-client.ts';
import { InternalServer } from '../../cli/roles/internal-server.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';

const TOKEN = 'a-token-of-the-services-of-one-city-and-no-other';

it('the console shows what the analysis said last, and says when that is old or was never said', async () => {
  const clock = new ManualClock();
  const options = { host: '127.0.0.1', port: 0, tokens: { service: TOKEN } };
  const door = new InternalServer({ options, log: silentLog });
  onTestFinished(() => door.stop());
  const view = hearAlerts(door, clock);
  await door.start();
  expect(view.alerts().fault).toContain('has said nothing yet');

  const said: AlertsState = { ...NOTHING_YET, evaluatedAt: 5, unjudged: [{ rule: 'high-co2', why: 'no store' }] };
  await new InternalClient({ url: door.address, token: TOKEN, role: 'console' }).post('alerts', said);
  expect(view.alerts()).toEqual(said);
  await clock.advance(4 * 60_000);
  expect(view.alerts()).toEqual({ ...said, fault: expect.stringContaining('for 4 minutes') });
});
