import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { hostsOf, validityWords } from '../../cli/certificates/certificate-words.ts';
import { TlsFolder } from '../../cli/certificates/tls-folder.ts';
import { readSettings } from '../../cli/read-settings.ts';
import { readGatewayConfig } from '../../edge/gateway-config.ts';
import { gatewayFile } from '../../edge/gateway-file.ts';
import { temporaryFolder } from '../temporary-folder.ts';

const DAY_MS = 86_400_000;
const serverOf = (folder: TlsFolder) => readFileSync(folder.server.certFile, 'utf8');

describe('the folder of own certificates', () => {
  it('is made whole: authority, broker, hosts, keys for the owner alone', async () => {
    const folder = new TlsFolder(join(temporaryFolder(), 'tls'), Date.now);
    await folder.init({ hosts: ['broker.example', '10.1.2.3'] });
    const ca = new X509Certificate(readFileSync(folder.caFile));
    const server = folder.serverCertificate();
    expect(ca.ca).toBe(true);
    expect(server.ca).toBe(false);
    expect(server.checkIssued(ca)).toBe(true);
    expect(server.verify(ca.publicKey)).toBe(true);
    for (const host of ['localhost', 'broker.example', hostname()]) expect(server.checkHost(host)).toBe(host);
    for (const address of ['127.0.0.1', '::1', '10.1.2.3']) expect(server.checkIP(address)).toBe(address);
    expect(server.checkHost('elsewhere.example')).toBeUndefined();
    for (const file of [folder.server.keyFile, join(folder.path, 'ca-key.pem')]) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
  });

  it('is never overwritten', async () => {
    const folder = new TlsFolder(temporaryFolder(), Date.now);
    await folder.init({ hosts: [] });
    const before = serverOf(folder);
    await expect(folder.init({ hosts: [] })).rejects.toThrow(/already and not overwritten/);
    await folder.client({ id: 'library' });
    await expect(folder.client({ id: 'library' })).rejects.toThrow(/library\.pem is there already/);
    expect(serverOf(folder)).toBe(before);
  });

  it('renews the certificate by the same authority, for the hosts of the one before and more', async () => {
    const folder = new TlsFolder(temporaryFolder(), Date.now);
    await folder.init({ hosts: ['one.example', 'fd00::1'] });
    const [ca, before] = [readFileSync(folder.caFile, 'utf8'), hostsOf(folder.serverCertificate())];
    await folder.renew({ hosts: ['two.example'], days: 10 });
    expect(hostsOf(folder.serverCertificate())).toEqual([...before, 'two.example']);
    expect(readFileSync(folder.caFile, 'utf8')).toBe(ca);
    expect(folder.serverCertificate().verify(new X509Certificate(ca).publicKey)).toBe(true);
    expect(validityWords(folder.serverCertificate(), Date.now())).toMatch(/^until \d{4}-\d\d-\d\d, 9 days left$/);
  });

  it('is made, kept and renewed by a server that looks after it', async () => {
    let now = Date.now();
    const folder = new TlsFolder(join(temporaryFolder(), 'tls'), () => now);
    expect(await folder.ensure(['a.example'])).toBe('made');
    expect(await folder.ensure(['a.example', '127.0.0.1'])).toBe('kept');
    expect(await folder.ensure(['b.example'])).toBe('renewed');
    expect(await folder.ensure(['a.example', 'b.example'])).toBe('kept');
    now += 370 * DAY_MS;
    expect(await folder.ensure(['a.example'])).toBe('renewed');
    expect(await folder.ensure(['a.example'])).toBe('kept');
    expect(existsSync(`${folder.server.keyFile}.new`)).toBe(false);
  });

  it('tells what is missing', async () => {
    const folder = new TlsFolder(temporaryFolder(), Date.now);
    await expect(folder.client({ id: 'library' })).rejects.toThrow(
      /ca\.pem\. Make the authority with: lamplighter tls init/,
    );
    await expect(folder.renew({})).rejects.toThrow(/lamplighter tls init/);
    expect(folder.certificates()).toEqual([]);
  });

  it('says in words how long a certificate holds', async () => {
    const folder = new TlsFolder(temporaryFolder(), () => Date.parse('2026-01-01T00:00:00Z'));
    await folder.init({ hosts: [], days: 30 });
    const at = (time: string) => validityWords(folder.serverCertificate(), Date.parse(time));
    expect(at('2026-01-02T00:00:00Z')).toBe('until 2026-01-31, 29 days left');
    expect(at('2026-02-01T12:00:00Z')).toBe('ENDED on 2026-01-31, 1 day ago');
    expect(at('2025-01-01T00:00:00Z')).toMatch(/^not before 2025-12-31T23:00.*clock$/);
  });
});

describe('settings of the listeners', () => {
  const read = (flags: Record<string, string>) => readSettings({ flags, env: {} });
  const faults = (flags: Record<string, string>) => {
    const result = read(flags);
    return result.ok ? '' : result.faults.map(({ source, words }) => `${source}: ${words}`).join('\n');
  };

  it('take off, ports and auto, from a file too', () => {
    const file = join(temporaryFolder(), 'x.yaml');
    writeFileSync(file, 'mqtt_port: off\ntls: auto\nws_port: 9001\ncity: none\n');
    expect(read({ config: file })).toMatchObject({
      ok: true,
      settings: { mqtt_port: 'off', tls: 'auto', ws_port: 9001 },
    });
    expect(read({ tls: 'off' })).toMatchObject({ ok: true, settings: { mqtt_port: 1883, tls: 'off' } });
  });

  test.each([
    [{ mqtt_port: 'never' }, '--mqtt-port: must be a port number or off'],
    [{ tls_cert: 'a.pem' }, '--tls-key: is missing'],
    [{ tls: 'auto', tls_cert: 'a.pem', tls_key: 'b.pem' }, '--tls-cert: does not go with --tls auto'],
    [{ wss_port: '1' }, '--wss-port: needs certificates'],
    [{ tls_client_cert: 'required' }, '--tls-client-cert: needs TLS'],
    [{ tls_cert: 'a', tls_key: 'b', tls_client_cert: 'required' }, '--tls-client-ca: is missing'],
    [{ tls_cert: 'a', tls_key: 'b', tls_client_ca: 'c' }, '--tls-client-cert: is missing'],
    [{ mqtt_port: 'off', city: 'none' }, '--mqtt-port: off leaves no listener'],
    [{ mqtt_port: 'off', tls: 'auto' }, '--mqtt-port: off does not go with --city demo'],
  ])('%j', (flags, words) => expect(faults(flags as unknown as Record<string, string>)).toContain(words));
});

test('the ready file of a new gateway holds the authority, and reads back', async () => {
  const home = temporaryFolder();
  const folder = new TlsFolder(home, Date.now);
  await folder.init({ hosts: [] });
  const ca = readFileSync(folder.caFile, 'utf8');
  const gateway = { id: 'library', site: 'town', zone: 'America/New_York', url: 'mqtts://localhost:8883' };
  const file = join(home, 'gateway.yaml');
  writeFileSync(file, gatewayFile({ ...gateway, token: 't', topicPrefix: 'city/v1', ca }));
  const result = readGatewayConfig(file);
  expect(result).toMatchObject({ ok: true, value: { broker: { url: gateway.url, token: 't', ca } } });

  writeFileSync(file, gatewayFile({ ...gateway, token: 't', topicPrefix: 'city/v1', ca, needsCertificate: true }));
  const without = readGatewayConfig(file);
  expect(without.ok ? [] : without.faults.map(({ field }) => field)).toEqual(['broker.cert_file', 'broker.key_file']);
  const { certFile, keyFile } = await folder.client({ id: 'library' });
  writeFileSync(join(home, 'library.pem'), readFileSync(certFile));
  writeFileSync(join(home, 'library-key.pem'), readFileSync(keyFile));
  expect(readGatewayConfig(file)).toMatchObject({
    ok: true,
    value: { broker: { certFile: join(home, 'library.pem') } },
  });
});
