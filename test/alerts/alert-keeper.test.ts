import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { AlertFile } from '../../alerts/alert-file.ts';
import type { AlertInputs } from '../../alerts/alert-inputs.ts';
import { AlertKeeper, type AlertKeeperDeps, MOST_HISTORY } from '../../alerts/alert-keeper.ts';
import { ALERT_RULES } from '../../alerts/rules/table.ts';
import type { WebhookBody } from '../../alerts/webhook-body.ts';
import { placeOfWebhook, webhookPost } from '../../alerts/webhook-post.ts';
import { MOST_WAITING } from '../../alerts/webhook-sender.ts';
import { silentLog } from '../../runtime/log.ts';
import { ManualClock } from '../manual-clock.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { aGateway, NOW, someInputs } from './alert-builders.ts';

const MINUTE = 60_000;
const gone: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of gone.splice(0).reverse()) await stop();
});

/** A keeper on one folder, which can be stopped and started again. */
class Story {
  readonly clock = new ManualClock(NOW);
  readonly folder = temporaryFolder();
  readonly sent: WebhookBody[] = [];
  inputs: Partial<AlertInputs> = {};
  answer: Awaited<ReturnType<NonNullable<AlertKeeperDeps['post']>>> = { outcome: 'taken' };
  keeper = this.#make(true);

  #make(hasWebhook: boolean): AlertKeeper {
    return new AlertKeeper({
      rules: ALERT_RULES,
      reader: {
        read: async () => someInputs({ ...this.inputs, now: this.clock.now() }),
        stop: async () => {},
      },
      file: new AlertFile(this.folder),
      post: hasWebhook
        ? async (body) => {
            if (this.answer.outcome === 'taken') this.sent.push(body);
            return this.answer;
          }
        : undefined,
      clock: this.clock,
      random: () => 0.5,
      log: silentLog,
    });
  }

  async start(): Promise<this> {
    gone.push(() => this.keeper.stop());
    await this.keeper.start();
    return this;
  }
  async restart(hasWebhook = true): Promise<void> {
    await this.keeper.stop();
    this.keeper = this.#make(hasWebhook);
    await this.start();
  }
  async turns(count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      await this.clock.advance(MINUTE);
      await this.keeper.evaluate();
    }
  }
  get told(): string[] {
    return this.sent.flatMap(({ alerts }) => alerts.map(({ status, labels }) => `${status} ${labels.alertname}`));
  }
  get open(): string[] {
    return this.keeper.alerts().open.map(({ id, state }) => `${state} ${id}`);
  }
}

const CLONED = { gateways: [aGateway({ twoEpochs: true, devices: [] })] };
const OFF = { gateways: [aGateway({ clockOffsetMs: 3_600_000, devices: [] })] };
const BOTH = { gateways: [aGateway({ twoEpochs: true, clockOffsetMs: 3_600_000, devices: [] })] };
const WELL = { gateways: [aGateway({ devices: [] })] };

describe('the keeper', () => {
  it('fires within a minute and the time of the rule, and resolves within a minute of it', async () => {
    const story = await new Story().start();
    story.inputs = OFF;
    await story.turns(5);
    expect(story.open).toEqual(['pending clock-off/library']);
    await story.turns(1);
    expect(story.open).toEqual(['firing clock-off/library']);
    expect(story.told).toEqual(['firing clock-off']);
    story.inputs = WELL;
    await story.turns(2);
    expect(story.open).toEqual([]);
    expect(story.told).toEqual(['firing clock-off', 'resolved clock-off']);
    expect(story.keeper.alerts().history).toMatchObject([{ id: 'clock-off/library', firingAt: NOW + 6 * MINUTE }]);
  });

  it('knows after a restart what was open, pending and over, and fires nothing twice', async () => {
    const story = await new Story().start();
    story.inputs = CLONED;
    await story.turns(1);
    story.inputs = BOTH;
    await story.turns(4);
    const before = story.keeper.alerts().open;
    await story.restart();
    expect(story.keeper.alerts().open).toEqual(before.toSorted((one, other) => (one.id < other.id ? -1 : 1)));
    await story.turns(1);
    expect(story.told).toEqual(['firing two-epochs']);
    expect(story.open).toEqual(['pending clock-off/library', 'firing two-epochs/library']);
    await story.turns(2);
    expect(story.told).toEqual(['firing two-epochs', 'firing clock-off']);
    story.inputs = {};
    await story.turns(3);
    await story.restart();
    expect(story.open).toEqual([]);
    expect(story.keeper.alerts().history.map(({ rule }) => rule)).toEqual(['two-epochs', 'clock-off']);
  });

  it('takes no long sleep and no clock that is set for time in which it looked', async () => {
    const story = await new Story().start();
    story.inputs = OFF;
    await story.turns(1);
    story.clock.setWall(NOW + 10 * 3_600_000);
    await story.turns(1);
    expect(story.open).toEqual(['pending clock-off/library']);
    story.clock.setWall(NOW - 10 * 3_600_000);
    await story.turns(1);
    expect(story.open).toEqual(['pending clock-off/library']);
    await story.turns(3);
    expect(story.open).toEqual(['firing clock-off/library']);
  });

  it('leaves alerts as they are while the store is down, and says which rules it cannot judge', async () => {
    const story = await new Story().start();
    story.inputs = CLONED;
    await story.turns(1);
    story.inputs = {
      unknown: { gateways: 'ingest does not answer', intake: 'ingest does not answer' },
      storeFault: 'down',
    };
    await story.turns(3);
    expect(story.open).toEqual(['firing two-epochs/library', 'firing store-failing']);
    expect(story.keeper.alerts().open[0]?.unjudged).toBe('ingest does not answer');
    expect(story.keeper.alerts().unjudged).toContainEqual({ rule: 'two-epochs', why: 'ingest does not answer' });
    story.inputs = WELL;
    await story.turns(3);
    expect(story.open).toEqual([]);
    expect(story.told).toEqual([
      'firing two-epochs',
      'firing store-failing',
      'resolved store-failing',
      'resolved two-epochs',
    ]);
  });

  it('keeps a bounded history', async () => {
    const story = await new Story().start();
    const many = Array.from({ length: MOST_HISTORY + 20 }, (_, index) =>
      aGateway({ gateway: `g-${index}`, twoEpochs: true, devices: [] }),
    );
    story.inputs = { gateways: many };
    await story.turns(1);
    story.inputs = {};
    await story.turns(3);
    expect(story.keeper.alerts().history).toHaveLength(MOST_HISTORY);
    await story.restart();
    expect(story.keeper.alerts().history).toHaveLength(MOST_HISTORY);
  });

  it('says when the file cannot be written, and makes the turn again', async () => {
    const story = new Story();
    const file = new AlertFile(story.folder);
    let isFull = true;
    const write = file.write.bind(file);
    file.write = async (change) => {
      if (isFull) throw new Error('the disk is full');
      await write(change);
    };
    const { clock } = story;
    const keeper = new AlertKeeper({
      rules: ALERT_RULES,
      reader: { read: async () => someInputs({ ...CLONED, now: clock.now() }), stop: async () => {} },
      file,
      clock,
      random: () => 0.5,
      log: silentLog,
    });
    await keeper.start();
    gone.push(() => keeper.stop());
    await keeper.evaluate();
    expect(keeper.alerts()).toMatchObject({ fault: 'the disk is full', open: [], evaluatedAt: undefined });
    isFull = false;
    await keeper.evaluate();
    expect(keeper.alerts()).toMatchObject({ fault: '', open: [{ id: 'two-epochs/library' }] });
  });
});

describe('the webhook', () => {
  it('that is down is told everything in order once it is up, after a restart too', async () => {
    const story = await new Story().start();
    story.answer = { outcome: 'failed', words: 'http://127.0.0.1:1 does not answer', isFinal: false };
    story.inputs = CLONED;
    await story.turns(2);
    story.inputs = {};
    await story.turns(3);
    expect(story.keeper.alerts().webhook).toMatchObject({ waiting: 2, fault: 'http://127.0.0.1:1 does not answer' });
    await story.restart();
    expect(story.keeper.alerts().webhook.waiting).toBe(2);
    story.answer = { outcome: 'taken' };
    await story.clock.advance(10 * MINUTE);
    await expect.poll(() => story.keeper.alerts().webhook).toEqual({ isSet: true, waiting: 0, dropped: 0, fault: '' });
    expect(story.told).toEqual(['firing two-epochs', 'resolved two-epochs']);
    await story.restart();
    await story.turns(1);
    expect(story.told).toHaveLength(2);
  });

  it('that refuses a message for good loses that one, counted, and not the next', async () => {
    const story = await new Story().start();
    story.answer = { outcome: 'failed', words: 'http://127.0.0.1:1 answered 400', isFinal: true };
    story.inputs = CLONED;
    await story.turns(1);
    await story.clock.advance(30 * MINUTE);
    await expect.poll(() => story.keeper.alerts().webhook).toMatchObject({ waiting: 0, dropped: 1 });
    story.answer = { outcome: 'taken' };
    story.inputs = {};
    await story.turns(3);
    await expect.poll(() => story.told).toEqual(['resolved two-epochs']);
  });

  it('that stays down keeps no more than so many messages, the newest', async () => {
    const story = await new Story().start();
    story.answer = { outcome: 'failed', words: 'down', isFinal: false };
    story.inputs = {
      gateways: Array.from({ length: MOST_WAITING }, (_, index) =>
        aGateway({ gateway: `g-${index}`, twoEpochs: true, devices: [] }),
      ),
    };
    await story.turns(1);
    story.inputs = { gateways: [aGateway({ gateway: 'new', twoEpochs: true, devices: [] })] };
    await story.turns(1);
    expect(story.keeper.alerts().webhook).toMatchObject({ waiting: MOST_WAITING, dropped: 1 });
    await story.restart();
    expect(story.keeper.alerts().webhook.waiting).toBe(MOST_WAITING);
  });

  it('that was taken away is told nothing that was left', async () => {
    const story = await new Story().start();
    story.answer = { outcome: 'failed', words: 'down', isFinal: false };
    story.inputs = CLONED;
    await story.turns(1);
    await story.restart(false);
    await story.restart(true);
    expect(story.keeper.alerts().webhook.waiting).toBe(0);
  });
});

describe('a post', () => {
  async function receiver(status: number, headers: Record<string, string> = {}) {
    const requests: { headers: IncomingMessage['headers']; body: WebhookBody; url: string | undefined }[] = [];
    const server: Server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      requests.push({ headers: request.headers, body: JSON.parse(text) as WebhookBody, url: request.url });
      response.writeHead(status, headers).end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    gone.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return { requests, port: (server.address() as AddressInfo).port };
  }

  it('sends what Alertmanager sends, with the password of the address as a header', async () => {
    const { requests, port } = await receiver(200);
    const story = await new Story().start();
    story.inputs = CLONED;
    await story.turns(1);
    const [body] = story.sent;
    if (body === undefined) throw new Error('nothing was sent');
    expect(await webhookPost(`http://me:p%40ss@127.0.0.1:${port}/hook?key=1`)(body)).toEqual({ outcome: 'taken' });
    expect(requests[0]?.url).toBe('/hook?key=1');
    expect(requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    expect(requests[0]?.body).toMatchObject({
      version: '4',
      status: 'firing',
      commonLabels: { alertname: 'two-epochs', severity: 'critical', owner: 'technician', gateway: 'library' },
      alerts: [
        {
          status: 'firing',
          fingerprint: 'two-epochs/library',
          startsAt: new Date(NOW + 5_000).toISOString(),
          endsAt: '0001-01-01T00:00:00Z',
          annotations: { summary: 'Library runs twice' },
        },
      ],
    });
  });

  it('that fails says so without the secret of the address', async () => {
    const { port } = await receiver(403);
    const { port: redirecting } = await receiver(302, { location: 'http://127.0.0.1:9/' });
    const { port: refusing } = await receiver(422);
    const body = { alerts: [] } as unknown as WebhookBody;
    const results = await Promise.all(
      [port, redirecting, refusing, 1].map((one) => webhookPost(`http://me:secret@127.0.0.1:${one}/secret`)(body)),
    );
    expect(results.map((result) => (result.outcome === 'failed' ? [result.words, result.isFinal] : []))).toEqual([
      [`http://127.0.0.1:${port} answered 403`, false],
      [`http://127.0.0.1:${redirecting} redirects (302); set the address that it redirects to`, false],
      [`http://127.0.0.1:${refusing} answered 422`, true],
      // Port 1, which is blocked for HTTP.
      ['http://127.0.0.1:1 does not answer: nobody may speak HTTP to that port', false],
    ]);
    expect(JSON.stringify(results)).not.toContain('secret');
    expect(placeOfWebhook('https://me:secret@example.org/secret')).toBe('https://example.org');
  });
});
