import { describe, expect, it, onTestFinished } from 'vitest';
import type { OpenAlert } from '../../alerts/alert-record.ts';
import { type AlertsState, NOTHING_YET } from '../../alerts/alerts-view.ts';
import { ALERT_RULES } from '../../alerts/rules/table.ts';
import { buildConsoleApp } from '../../console/api/app.ts';
import type { AlertRulesReply, AlertsReply } from '../../console/api/replies-alerts.ts';
import { aCityOfOne } from './fake-city.ts';

const AT = Date.parse('2026-11-01T12:00:00Z');

function anOpen(change: Partial<OpenAlert>): OpenAlert {
  return {
    id: 'two-epochs/library',
    rule: 'two-epochs',
    severity: 'critical',
    site: 'main-library',
    gateway: 'library',
    device: null,
    devices: [],
    title: 'Library runs twice',
    words: 'Two starts of it are alive.',
    whatToDo: 'Stop one.',
    figures: [],
    since: null,
    seenAt: AT - 60_000,
    state: 'firing',
    firingAt: AT - 60_000,
    heldMs: 0,
    quietMs: 0,
    unjudged: '',
    ...change,
  };
}

async function ask<T>(state: AlertsState | undefined, url: string): Promise<{ status: number; body: T }> {
  const app = await buildConsoleApp(aCityOfOne({ alerts: state && { alerts: () => state } }), { host: '127.0.0.1' });
  onTestFinished(() => app.close());
  const reply = await app.inject({ url, headers: { host: '127.0.0.1' } });
  return { status: reply.statusCode, body: reply.json() as T };
}

describe('/api/alerts', () => {
  it('lists what is open, the worst first and pending last, and what is over', async () => {
    const { heldMs: _, quietMs: __, unjudged: ___, state: ____, ...rest } = anOpen({ id: 'old' });
    const over = { ...rest, firingAt: AT - 100_000, resolvedAt: AT - 50_000, number: 1 };
    const { body } = await ask<AlertsReply>(
      {
        ...NOTHING_YET,
        evaluatedAt: AT,
        open: [
          anOpen({ id: 'note', severity: 'info' }),
          anOpen({ id: 'soon', state: 'pending', firingAt: null }),
          anOpen({ unjudged: 'Library is not connected' }),
        ],
        history: [over],
        unjudged: [{ rule: 'high-co2', why: 'the store cannot be read' }],
      },
      '/api/alerts',
    );
    expect(body.open.map(({ id }) => id)).toEqual(['two-epochs/library', 'note', 'soon']);
    expect(body.open[0]).toMatchObject({
      rule_title: 'Gateway runs twice',
      owner: 'technician',
      firing: '2026-11-01T11:59:00.000Z',
      unjudged: 'Library is not connected',
    });
    expect(body).toMatchObject({
      evaluated: '2026-11-01T12:00:00.000Z',
      by_severity: { critical: 1, info: 1, warning: 0 },
      history: [{ id: 'old', resolved_ms: AT - 50_000 }],
      cannot_be_judged: [{ rule: 'high-co2', rule_title: 'CO₂ over limit', why: 'the store cannot be read' }],
    });
  });
  it('says that nothing evaluates alerts where nothing does, and refuses what it does not know', async () => {
    const { body } = await ask<AlertsReply>(undefined, '/api/alerts?history=0');
    expect(body).toMatchObject({ open: [], evaluated: null, fault: expect.stringContaining('role analysis') });
    expect((await ask(undefined, '/api/alerts?histry=1')).status).toBe(400);
    expect((await ask(undefined, '/api/alerts?history=9999')).status).toBe(400);
  });
  it('tells the rules', async () => {
    const { body } = await ask<AlertRulesReply>(undefined, '/api/alerts/rules');
    expect(body.rules.map(({ id }) => id)).toEqual(ALERT_RULES.map(({ id }) => id));
  });
});
