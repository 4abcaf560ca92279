import { rmSync, writeFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { expect, it, onTestFinished } from 'vitest';
import type { Certificates } from '../../broker/certificate-files.ts';
import { CertificateWatch } from '../../broker/certificate-watch.ts';
import { ManualClock } from '../manual-clock.ts';
import { aLog, TestAuthority } from './tls-fixture.ts';

const DAY_MS = 86_400_000;

async function aWatch(days = 90) {
  const authority = await TestAuthority.make();
  const files = authority.write('server', await authority.server({ days }));
  const clock = new ManualClock(Date.now());
  const { lines, log } = aLog();
  const taken: Certificates[] = [];
  const registry = new Registry();
  const watch = new CertificateWatch({ files, clock, log, registry, onChange: (found) => void taken.push(found) });
  watch.start();
  onTestFinished(() => watch.stop());
  const told = (words: string) => lines.filter(({ msg }) => msg.includes(words)).map(({ msg }) => msg);
  return { authority, files, clock, taken, registry, watch, told };
}

it('takes what has changed, and only then', async () => {
  const { authority, clock, taken, watch, told } = await aWatch();
  await clock.advance(60_000);
  expect(taken).toEqual([]);
  const pair = await authority.server({ hosts: ['new.example'] });
  authority.write('server', pair);
  await clock.advance(60_000);
  expect(taken).toHaveLength(1);
  expect(watch.current.cert).toBe(pair.certificate);
  expect(told('a new certificate is in use')).toHaveLength(1);
  await clock.advance(180_000);
  expect(taken).toHaveLength(1);
});

it('keeps what it has when the new files are faulty, and says so once for each fault', async () => {
  const { authority, files, clock, taken, watch, told } = await aWatch();
  const { cert } = watch.current;
  writeFileSync(files.certFile, 'not a certificate');
  await clock.advance(180_000);
  expect(told('stays in use')).toEqual([
    `TLS: ${files.certFile} holds no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----. The certificate read before stays in use.`,
  ]);
  writeFileSync(files.certFile, (await authority.server()).certificate);
  await clock.advance(120_000);
  expect(told('stays in use').at(-1)).toContain('does not belong to the certificate');
  rmSync(files.keyFile);
  await clock.advance(120_000);
  expect(told('stays in use').at(-1)).toContain('cannot be read (ENOENT)');
  authority.write('server', await authority.server({ days: -3 }));
  await clock.advance(120_000);
  expect(told('stays in use').at(-1)).toContain('has ended');
  expect(told('stays in use')).toHaveLength(4);
  expect(taken).toEqual([]);
  expect(watch.current.cert).toBe(cert);
  authority.write('server', await authority.server());
  await clock.advance(60_000);
  expect(taken).toHaveLength(1);
});

it('warns a month before the end, every day, and shows the end as a metric', async () => {
  const { clock, registry, told } = await aWatch(31);
  const secondsLeft = async () =>
    Number(/^lamplighter_tls_certificate_expires_seconds (\S+)$/m.exec(await registry.metrics())?.[1]);
  expect(told('the certificate expires in')).toEqual([]);
  expect((await secondsLeft()) / 86_400).toBeCloseTo(31, 1);
  await clock.advance(1.5 * DAY_MS);
  expect(told('the certificate expires in')).toHaveLength(1);
  expect(told('the certificate expires in')[0]).toMatch(/expires in 29 days\. Renew it\./);
  await clock.advance(DAY_MS);
  expect(told('the certificate expires in')).toHaveLength(2);
  expect((await secondsLeft()) / 86_400).toBeCloseTo(28.5, 1);
});

it('begins with a certificate that has ended, and says so', async () => {
  const { told } = await aWatch(-1);
  expect(told('the certificate has expired, gateways refuse it')).toHaveLength(1);
});
