import { Command } from 'commander';
import { print } from '../print.ts';
import { VERSION } from '../version.ts';

export function versionCommand(): Command {
  return new Command('version').description('print the versions of Lamplighter and Node').action(() => {
    print(`lamplighter ${VERSION} (Node ${process.versions.node}, ${process.platform} ${process.arch})`);
  });
}
