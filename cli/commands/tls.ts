/** `lamplighter tls`: the city's own certificate authority, without OpenSSL. docs/tls.md tells the whole story. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { idSchema } from '../../contract/ids.ts';
import { hostsOf, nameOf, validityWords } from '../certificates/certificate-words.ts';
import { CLIENT_DAYS, SERVER_DAYS, TlsFolder } from '../certificates/tls-folder.ts';
import { print, printTable } from '../print.ts';
import { dataOption } from './server-option.ts';

interface FolderOptions {
  readonly data: string;
  readonly out?: string;
}

export function tlsCommand(): Command {
  const command = new Command('tls').description("the city's own certificates: authority, broker, gateways");

  withFolder(command.command('init'))
    .description("make an authority and the broker's certificate; overwrites nothing")
    .option('--host <name...>', 'more names or addresses by which gateways reach the broker', hostsOption)
    .option('--days <number>', `days that the broker's certificate is valid (default: ${SERVER_DAYS})`, daysOption)
    .action(async (options: FolderOptions & { host?: string[]; days?: number }) => {
      const folder = folderOf(options);
      await folder.init({ hosts: options.host ?? [], days: options.days });
      show(folder);
      print();
      print(`Gateways need ${folder.caFile}; ${join(folder.path, 'ca-key.pem')} stays here and secret.`);
      print(`Start with: lamplighter start ${startFlags(options, folder)}`);
    });

  withFolder(command.command('renew'))
    .description('make a new certificate for the broker by the same authority; a running server takes it by itself')
    .option('--host <name...>', 'names or addresses to add to those of the certificate before', hostsOption)
    .option('--days <number>', `days that it is valid (default: ${SERVER_DAYS})`, daysOption)
    .action(async (options: FolderOptions & { host?: string[]; days?: number }) => {
      const folder = folderOf(options);
      await folder.renew({ hosts: options.host ?? [], days: options.days });
      show(folder);
    });

  withFolder(command.command('client'))
    .description('make a client certificate for a gateway, or for an observer')
    .requiredOption('--gateway <id>', 'id of the gateway, or user name of the observer', idOption)
    .option('--days <number>', `days that it is valid (default: ${CLIENT_DAYS})`, daysOption)
    .action(async (options: FolderOptions & { gateway: string; days?: number }) => {
      const folder = folderOf(options);
      const files = await folder.client({ id: options.gateway, days: options.days });
      const certificate = new X509Certificate(readFileSync(files.certFile));
      print(`Made a certificate for ${nameOf(certificate)}, ${validityWords(certificate, Date.now())}.`);
      print('Take both files to the gateway and name them in the broker section of its gateway.yaml:');
      print(`  cert_file: ${files.certFile}`);
      print(`  key_file: ${files.keyFile}`);
    });

  withFolder(command.command('show'))
    .description('print every certificate: name, hosts and how long it is valid')
    .argument('[file]', 'a certificate file to print instead')
    .action((file: string | undefined, options: FolderOptions) => {
      if (file === undefined) show(folderOf(options));
      else showRows([{ file, certificate: new X509Certificate(readFileSync(file)) }]);
    });

  return command;
}

function withFolder(command: Command): Command {
  return command
    .addOption(dataOption())
    .addOption(new Option('--out <folder>', 'folder of the certificates (default: tls in the data folder)'));
}

function folderOf({ data, out }: FolderOptions): TlsFolder {
  return new TlsFolder(resolve(out ?? join(data, 'tls')), Date.now);
}

function startFlags({ out }: FolderOptions, { caFile, server }: TlsFolder): string {
  if (out === undefined) return '--tls auto';
  return `--tls-cert ${server.certFile} --tls-key ${server.keyFile} --tls-ca ${caFile}`;
}

function show(folder: TlsFolder): void {
  const rows = folder.certificates();
  if (rows.length === 0) print(`There are no certificates in ${folder.path}. Make them with: lamplighter tls init`);
  else showRows(rows);
}

function showRows(rows: readonly { readonly file: string; readonly certificate: X509Certificate }[]): void {
  const now = Date.now();
  printTable(
    ['file', 'name', 'hosts', 'holds'],
    rows.map(({ file, certificate }) => [
      file,
      nameOf(certificate),
      hostsOf(certificate).join(' '),
      validityWords(certificate, now),
    ]),
  );
}

function hostsOption(host: string, before: string[] = []): string[] {
  const isName = /^[A-Za-z0-9*]([A-Za-z0-9.*-]*[A-Za-z0-9])?$/.test(host) && host.length <= 253;
  const isAddress = host.includes(':') && URL.canParse(`http://[${host}]`);
  if (!isName && !isAddress) throw new InvalidArgumentError('It is neither a host name nor an address.');
  return [...before, host];
}

function daysOption(text: string): number {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 3_650) throw new InvalidArgumentError('It must be 1 to 3650 days.');
  return days;
}

function idOption(text: string): string {
  if (!idSchema.safeParse(text).success) {
    throw new InvalidArgumentError('It must be 1 to 63 characters of a-z, 0-9 and "-".');
  }
  return text;
}
