/**
 * A city that speaks TLS only: the server makes its own certificates, a gateway is enrolled with what it is given,
 * the certificate is renewed while readings flow, and a gateway with a wrong authority is told so.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../temporary-folder.ts';
import { lamplighter } from './command.ts';
import { aServer, counted, countsOf, EdgeProcess, enrol, eventually, isBalanced } from './story.ts';

const COUNT = 4_000;
const PER_SECOND = 500;

test('readings reach the store over TLS, through a renewal of the certificate', { timeout: 120_000 }, async () => {
  const home = temporaryFolder();
  const data = join(home, 'data');
  const tls = ['--tls', 'auto', '--mqtt-port', 'off', '--mqtts-port', '0', '--tls-client-cert', 'optional'];
  const server = await aServer({ data, args: tls });
  const caFile = join(data, 'tls/ca.pem');

  const t0 = Date.now() - 3_600_000;
  const { entry } = counted({ seed: 7, count: COUNT, t0, stepMs: 100, perSecond: PER_SECOND });
  const gateway = await enrol(server.api, home, 'library', entry);
  expect(readFileSync(gateway.file, 'utf8')).toMatch(/url: mqtts:\/\/127\.0\.0\.1:\d+\n/);
  expect(readFileSync(gateway.file, 'utf8')).toContain('-----BEGIN CERTIFICATE-----');

  const edge = new EdgeProcess([gateway.file], join(home, 'edge.log'));
  await eventually(
    () => countsOf(server.api, 'library'),
    ({ stored }) => stored > 500,
  );

  const before = await serialAt(server.mqttPort, caFile);
  expect((await lamplighter(['tls', 'renew', '--data', data, '--host', 'new.example'])).code).toBe(0);
  await eventually(
    () => serialAt(server.mqttPort, caFile),
    (serial) => serial !== before,
  );
  const inBetween = await countsOf(server.api, 'library');
  expect(inBetween.stored).toBeLessThan(COUNT);
  // a new connection meets the new certificate and trusts it: its authority is the same
  await edge.kill();
  edge.restart();
  const counts = await eventually(
    () => countsOf(server.api, 'library'),
    ({ stored }) => stored >= COUNT,
    60_000,
  );
  expect(isBalanced(counts)).toBe(true);
  expect(edge.log).not.toContain('MQTT connection failed');

  const shown = await lamplighter(['tls', 'show', '--data', data]);
  expect(shown.stdout).toMatch(/ca\.pem .*Lamplighter CA .*days left/);
  expect(shown.stdout).toMatch(/server\.pem .*localhost .*new\.example .*396 days left/);

  // the same gateway, given another city's authority
  const elsewhere = join(home, 'elsewhere');
  expect((await lamplighter(['tls', 'init', '--out', elsewhere])).code).toBe(0);
  await edge.stop();
  const text = readFileSync(gateway.file, 'utf8');
  const wrong = readFileSync(join(elsewhere, 'ca.pem'), 'utf8').trim().replaceAll('\n', '\n    ');
  writeFileSync(
    gateway.file,
    text.replace(/-----BEGIN CERTIFICATE-----[\s\S]*-----END CERTIFICATE-----/, () => wrong),
  );
  edge.restart();
  await eventually(
    () => edge.log,
    (log) => log.includes("is not from an authority trusted here. Set ca_file to the city's CA"),
  );
  await eventually(
    () => server.log,
    (log) => /tls-(left|abandoned|distrusted)/.test(log),
  );
});

/** Serial number of the certificate that a new handshake meets. */
function serialAt(port: number, caFile: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: readFileSync(caFile) }, () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
