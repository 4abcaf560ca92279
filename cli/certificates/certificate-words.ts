/** What a certificate says, in words. */
import type { X509Certificate } from 'node:crypto';

const DAY_MS = 86_400_000;

/** Its host names and addresses, such as `localhost` and `127.0.0.1`. */
export function hostsOf(certificate: X509Certificate): string[] {
  return (certificate.subjectAltName ?? '')
    .split(', ')
    .filter((entry) => entry !== '')
    .map((entry) => entry.replace(/^(DNS|IP Address):/, ''));
}

/** Its common name, or the whole subject when it has none. */
export function nameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? certificate.subject.replaceAll('\n', ', ');
}

/** `until 2027-12-24, 396 days left`, or how long ago it ended. */
export function validityWords(certificate: X509Certificate, now: number): string {
  const from = Date.parse(certificate.validFrom);
  const until = Date.parse(certificate.validTo);
  const date = new Date(until).toISOString().slice(0, 10);
  if (now < from) return `not before ${new Date(from).toISOString()}; check this machine's clock`;
  const days = Math.floor(Math.abs(until - now) / DAY_MS);
  const count = `${days} ${days === 1 ? 'day' : 'days'}`;
  if (until <= now) return `ENDED on ${date}, ${count} ago`;
  return `until ${date}, ${count} left`;
}
