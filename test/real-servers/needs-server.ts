/** Tests that need a real server: skipped with one loud line when it is not installed, failing when CI=true. */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { findChromium } from './chromium.ts';
import { findInfluxd } from './influxd.ts';
import { findMosquitto } from './mosquitto.ts';
import { findProgram } from './server-process.ts';

const FINDERS = {
  chromium: findChromium,
  influxd: findInfluxd,
  mosquitto: findMosquitto,
  mosquitto_pub: () => findProgram('mosquitto_pub'),
  openssl: () => findProgram('openssl'),
};

export type RealServer = keyof typeof FINDERS;

/** `describe` itself when the server is installed. */
export function describeWithServer(server: RealServer): (name: string, tests: () => void) => void {
  if (FINDERS[server]() !== undefined) return (name, tests) => describe(name, tests);
  const words = `${server} is not installed, install it with: npm run setup:servers`;
  if (process.env.CI === 'true') {
    return (name) =>
      describe(name, () => {
        it(`needs ${server}`, () => {
          throw new Error(words);
        });
      });
  }
  sayOnce(server, `\n!!! SKIPPED: every test on a real ${server}. ${words}\n\n`);
  return (name, tests) => describe.skip(name, tests);
}

/** Once a run, though every test file is a process of its own: they have the same parent. */
function sayOnce(server: RealServer, words: string): void {
  try {
    writeFileSync(join(tmpdir(), `lamplighter-without-${server}-${process.ppid}`), '', { flag: 'wx' });
  } catch {
    return;
  }
  process.stderr.write(words);
}
