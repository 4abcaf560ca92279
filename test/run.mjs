/**
 * `npm test`: types, lint, build, then every test. With CI=true it first installs the real servers, skips nothing and
 * adds the long fault suites. Ends with one line of counts.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const isCi = process.env.CI === 'true';
const folder = mkdtempSync(join(tmpdir(), 'lamplighter-test-'));
const results = join(folder, 'results.json');

const steps = [
  ...(isCi ? [['real servers', 'bash', ['test/setup-servers.sh']]] : []),
  ['types', 'npx', ['tsc', '-p', 'tsconfig.json', '--noEmit']],
  ['types of the page', 'npx', ['tsc', '-p', 'console/web/tsconfig.json', '--noEmit']],
  ['lint', 'npx', ['biome', 'check', '.']],
  ['build', 'npm', ['run', 'build', '--silent']],
  ['tests', 'npx', ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`]],
];

let failed = false;
for (const [name, command, args] of steps) {
  process.stdout.write(`\n── ${name}\n`);
  const started = Date.now();
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  process.stdout.write(
    `── ${name}: ${status === 0 ? 'ok' : 'FAILED'}, ${Math.round((Date.now() - started) / 1000)} s\n`,
  );
  if (status !== 0) {
    failed = true;
    break;
  }
}

try {
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(results, 'utf8'));
  if (!isCi) process.stdout.write('\nThe long stories are told by: CI=true npm test\n');
  process.stdout.write(`\n${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`);
} catch {
  process.stdout.write('\nNo test ran: a step before them failed, see above.\n');
}
rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
