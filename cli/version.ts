/** The version of this build, from package.json. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Sources lie one folder below package.json, compiled files two. */
function packageFile(): string {
  const here = import.meta.dirname;
  return join(here, here.includes('/dist/') ? '../../package.json' : '../package.json');
}

export const VERSION: string = (JSON.parse(readFileSync(packageFile(), 'utf8')) as { version: string }).version;
