import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createBroker } from '../../broker/broker.ts';
import { systemClock } from '../../runtime/clock.ts';
import { MqttLink, type MqttLinkOptions } from '../../runtime/mqtt-link.ts';
import { ManualClock } from '../manual-clock.ts';
import { aClient, closed, connackOf, connectPacket, tokenOf } from './broker-fixture.ts';
import { aLog, aTlsBroker, aTlsSocket, TestAuthority, type TlsFixture } from './tls-fixture.ts';

const secure = ({ authority, port }: TlsFixture, change: object = {}) => ({
  protocol: 'mqtts' as const,
  host: 'localhost',
  port,
  ca: readFileSync(authority.caFile),
  ...change,
});

describe('MQTT over TLS', () => {
  it('takes a gateway, with 1.2 and 1.3', async () => {
    const city = await aTlsBroker();
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const gateway = await aClient(city.broker, 'library', secure(city, { minVersion: version, maxVersion: version }));
      await gateway.publishAsync('city/v1/library/readings', 'x', { qos: 1 });
      await gateway.endAsync();
    }
    expect(city.broker.stats()).toMatchObject({ messagesIn: 2, refused: {} });
  });

  it('takes 300 connections at once', { timeout: 60_000 }, async () => {
    const city = await aTlsBroker();
    const sockets = await Promise.all(Array.from({ length: 300 }, () => aTlsSocket(city.port, city.authority.caFile)));
    await Promise.all(
      sockets.map(async (socket) => {
        socket.write(connectPacket('technician', { clientId: `t${socket.localPort}` }));
        await once(socket, 'data');
      }),
    );
    expect(city.broker.stats()).toMatchObject({ connections: 300, sessions: 300, refused: {} });
  });

  it.each([
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'not-tls'],
    ['MQTT without TLS', connectPacket('library'), 'not-tls'],
    ['zeros', Buffer.alloc(100), 'not-tls'],
  ])('closes on %s', async (_name, bytes, reason) => {
    const city = await aTlsBroker();
    const socket = connect(city.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write(bytes);
    await closed(socket);
    await expect.poll(() => city.broker.stats().refused).toEqual({ [reason]: 1 });
    expect(city.broker.stats().connections).toBe(0);
    expect(await connackOf(city.broker, 'library', secure(city))).toBe(0);
  });

  it('refuses what is no MQTT inside TLS, as without it', async () => {
    const city = await aTlsBroker();
    const socket = await aTlsSocket(city.port, city.authority.caFile);
    socket.resume();
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await closed(socket);
    expect(city.broker.stats().refused).toEqual({ 'not-mqtt': 1 });
    const announcer = await aTlsSocket(city.port, city.authority.caFile);
    announcer.resume();
    announcer.write(Buffer.from([0x10, 0x81, 0x80, 0x01, 0, 4]));
    await closed(announcer);
    expect(city.broker.stats().refused).toEqual({ 'not-mqtt': 1, 'connect-too-large': 1 });
  });

  it('gives handshake and CONNECT together no more time than a CONNECT', async () => {
    const clock = new ManualClock();
    const city = await aTlsBroker({ clock });
    const silent = connect(city.port, '127.0.0.1');
    silent.on('error', () => {});
    await expect.poll(() => city.broker.stats().connections).toBe(1);
    await clock.advance(9_999);
    const late = connect(city.port, '127.0.0.1');
    late.destroy();
    expect(silent.destroyed).toBe(false);
    const gone = closed(silent.resume());
    await clock.advance(1);
    await gone;
    expect(city.broker.stats().refused['connect-timeout']).toBe(1);
    expect(city.lines.find(({ reason }) => reason === 'connect-timeout')?.detail).toBe('during the TLS handshake');
  });

  it('counts the time of the handshake towards the time to CONNECT', async () => {
    const clock = new ManualClock();
    const city = await aTlsBroker({ clock });
    const raw = connect(city.port, '127.0.0.1');
    await expect.poll(() => city.broker.stats().connections).toBe(1);
    await clock.advance(8_000);
    const { connect: connectTls } = await import('node:tls');
    const socket = connectTls({ socket: raw, servername: 'localhost', ca: readFileSync(city.authority.caFile) });
    socket.on('error', () => {});
    await once(socket, 'secureConnect');
    socket.write(connectPacket('library').subarray(0, 5));
    await expect.poll(() => city.broker.stats().bytesIn).toBe(5);
    const gone = closed(socket.resume());
    await clock.advance(2_000);
    await gone;
    expect(city.broker.stats().refused).toEqual({ 'connect-timeout': 1 });
  });

  it('admits no more connections than without TLS, before any handshake', async () => {
    const city = await aTlsBroker({ limits: { maxConnectionsPerAddress: 1 } });
    await aTlsSocket(city.port, city.authority.caFile);
    await expect(aTlsSocket(city.port, city.authority.caFile)).rejects.toThrow();
    expect(city.broker.stats()).toMatchObject({ connections: 1, refused: { 'too-many-from-address': 1 } });
  });

  it('stops while connections are open and handshakes under way', async () => {
    const city = await aTlsBroker();
    const open = await aTlsSocket(city.port, city.authority.caFile);
    const half = connect(city.port, '127.0.0.1');
    half.on('error', () => {});
    await expect.poll(() => city.broker.stats().connections).toBe(2);
    await Promise.all([closed(open.resume()), closed(half.resume()), city.broker.stop()]);
    expect(city.broker.stats().connections).toBe(0);
  });
});

describe('client certificates', () => {
  const withCertificate = async (city: TlsFixture, id: string, days?: number) => {
    const { certFile, keyFile } = await city.authority.client(id, days);
    return { cert: readFileSync(certFile), key: readFileSync(keyFile) };
  };

  it('required: nobody comes in without one, and the token counts as well', async () => {
    const city = await aTlsBroker({ clientCertificate: 'required' });
    await expect(aClient(city.broker, 'library', secure(city))).rejects.toThrow(/certificate required/);
    await expect.poll(() => city.broker.stats().refused).toEqual({ 'client-certificate-missing': 1 });
    const own = await withCertificate(city, 'library');
    expect(await connackOf(city.broker, 'library', secure(city, own))).toBe(0);
    expect(await connackOf(city.broker, 'library', secure(city, { ...own, password: 'wrong' }))).toBe(4);
    expect(await connackOf(city.broker, 'depot', secure(city, own))).toBe(5);
    expect(city.broker.stats().refused['client-certificate-name']).toBe(1);
  });

  it.each(['required', 'optional'] as const)(
    '%s: one that has ended, or of another authority, is refused',
    async (rule) => {
      const city = await aTlsBroker({ clientCertificate: rule });
      const ended = await withCertificate(city, 'library', -1);
      expect(await connackOf(city.broker, 'library', secure(city, ended))).not.toBe(0);
      const stranger = await TestAuthority.make();
      const foreign = await stranger.client('library');
      const other = { cert: readFileSync(foreign.certFile), key: readFileSync(foreign.keyFile) };
      expect(await connackOf(city.broker, 'library', secure(city, other))).not.toBe(0);
      await expect.poll(() => city.broker.stats().refused).toEqual({ 'client-certificate-invalid': 2 });
      expect(city.broker.stats().sessions).toBe(0);
    },
  );

  it('a server certificate is not a client certificate', async () => {
    const city = await aTlsBroker({ clientCertificate: 'required' });
    const pair = await city.authority.server({ hosts: ['library'] });
    expect(await connackOf(city.broker, 'library', secure(city, { cert: pair.certificate, key: pair.key }))).not.toBe(
      0,
    );
    expect(city.broker.stats().refused).toEqual({ 'client-certificate-invalid': 1 });
  });

  it('optional: who has none needs only its token, who has one may only use its name', async () => {
    const city = await aTlsBroker({ clientCertificate: 'optional' });
    expect(await connackOf(city.broker, 'library', secure(city))).toBe(0);
    const own = await withCertificate(city, 'depot');
    expect(await connackOf(city.broker, 'library', secure(city, own))).toBe(5);
    expect(await connackOf(city.broker, 'depot', secure(city, own))).toBe(0);
    expect(await connackOf(city.broker, 'depot', secure(city, { ...own, password: undefined }))).toBe(5);
  });

  it('instead of a token: a gateway of that name, nobody else', async () => {
    const city = await aTlsBroker({ clientCertificate: 'instead-of-token' });
    const library = secure(city, { ...(await withCertificate(city, 'library')), password: undefined });
    expect(await connackOf(city.broker, 'library', library)).toBe(0);
    expect(await connackOf(city.broker, 'depot', library)).toBe(5);
    expect(await connackOf(city.broker, 'library', { ...library, clientId: 'depot' })).toBe(2);
    expect(await connackOf(city.broker, 'library', { ...library, password: 'wrong' })).toBe(4);
    expect(await connackOf(city.broker, 'library', secure(city, { password: undefined }))).toBe(5);
    const ingest = secure(city, { ...(await withCertificate(city, 'ingest')), password: undefined });
    expect(await connackOf(city.broker, 'ingest', ingest)).toBe(4);
    city.register.change(() => {
      city.register.gatewayById.set('library', { id: 'library', name: 'library', site: 'town', retired: true });
    });
    expect(await connackOf(city.broker, 'library', library)).toBe(5);
  });
});

describe('what a gateway is told', () => {
  const linkTo = async (city: TlsFixture, change: Partial<MqttLinkOptions>): Promise<MqttLink> => {
    const options = {
      url: `mqtts://localhost:${city.port}`,
      clientId: 'library',
      username: 'library',
      password: tokenOf('library'),
      caFile: city.authority.caFile,
      ...change,
    };
    const link = new MqttLink({ options, clock: systemClock, random: () => 1, log: aLog().log });
    onTestFinished(() => link.stop());
    await link.start();
    return link;
  };
  const schemes = [
    ['mqtts', 'tls'],
    ['wss', 'wss'],
  ] as const;

  for (const [scheme, kind] of schemes) {
    const url = (city: TlsFixture, host = 'localhost') => `${scheme}://${host}:${city.port}`;

    it(`${scheme}: connects, with the authority as file or text`, async () => {
      const city = await aTlsBroker({ kind });
      const byFile = await linkTo(city, { url: url(city, '127.0.0.1') });
      await expect.poll(() => byFile.connected).toBe(true);
      await byFile.stop();
      const ca = readFileSync(city.authority.caFile, 'utf8');
      const byText = await linkTo(city, { url: url(city), caFile: undefined, ca });
      await expect.poll(() => byText.connected).toBe(true);
    });

    it(`${scheme}: a wrong authority`, async () => {
      const city = await aTlsBroker({ kind });
      const link = await linkTo(city, { url: url(city), caFile: (await TestAuthority.make()).caFile });
      await expect
        .poll(() => link.lastError)
        .toMatch(
          /^the certificate of localhost \(issued by Test CA\) is not from an authority trusted here\. Set ca_file/,
        );
      await expect.poll(() => leftBehind(city)).toBe(1);
    });

    it(`${scheme}: a certificate that has ended, with its date`, async () => {
      const city = await aTlsBroker({ kind, server: { days: -1 } });
      const link = await linkTo(city, { url: url(city) });
      const date = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
      await expect.poll(() => link.lastError).toContain(`the certificate of localhost ended on ${date}`);
    });

    it(`${scheme}: another host, with the names`, async () => {
      const city = await aTlsBroker({ kind, server: { hosts: ['broker.example', '10.1.2.3'] } });
      const link = await linkTo(city, { url: url(city) });
      await expect.poll(() => link.lastError).toMatch(/is for broker\.example, 10\.1\.2\.3, not for localhost/);
      await expect.poll(() => leftBehind(city)).toBe(1);
    });
  }

  it('a client certificate is asked for', async () => {
    const city = await aTlsBroker({ clientCertificate: 'required' });
    const link = await linkTo(city, {});
    await expect
      .poll(() => link.lastError)
      .toContain('localhost asks for a client certificate. Set cert_file and key_file');
  });

  it('its own certificate is not taken', async () => {
    const city = await aTlsBroker({ clientCertificate: 'required' });
    const link = await linkTo(city, await city.authority.client('library', -1));
    await expect.poll(() => link.lastError).toMatch(/certificate.*cert_file/);
  });

  it('the port speaks no TLS', async () => {
    const city = await aTlsBroker({ kind: 'tcp' });
    const link = await linkTo(city, {});
    await expect.poll(() => link.lastError).toMatch(/TLS/);
  });

  it('its own certificate lets it in without a token', async () => {
    const city = await aTlsBroker({ clientCertificate: 'instead-of-token' });
    const link = await linkTo(city, { ...(await city.authority.client('library')), password: undefined });
    await expect.poll(() => link.connected).toBe(true);
  });
});

/** Node judges the certificate last and then just leaves; when exactly depends on what is still on its way. */
function leftBehind({ broker }: TlsFixture): number {
  const { refused } = broker.stats();
  const words = ['tls-abandoned', 'tls-left', 'not-websocket'].map((reason) => refused[reason] ?? 0);
  return words.reduce((sum, count) => sum + count, 0);
}

describe('certificate files', () => {
  it('are taken into use when they change, and connections stay and lose nothing', async () => {
    const city = await aTlsBroker();
    const heard: string[] = [];
    await city.broker.link.subscribe('city/v1/+/readings', (_topic, payload) => heard.push(payload.toString()));
    const gateway = await aClient(city.broker, 'library', secure(city));
    const before = (await aTlsSocket(city.port, city.authority.caFile)).getPeerX509Certificate()?.serialNumber;
    let sent = 0;
    const sending = setInterval(() => gateway.publish('city/v1/library/readings', String(sent++)), 2);
    onTestFinished(() => clearInterval(sending));
    city.authority.write('server', await city.authority.server({ hosts: ['localhost', 'new.example'] }));
    const now = async () => (await aTlsSocket(city.port, city.authority.caFile)).getPeerX509Certificate();
    await expect.poll(async () => (await now())?.serialNumber, { timeout: 10_000 }).not.toBe(before);
    expect((await now())?.subjectAltName).toContain('new.example');
    clearInterval(sending);
    await gateway.publishAsync('city/v1/library/readings', 'last', { qos: 1 });
    await expect.poll(() => heard.at(-1)).toBe('last');
    expect(heard.slice(0, -1)).toEqual(Array.from({ length: sent }, (_, i) => String(i)));
    expect(gateway.connected).toBe(true);
  });

  it.each([
    [
      'a missing file',
      (files: { certFile: string }) => ({ ...files, certFile: '/nowhere/x.pem' }),
      /certificate \/nowhere\/x\.pem cannot be read \(ENOENT\)/,
    ],
    [
      'files in the wrong order',
      (files: { certFile: string; keyFile: string }) => ({ certFile: files.keyFile, keyFile: files.certFile }),
      /holds no certificate/,
    ],
  ])('do not let the broker start with %s', async (_name, change, words) => {
    const authority = await TestAuthority.make();
    const files = authority.write('server', await authority.server());
    const city = await aTlsBroker();
    const broker = createBroker({
      options: { listeners: [{ kind: 'tls', host: '127.0.0.1', port: 0 }], tls: { ...files, ...change(files) } },
      register: city.register,
      clock: systemClock,
      log: aLog().log,
      registry: new (await import('prom-client')).Registry(),
    });
    await expect(broker.start()).rejects.toThrow(words);
    await broker.stop();
  });
});
