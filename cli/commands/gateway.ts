import { writeFileSync } from 'node:fs';
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
    .requiredOption('--site <site>', 'id of the site where it hangs')
    .option('--id <id>', 'its id: a-z, 0-9 and "-"; made from the name or site when absent')
    .option('--name <name>', 'its name for people')
    .option('--new-site <name>', 'add the site under this name if the register does not have it')
    .option('--zone <zone>', 'IANA time zone of a new site', 'America/New_York')
    .option('--out <file>', 'write gateway.yaml there (mode 600) instead of printing it')
    .addOption(dataOption())
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
        if (options.newSite !== undefined) {
          const sites = await server.get<{ sites: { id: string }[] }>('/api/sites');
          if (!sites.sites.some(({ id }) => id === options.site)) {
            await server.post('/api/sites', {
              id: options.site,
              name: options.newSite,
              kind: 'building',
              zone: options.zone,
            });
          }
        }
        const { site, id, name } = options;
        const added = await server.post<NewGateway>('/api/gateways', {
          site,
          ...(id && { id }),
          ...(name && { name }),
        });
        tell(added, options.out);
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
    .option('--at <date>', 'since when nothing is expected of its devices, in the zone of its site; now if left out')
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
      tell(await server.post<NewGateway>(`/api/gateways/${encodeURIComponent(id)}/token`), out);
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

function tell(gateway: NewGateway, out: string | undefined): void {
  printError(`gateway  ${gateway.id}`);
  printError(`site     ${gateway.site}`);
  printError(`token    ${gateway.token}`);
  printError('The token is not kept: it stands only here and in gateway.yaml.');
  if (out === undefined) {
    printError('');
    process.stdout.write(gateway.gateway_yaml);
    return;
  }
  try {
    writeFileSync(out, gateway.gateway_yaml, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new LamplighterError(
      'conflict',
      `cannot write ${out}: ${(error as Error).message}. Make a new token with: lamplighter gateway token ${gateway.id} --out …`,
    );
  }
  printError(`Wrote ${out}. Start it with: lamplighter edge --config ${out}`);
}
