/** The processes that run the other roles, as this one reaches them, and the token that they share. */
import { LamplighterError } from '../../contract/error-codes.ts';
import { secret } from '../secret.ts';
import { flagOf, type SettingKey, type Settings } from '../settings.ts';
import { InternalClient } from './internal-client.ts';

/** Of 256 random bits 43 characters are made; less than this nobody makes at random. */
const SHORTEST_TOKEN = 32;

/** User name of ingest at the city's own broker; the token is its password. */
export const INGEST_SERVICE_ID = 'service-ingest';

/** @throws LamplighterError `bad-request` when the file cannot be read or holds too little. */
export function serviceToken(settings: Settings): string {
  const token = secret(settings.service_token, settings.service_token_file) ?? '';
  if (token.length >= SHORTEST_TOKEN && /^[\x21-\x7e]+$/.test(token)) return token;
  throw new LamplighterError(
    'bad-request',
    `the token of ${settings.service_token_file ?? 'the services'} must be ${SHORTEST_TOKEN} or more letters, digits and signs. Make one with: openssl rand -base64 32`,
  );
}

/** Undefined when the settings do not say where the role is. */
export function clientOf(
  settings: Settings,
  role: 'console' | 'ingest' | 'broker',
  token = serviceToken(settings),
): InternalClient | undefined {
  const url = settings[URL_OF[role]];
  return url === undefined ? undefined : new InternalClient({ url, role, token });
}

/** @throws LamplighterError naming the setting that is missing. */
export function clientOfNeeded(settings: Settings, role: 'console' | 'ingest', token?: string): InternalClient {
  const client = clientOf(settings, role, token);
  if (client !== undefined) return client;
  throw new LamplighterError('bad-request', `${flagOf(URL_OF[role])} is needed by --roles ${settings.roles.join(',')}`);
}

const URL_OF = {
  console: 'console_url',
  ingest: 'ingest_url',
  broker: 'broker_status_url',
} as const satisfies Record<string, SettingKey>;
