import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { Command } from 'commander';
import { LamplighterError } from '../../contract/error-codes.ts';
import { print, printError, printTable } from '../print.ts';
import { connectToServer } from '../server-client.ts';
import { dataOption } from './server-option.ts';

interface NewGateway {
  readonly id: string;
  readonly site: string;
  readonly token: string;
  readonly gateway_yaml: string;
}

export function gatewayCommand(): Command {
  const command = new Command('gateway').description('put gateways into service');

  command
    .command('add')
    .description('add a gateway to the register; prints its id, its token once, and a ready gateway.yaml')
    .requiredOption('--site <site>', 'id of the site where it is')
    .option('--id <id>', 'its id: a-z, 0-9 and "-"; made from its name or site when left out')
    .option('--name <name>', 'its name for people')
    .option('--new-site <name>', 'add the site under this name if the register does not have it')
    .option('--zone <zone>', 'IANA time zone of a new site', 'America/New_York')
    .option('--out <file>', 'write gateway.yaml there (mode 600) instead of printing it')
    .addOption(dataOption())
    .addHelpText(
      'after',
      `
Examples:
  lamplighter gateway add --site town-hall --new-site "Town hall" --out gateway.yaml
  lamplighter gateway add --site town-hall --id boiler-room > boiler-room.yaml
`,
    )
    .action(
      async (options: {
        site: string;
        id?: string;
        name?: string;
        newSite?: string;
        zone: string;
        out?: string;
        data: string;
      }) => {
        const server = await connectToServer(options.data);
        const { site, id, name, newSite, zone, out } = options;
        await tellNew(out, async () => {
          const { sites } = await server.get<{ sites: { id: string }[] }>('/api/sites');
          if (!sites.some((known) => known.id === site)) {
            if (newSite === undefined) {
              throw new LamplighterError(
                'not-found',
                `the city has no site '${site}'. Give its name with --new-site to add it, or correct the id (lamplighter export manifest lists them).`,
              );
            }
            await server.post('/api/sites', { id: site, name: newSite, kind: 'building', zone });
          }
          return await server.post<NewGateway>('/api/gateways', { site, ...(id && { id }), ...(name && { name }) });
        });
      },
    );

  command
    .command('list')
    .description('list the gateways with their state')
    .addOption(dataOption())
    .action(async ({ data }: { data: string }) => {
      const server = await connectToServer(data);
      const { gateways } = await server.get<{ gateways: GatewayRow[] }>('/api/gateways');
      printTable(
        ['gateway', 'site', 'state', 'outbox', 'oldest s', 'stored', 'rejected', 'version'],
        gateways.map((row) => [
          row.id,
          row.site ?? '',
          row.state,
          row.health?.outbox.buffered ?? '',
          row.health === null || row.health === undefined ? '' : Math.round(row.health.outbox.oldest_s),
          row.counts.stored,
          Object.values(row.counts.rejected).reduce((sum, n) => sum + n, 0),
          row.version ?? '',
        ]),
      );
    });

  command
    .command('retire')
    .argument('<id>', 'which gateway, as lamplighter gateway list prints it')
    .option(
      '--at <date>',
      'day from which no readings are expected of it, such as 2026-05-31, in the zone of its site (default: now)',
    )
    .description('retire a gateway: it may not connect again; its readings stay')
    .addOption(dataOption())
    .action(async (id: string, { data, at }: { data: string; at?: string }) => {
      const query = at === undefined ? '' : `?at=${encodeURIComponent(at)}`;
      await (await connectToServer(data)).post(`/api/gateways/${encodeURIComponent(id)}/retire${query}`);
      print(`${id} is retired; its readings stay.`);
    });

  command
    .command('token')
    .argument('<id>', 'which gateway, as lamplighter gateway list prints it')
    .option('--out <file>', 'write gateway.yaml there (mode 600) instead of printing it')
    .description('make a new token for a gateway; the one before stops working')
    .addOption(dataOption())
    .action(async (id: string, { data, out }: { data: string; out?: string }) => {
      const server = await connectToServer(data);
      await tellNew(out, () => server.post<NewGateway>(`/api/gateways/${encodeURIComponent(id)}/token`));
    });

  return command;
}

interface GatewayRow {
  readonly id: string;
  readonly site?: string | null;
  readonly state: string;
  readonly version?: string | null;
  readonly counts: { readonly stored: number; readonly rejected: Readonly<Record<string, number>> };
  readonly health?: { readonly outbox: { readonly buffered: number; readonly oldest_s: number } } | null;
}

/**
 * Makes a token, and tells it. The file is opened before anything is made: a token is seen once, and the one before stops
 * working, so neither may be spent on a file that cannot be written.
 */
async function tellNew(out: string | undefined, make: () => Promise<NewGateway>): Promise<void> {
  const file = out === undefined ? undefined : { name: out, descriptor: openNew(out) };
  let gateway: NewGateway;
  try {
    gateway = await make();
  } catch (error) {
    if (file !== undefined) {
      closeSync(file.descriptor);
      rmSync(file.name);
    }
    throw error;
  }
  printError(`gateway  ${gateway.id}`);
  printError(`site     ${gateway.site}`);
  printError(`token    ${gateway.token}`);
  printError(`The token is not kept: it stands only here and in ${out ?? 'gateway.yaml'}.`);
  if (file === undefined) {
    printError('');
    process.stdout.write(gateway.gateway_yaml);
    return;
  }
  writeSync(file.descriptor, gateway.gateway_yaml);
  closeSync(file.descriptor);
  printError(`Wrote ${out}. Start it with: lamplighter edge --config ${out}`);
}

function openNew(file: string): number {
  try {
    return openSync(file, 'wx', 0o600);
  } catch (error) {
    const words = existsSync(file) ? 'it is there already' : (error as Error).message;
    throw new LamplighterError(
      'conflict',
      `cannot write ${file}: ${words}. Nothing was changed: name another file with --out, or none to have it printed.`,
    );
  }
}
