/** Lists of sites, gateways and devices: preview, question, one write at the server, tokens on disk. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { ImportReply } from '../../console/api/import-replies.ts';
import { LamplighterError } from '../../contract/error-codes.ts';
import type { ImportKind } from '../../register/import/columns.ts';
import type { CsvDelimiter } from '../../runtime/csv-rows.ts';
import { confirm, counted, print, printError } from '../print.ts';
import { connectToServer } from '../server-client.ts';
import { fileContent } from './file-content.ts';

export interface ListOptions {
  readonly data: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly delimiter?: CsvDelimiter;
  readonly ignore?: readonly string[];
  /** Gateways only. */
  readonly tokens?: string;
  readonly outDir?: string;
  readonly renewTokens?: boolean;
}

const PRIVATE = 0o600;

export async function importList(kind: ImportKind, file: string, options: ListOptions): Promise<void> {
  const content = fileContent(file);
  const server = await connectToServer(options.data);
  const post = async (query: { dry_run?: boolean; plan?: string }) =>
    await server.postFile<ImportReply>(
      `/api/import/${kind}`,
      {
        file: basename(file),
        delimiter: options.delimiter,
        ignore: options.ignore ?? [],
        renew_tokens: options.renewTokens === true,
        gateway_files: options.outDir !== undefined,
        ...query,
      },
      'text/csv',
      content,
    );
  const preview = await post({ dry_run: true });
  printPreview(preview);
  const makes = preview.tokens_to_make;
  if (preview.new + preview.changed + makes === 0 || options.dryRun === true) return;
  if (makes > 0 && options.tokens === undefined && options.outDir === undefined) {
    throw new LamplighterError(
      'bad-request',
      `${counted(makes, 'new token')} to make, shown only this once. Say where to write them: --tokens FILE or --out-dir FOLDER.`,
    );
  }
  const keep = makes > 0 ? placesFor(options) : undefined;
  if (options.yes !== true && !(await confirm('Write this into the register?'))) {
    keep?.giveUp();
    process.exitCode = 1;
    return;
  }
  const done = await post({ plan: preview.plan }).catch((error: unknown) => {
    keep?.giveUp();
    throw error;
  });
  print(`Written: ${done.new} new, ${done.changed} changed.`);
  keep?.write(done.tokens);
}

function printPreview({ kind, first_new, first_changed, tokens_to_make, ...counts }: ImportReply): void {
  for (const { line, id } of first_new) print(`line ${line}: new ${id}`);
  if (counts.new > first_new.length) print(`… and ${counts.new - first_new.length} new ones more.`);
  for (const { line, id, fields } of first_changed) {
    const words = fields.map(({ field, before, after }) => `${field} ${shown(before)} → ${shown(after)}`);
    print(`line ${line}: ${id}: ${words.join(', ')}`);
  }
  if (counts.changed > first_changed.length) print(`… and ${counts.changed - first_changed.length} changed ones more.`);
  const tokens = tokens_to_make > 0 ? `; ${counted(tokens_to_make, 'token')} to make` : '';
  print(`${kind}: ${counts.new} new, ${counts.changed} changed, ${counts.unchanged} unchanged${tokens}.`);
}

function shown(value: string): string {
  return value === '' ? '(nothing)' : JSON.stringify(value);
}

interface Places {
  write(tokens: ImportReply['tokens']): void;
  /** Nothing was written after all. */
  giveUp(): void;
}

/** Made before the register is written: tokens that could not be kept would have to be made anew. */
function placesFor({ tokens, outDir }: ListOptions): Places {
  if (outDir !== undefined) {
    if (existsSync(outDir) && readdirSync(outDir).length > 0) {
      throw new LamplighterError('conflict', `--out-dir: ${outDir} is not empty. Name a new folder.`);
    }
    mkdirSync(outDir, { recursive: true, mode: 0o700 });
  }
  const handle = tokens === undefined ? undefined : openNew(tokens);
  return {
    write(issued) {
      try {
        if (handle !== undefined) {
          const lines = issued.map(({ id, site, token }) => `${id},${token},${site}\n`);
          writeSync(handle, `id,token,site\n${lines.join('')}`);
          fsyncSync(handle);
          closeSync(handle);
        }
        for (const { id, gateway_yaml = '' } of outDir === undefined ? [] : issued) {
          writeFileSync(join(outDir ?? '', `${id}.yaml`), gateway_yaml, { mode: PRIVATE, flag: 'wx' });
        }
      } catch (error) {
        throw new LamplighterError(
          'internal',
          `the gateways are in the register, but their tokens could not be written: ${(error as Error).message}. ` +
            'Make new ones with the same command and --renew-tokens.',
        );
      }
      if (tokens !== undefined)
        printError(`Wrote ${counted(issued.length, 'token')} to ${tokens}, not to be shown again.`);
      if (outDir !== undefined) printError(`Wrote ${counted(issued.length, 'configuration file')} to ${outDir}.`);
    },
    giveUp() {
      if (handle === undefined || tokens === undefined) return;
      closeSync(handle);
      unlinkSync(tokens);
    },
  };
}

function openNew(path: string): number {
  try {
    const handle = openSync(path, 'wx', PRIVATE);
    chmodSync(path, PRIVATE);
    return handle;
  } catch (error) {
    throw new LamplighterError(
      'conflict',
      `--tokens: cannot make ${path}: ${(error as Error).message}. A file that is there is never written over.`,
    );
  }
}
