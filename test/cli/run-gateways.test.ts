/** What `lamplighter edge --check` finds in configurations beside their shape. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfigs } from '../../cli/run-gateways.ts';
import { temporaryFolder } from '../temporary-folder.ts';

function aConfig(profile: string): string {
  const file = join(temporaryFolder(), 'gateway.yaml');
  const source = `{ kind: simulated, name: try, profile: ${profile} }`;
  const broker = '{ url: mqtt://127.0.0.1:1, token: abc }';
  writeFileSync(file, `gateway: roof\nbroker: ${broker}\nzone: America/New_York\nsources:\n  - ${source}\n`);
  return file;
}

test('a profile that nobody simulates is a fault of the file, and named with those there are', () => {
  expect(readConfigs([aConfig('school')])).toMatchObject([{ id: 'roof' }]);
  const file = aConfig('scool');
  expect(() => readConfigs([file])).toThrow(
    new RegExp(`cannot be used:\n  ${file} sources\\[0\\] .*no simulated 'scool'\\. Choose one of .*school`),
  );
});
