/**
 * `node test/complete-lockfile.mjs` after `npm install`: adds to package-lock.json the packages of other platforms that
 * npm left out because it could not reach them. `npm ci` refuses a lock file without them.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const PLATFORM =
  /-(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|x64|ia32|ppc64|s390x|riscv64|loong64)(-musl|-gnu|-msvc|-?(?:musl|gnu)?eabihf)?$/;

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { '': root, ...packages } = lock.packages;
let added = 0;
for (const parent of Object.values(packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const [, os, cpu, libc] = PLATFORM.exec(name) ?? [];
    if (os === undefined || Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`))) continue;
    packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(parent.dev && { dev: true }),
      ...(libc === '-musl' && { libc: ['musl'] }),
      license: parent.license,
      optional: true,
      os: [os],
    };
    added++;
  }
}
const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify({ ...lock, packages: { '': root, ...sorted } }, null, 2)}\n`);
process.stdout.write(`${added} packages of other platforms added to package-lock.json\n`);
