/** What people check a TLS port with: openssl and mosquitto_pub. */
import { expect, it } from 'vitest';
import { describeWithServer } from '../real-servers/needs-server.ts';
import { tokenOf } from './broker-fixture.ts';
import { aTlsBroker, type Files, runProgram, TestAuthority, type TlsFixture } from './tls-fixture.ts';

const reasons = ({ broker }: TlsFixture) => expect.poll(() => broker.stats().refused);

describeWithServer('openssl')('openssl s_client', () => {
  const sClient = ({ port }: TlsFixture, caFile: string, ...more: string[]) =>
    runProgram('openssl', [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-CAfile',
      caFile,
      '-verify_return_error',
      ...more,
    ]);

  it('verifies certificate and host', async () => {
    const city = await aTlsBroker();
    for (const version of ['-tls1_2', '-tls1_3']) {
      const { code, said } = await sClient(city, city.authority.caFile, '-verify_hostname', 'localhost', version);
      expect(said).toContain('Verification: OK');
      expect(said).toContain('Verify return code: 0 (ok)');
      expect(code).toBe(0);
    }
  });

  it('refuses another authority, and the broker says that it did', async () => {
    const city = await aTlsBroker();
    const { code, said } = await sClient(city, (await TestAuthority.make()).caFile);
    expect(code).not.toBe(0);
    expect(said).toMatch(/verify error:num=\d+:/);
    await reasons(city).toEqual({ 'tls-distrusted': 1 });
    expect(city.lines.find(({ reason }) => reason === 'tls-distrusted')?.msg).toContain(
      'does not accept our certificate',
    );
  });

  it('refuses a certificate that has ended', async () => {
    const city = await aTlsBroker({ server: { days: -1 } });
    const { code, said } = await sClient(city, city.authority.caFile);
    expect(code).not.toBe(0);
    expect(said).toContain('certificate has expired');
    await reasons(city).toEqual({ 'tls-expired': 1 });
  });

  it('refuses another host', async () => {
    const city = await aTlsBroker({ server: { hosts: ['broker.example'] } });
    const { code, said } = await sClient(city, city.authority.caFile, '-verify_hostname', 'localhost');
    expect(code).not.toBe(0);
    expect(said).toMatch(/hostname mismatch/i);
    await reasons(city).toEqual({ 'tls-distrusted': 1 });
  });

  it('gets no connection with TLS 1.1', async () => {
    const city = await aTlsBroker();
    const { code, said } = await sClient(city, city.authority.caFile, '-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0');
    expect(code).not.toBe(0);
    expect(said).toMatch(/alert protocol version/i);
    await reasons(city).toEqual({ 'tls-version': 1 });
  });
});

describeWithServer('mosquitto_pub')('mosquitto_pub', () => {
  const publish = ({ port }: TlsFixture, caFile: string, own?: Files, id = 'library') =>
    runProgram('mosquitto_pub', [
      ...['-h', 'localhost', '-p', String(port), '--cafile', caFile],
      ...(own === undefined ? [] : ['--cert', own.certFile, '--key', own.keyFile]),
      ...['-i', id, '-u', id, '-P', tokenOf(id), '-q', '1', '-t', `city/v1/${id}/readings`, '-m', 'hello'],
    ]);

  it('publishes with the right authority, and not with another', async () => {
    const city = await aTlsBroker();
    expect(await publish(city, city.authority.caFile)).toEqual({ code: 0, said: '' });
    expect(city.broker.stats().messagesIn).toBe(1);
    const refused = await publish(city, (await TestAuthority.make()).caFile);
    expect(refused.code).not.toBe(0);
    await reasons(city).toEqual({ 'tls-distrusted': 1 });
    expect(city.broker.stats().messagesIn).toBe(1);
  });

  it('does not publish to a wrong host or with an ended certificate', async () => {
    const elsewhere = await aTlsBroker({ server: { hosts: ['broker.example'] } });
    expect((await publish(elsewhere, elsewhere.authority.caFile)).code).not.toBe(0);
    await reasons(elsewhere).toEqual({ 'tls-distrusted': 1 });
    const ended = await aTlsBroker({ server: { days: -1 } });
    expect((await publish(ended, ended.authority.caFile)).code).not.toBe(0);
    await reasons(ended).toEqual({ 'tls-expired': 1 });
  });

  it('needs a certificate of its own where one is required', async () => {
    const city = await aTlsBroker({ clientCertificate: 'required' });
    const { caFile } = city.authority;
    expect((await publish(city, caFile)).code).not.toBe(0);
    await reasons(city).toEqual({ 'client-certificate-missing': 1 });
    const own = await city.authority.client('library');
    expect(await publish(city, caFile, own)).toEqual({ code: 0, said: '' });
    expect((await publish(city, caFile, own, 'depot')).code).not.toBe(0);
    expect((await publish(city, caFile, await city.authority.client('depot', -1), 'depot')).code).not.toBe(0);
    expect((await publish(city, caFile, await (await TestAuthority.make()).client('library'))).code).not.toBe(0);
    await reasons(city).toEqual({
      'client-certificate-missing': 1,
      'client-certificate-name': 1,
      'client-certificate-invalid': 2,
    });
    expect(city.broker.stats().messagesIn).toBe(1);
  });
});
