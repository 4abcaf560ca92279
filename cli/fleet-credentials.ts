/**
 * The credentials of simulated gateways: a CSV of `gateway,token`, readable by its owner alone. For a running server they
 * are made through its API and kept in its data folder, so that the next run uses the same gateways.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
/** Requests under way at once: the register writes one after the other. */
const AT_ONCE = 16;
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

/** Ids for a broker that takes anyone. */
export function anonymousIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => simulatedId(index + 1));
}

/** `count` gateways of the running server, those of earlier runs first; `onProgress` is told how many are there. */
export async function enrolledTokens(
  server: ServerClient,
  dataFolder: string,
  count: number,
  onProgress: (ready: number) => void,
): Promise<GatewayToken[]> {
  const file = tokensFile(dataFolder);
  const known = await gatewaysOf(server);
  const isUsable = ({ id }: GatewayToken): boolean => known.get(id)?.retired === false;
  const tokens = existsSync(file) ? readTokens(file).filter(isUsable) : [];
  if (tokens.length < count) {
    await server.post('/api/sites', SITE);
    const kept = tokens.length;
    const have = new Set(tokens.map(({ id }) => id));
    const wanted: { id: string; isKnown: boolean }[] = [];
    for (let number = 1; kept + wanted.length < count; number++) {
      const id = simulatedId(number);
      // A retired id stays retired: its readings are those of another time.
      if (!have.has(id) && known.get(id)?.retired !== true) wanted.push({ id, isKnown: known.has(id) });
    }
    try {
      await inTurns(wanted, async ({ id, isKnown }) => {
        const reply = isKnown
          ? await server.post<{ token: string }>(`/api/gateways/${id}/token`)
          : await server.post<{ token: string }>('/api/gateways', { site: SITE.id, id });
        tokens.push({ id, token: reply.token });
        onProgress(tokens.length);
      });
    } finally {
      tokens.sort((one, other) => (one.id < other.id ? -1 : 1));
      writeTokens(file, tokens);
    }
  }
  return tokens.slice(0, count);
}

/** Retires every simulated gateway of the server and forgets the tokens. Returns how many there were. */
export async function retireSimulated(server: ServerClient, dataFolder: string): Promise<number> {
  const known = await gatewaysOf(server);
  const wanted = [...known.values()].filter(({ id, site, retired }) => isSimulated(id) && site === SITE.id && !retired);
  await inTurns(wanted, async ({ id }) => {
    await server.post(`/api/gateways/${id}/retire`);
  });
  rmSync(tokensFile(dataFolder), { force: true });
  return wanted.length;
}

function simulatedId(number: number): string {
  return `${PREFIX}${String(number).padStart(5, '0')}`;
}

function isSimulated(id: string): boolean {
  return id.startsWith(PREFIX);
}

type Row = GatewaysReply['gateways'][number];

async function gatewaysOf(server: ServerClient): Promise<Map<string, Row>> {
  const known = new Map<string, Row>();
  for (let after: string | undefined; ; ) {
    const page: GatewaysReply = await server.get('/api/gateways', { limit: PAGE, after });
    for (const row of page.gateways) if (row.registered) known.set(row.id, row);
    if (page.next === null) return known;
    after = page.next;
  }
}

async function inTurns<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next++] as T;
      await act(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

/** Written whole beside the old one first: a full disk must not take the tokens that are there. */
function writeTokens(file: string, tokens: readonly GatewayToken[]): void {
  const text = [HEADER, ...tokens.map(({ id, token }) => `${id},${token}`), ''].join('\n');
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
