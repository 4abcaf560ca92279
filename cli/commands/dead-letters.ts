import { Command, InvalidArgumentError } from 'commander';
import type { DeadLetterReply, DeadLettersReply } from '../../console/api/replies.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import type { ReplayResult } from '../../ingest/ingest-view.ts';
import { confirm, counted, print, printTable } from '../print.ts';
import { connectToServer, type ServerClient } from '../server-client.ts';
import { dataOption } from './server-option.ts';

interface Filter {
  readonly data: string;
  readonly gateway?: string;
  readonly reason?: string;
}

export function deadLettersCommand(): Command {
  const command = new Command('dead-letters').description('readings that were rejected: why, and what to do with them');

  filtered(command.command('list').description('list them, newest first'))
    .option('--limit <number>', 'at most this many', wholeNumber, 50)
    .option('--after <id>', 'go on after this id')
    .action(async ({ data, gateway, reason, limit, after }: Filter & { limit: number; after?: string }) => {
      const server = await connectToServer(data);
      const query = { gateway, reason, limit, after };
      const { letters, counts, next } = await server.get<DeadLettersReply>('/api/dead-letters', query);
      printTable(
        ['id', 'at', 'reason', 'detail'],
        letters.map(({ id, at, reason: why, detail }) => [id, at, why, detail]),
      );
      print();
      if (next !== null) print(`There are more: go on with --after ${next}`);
      const all = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
      print(all.length === 0 ? 'There are no dead letters.' : `In all: ${all.join(', ')}.`);
    });

  command
    .command('show')
    .argument('<id>', 'which, as lamplighter dead-letters list prints it: gateway/epoch/seq/index')
    .description('show one with its content')
    .addOption(dataOption())
    .action(async (id: string, { data }: { data: string }) => {
      const letter = await (await connectToServer(data)).get<DeadLetterReply>(`/api/dead-letters/${id}`);
      print(JSON.stringify({ ...letter, content: parsedOrText(letter.content) }, null, 2));
    });

  filtered(
    command
      .command('replay')
      .argument('[ids...]', 'which, as lamplighter dead-letters list prints them: gateway/epoch/seq/index')
      .description('send them through ingest again, once the cause is mended'),
  )
    .option('--all', 'all of them')
    .action(async (ids: string[], options: Filter & { all?: boolean }) => {
      const server = await connectToServer(options.data);
      for (const chosen of await selections(server, ids, options)) {
        const { stored, rejected } = await server.post<ReplayResult>('/api/dead-letters/replay', chosen);
        print(`${counted(stored, 'reading')} stored.`);
        for (const [reason, count] of Object.entries(rejected)) print(`${count} refused again: ${reason}`);
      }
    });

  filtered(
    command
      .command('drop')
      .argument('[ids...]', 'which, as lamplighter dead-letters list prints them: gateway/epoch/seq/index')
      .description('remove them for good'),
  )
    .option('--all', 'all of them')
    .option('--yes', 'do not ask')
    .action(async (ids: string[], options: Filter & { all?: boolean; yes?: boolean }) => {
      const server = await connectToServer(options.data);
      const chosen = await selections(server, ids, options);
      if (options.yes !== true && !(await confirm('Remove these dead letters for good?'))) {
        process.exitCode = 1;
        return;
      }
      for (const part of chosen) {
        const { dropped } = await server.post<{ dropped: number }>('/api/dead-letters/drop', part);
        print(`${counted(dropped, 'dead letter')} removed.`);
      }
    });

  return command;
}

function filtered(command: Command): Command {
  return command
    .option('--gateway <id>', 'only of this gateway')
    .option('--reason <reason>', 'only with this reason')
    .addOption(dataOption());
}

type Selection = Pick<Filter, 'gateway' | 'reason'> & { readonly ids?: readonly string[] };

/** What the API is asked to act on; `--all` is every reason that there is, since the API takes no empty selection. */
async function selections(
  server: ServerClient,
  ids: readonly string[],
  options: Filter & { all?: boolean },
): Promise<Selection[]> {
  const { gateway, reason, all } = options;
  if (ids.length === 0 && gateway === undefined && reason === undefined) {
    if (all !== true)
      throw new LamplighterError('bad-request', 'name the ids, or choose by --gateway or --reason, or take --all');
    const { counts } = await server.get<DeadLettersReply>('/api/dead-letters', { limit: 1 });
    return Object.keys(counts).map((each) => ({ reason: each }));
  }
  return [{ ...(ids.length > 0 && { ids }), ...(gateway && { gateway }), ...(reason && { reason }) }];
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1');
  return value;
}

function parsedOrText(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    // An undecodable message is shown as it came.
    return content;
  }
}
