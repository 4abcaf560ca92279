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
