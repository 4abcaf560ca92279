/**
 * The credentials of simulated gateways: a CSV of `gateway,token`, readable by its owner alone. For a running server they
 * are made through its API and kept in its data folder, so that the next run uses the same gateways.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImportReply } from '../console/api/import-replies.ts';
import type { GatewaysReply } from '../console/api/replies.ts';
import { LamplighterError } from '../contract/error-codes.ts';
import { ID_PATTERN } from '../contract/ids.ts';
import type { ServerClient } from './server-client.ts';

export interface GatewayToken {
  readonly id: string;
  readonly token: string;
}

const HEADER = 'gateway,token';
const SITE = { id: 'simulated-load', name: 'Simulated load', kind: 'building', zone: 'UTC' } as const;
const PREFIX = 'sim-';
/** Rows of one import: each is one write of the register, in which nothing else is written. */
const ROWS_AT_ONCE = 1_000;
const PAGE = 10_000;

export function tokensFile(dataFolder: string): string {
  return join(dataFolder, 'simulate-tokens.csv');
}

/** @throws LamplighterError `bad-request` naming file and line. */
export function readTokens(file: string): GatewayToken[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new LamplighterError('bad-request', `cannot read the tokens in ${file}: ${(error as Error).message}`);
  }
  const tokens: GatewayToken[] = [];
  const seen = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || (index === 0 && line.trim() === HEADER)) continue;
    const [id = '', token = '', ...more] = line.split(',').map((cell) => cell.trim());
    const fault =
      !ID_PATTERN.test(id) || token === '' || more.length > 0
        ? `a line is "gateway,token"`
        : seen.has(id)
          ? `gateway "${id}" stands there twice; one client id is one connection`
          : undefined;
    if (fault !== undefined) throw new LamplighterError('bad-request', `${file}:${index + 1}: ${fault}`);
    seen.add(id);
    tokens.push({ id, token });
  }
  return tokens;
}

/** The ids of simulated gateways. */
export function simulatedIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => simulatedId(index + 1));
}

/** `count` gateways of the running server, those of earlier runs first; `onProgress` is told how many are there. */
export async function enrolledTokens(
  server: ServerClient,
  dataFolder: string,
  count: number,
  onProgress: (ready: number) => void = () => {},
): Promise<GatewayToken[]> {
  const file = tokensFile(dataFolder);
  const known = await simulatedGateways(server);
  const isUsable = ({ id }: GatewayToken): boolean => known.get(id)?.retired === false;
  const tokens = existsSync(file) ? readTokens(file).filter(isUsable) : [];
  if (tokens.length < count) {
    await server.post('/api/sites', SITE);
    const have = new Set(tokens.map(({ id }) => id));
    const wanted = simulatedIds(count).filter((id) => !have.has(id));
    try {
      for (let start = 0; start < wanted.length && tokens.length < count; start += ROWS_AT_ONCE) {
        const ids = wanted.slice(start, start + Math.min(ROWS_AT_ONCE, count - tokens.length));
        // A gateway that is there without its token here gets a new one; one that was retired is taken into service again.
        const rows = ids.map((id) => `${id},${SITE.id},no`);
        const added = await importGateways(server, ['id,site,retired', ...rows], { renew_tokens: true });
        for (const { id, token } of added.tokens) tokens.push({ id, token });
        onProgress(tokens.length);
      }
    } finally {
      tokens.sort((one, other) => (one.id < other.id ? -1 : 1));
      writeTokens(file, tokens);
    }
  }
  return tokens.slice(0, count);
}

/** Retires every simulated gateway of the server and forgets the tokens. Returns how many there were. */
export async function retireSimulated(server: ServerClient, dataFolder: string): Promise<number> {
  const known = await simulatedGateways(server);
  const ids = [...known.values()].filter(({ retired }) => !retired).map(({ id }) => id);
  for (let start = 0; start < ids.length; start += ROWS_AT_ONCE) {
    const rows = ids.slice(start, start + ROWS_AT_ONCE).map((id) => `${id},yes`);
    await importGateways(server, ['id,retired', ...rows], {});
  }
  rmSync(tokensFile(dataFolder), { force: true });
  return ids.length;
}

async function importGateways(
  server: ServerClient,
  lines: readonly string[],
  query: { renew_tokens?: boolean },
): Promise<ImportReply> {
  return await server.postFile('/api/import/gateways', query, 'text/csv', `${lines.join('\n')}\n`);
}

function simulatedId(number: number): string {
  return `${PREFIX}${String(number).padStart(5, '0')}`;
}

type Row = GatewaysReply['gateways'][number];

/** Those at the site of simulated load; others whose ids happen to look alike are not touched. */
async function simulatedGateways(server: ServerClient): Promise<Map<string, Row>> {
  const known = new Map<string, Row>();
  for (let after: string | undefined; ; ) {
    const page: GatewaysReply = await server.get('/api/gateways', { site: SITE.id, limit: PAGE, after });
    for (const row of page.gateways) if (row.registered) known.set(row.id, row);
    if (page.next === null) return known;
    after = page.next;
  }
}

/** Written whole beside the old one first: a full disk must not take the tokens that are there. */
function writeTokens(file: string, tokens: readonly GatewayToken[]): void {
  const text = [HEADER, ...tokens.map(({ id, token }) => `${id},${token}`), ''].join('\n');
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
