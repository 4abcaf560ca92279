import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ServerClient } from '../../cli/server-client.ts';

async function aClient(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const console = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { client: new ServerClient({ console, mqtt: 'mqtt://127.0.0.1:1' }, 'token'), server, console };
}

test.each<[string, RequestListener]>([
  ['before it answers', (request) => void request.socket.destroy()],
  [
    'within its answer',
    (request, reply) => {
      reply.writeHead(200, { 'content-length': '100' });
      reply.write('{', () => request.socket.destroy());
    },
  ],
])('a server that goes away %s is told in words', async (_, answer) => {
  const { client, console } = await aClient(answer);
  const words = new RegExp(`^the server at ${console} went away .*call this again when it runs\\.$`);
  const asks = ['get', 'post', 'text', 'file'] as const;
  for (const how of asks) {
    await expect(client[how]('/api/x')).rejects.toMatchObject({
      code: 'not-ready',
      message: expect.stringMatching(words),
    });
  }
});

test('what the server refuses is told as it says it, and answers that are no JSON of ours are shown', async () => {
  const { client } = await aClient((request, reply) => {
    if (request.url === '/api/x')
      reply.writeHead(400).end('{"error":{"code":"bad-request","message":"is unknown","field":"site"}}');
    else reply.writeHead(502).end('<html>gateway');
  });
  await expect(client.get('/api/x')).rejects.toMatchObject({ code: 'bad-request', message: 'site: is unknown' });
  await expect(client.get('/api/y')).rejects.toThrow('the server answered 502: <html>gateway');
});

test.each([
  ['"x" is not in the register; GET /api/sites lists them', /; list them with: lamplighter export manifest$/],
  [
    '"g/x" is not in the register; GET /api/devices?gateway=g lists them',
    /; list them with: lamplighter export manifest$/,
  ],
  ['gateway "x" is not in the register; GET /api/gateways lists them', /; list them with: lamplighter gateway list$/],
  ['"k" is not in the catalogue; GET /api/metrics-catalogue lists it', /; list it with: lamplighter metrics$/],
  ['make a new token for it with POST /api/gateways/roof/token', /with lamplighter gateway token roof$/],
])('what the API advises is advised as a command: %s', async (message, words) => {
  const { client } = await aClient((_, reply) => {
    reply.writeHead(404).end(JSON.stringify({ error: { code: 'not-found', message } }));
  });
  await expect(client.get('/api/x')).rejects.toThrow(words);
});

test('the rest of a path is no field', async () => {
  const { client } = await aClient((_, reply) => {
    const error = { code: 'bad-request', message: '*: must be gateway/epoch/seq/index', field: '*' };
    reply.writeHead(400).end(JSON.stringify({ error }));
  });
  await expect(client.get('/api/x')).rejects.toThrow(/^must be gateway\/epoch\/seq\/index$/);
});
