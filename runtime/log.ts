/**
 * Structured logs on standard error: JSON lines, or words where it is a terminal. Secrets are cut out wherever they
 * stand under a usual name.
 */
import { type DestinationStream, type Logger, pino } from 'pino';
import { logWords } from './log-words.ts';

export type Log = Logger;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SECRET_KEYS = ['password', 'token', 'secret', 'authorization', 'hash', 'salt'];

const STDERR = 2;
const TERMINAL: DestinationStream = { write: (line) => void process.stderr.write(logWords(line)) };

export function createLog(options: { level: LogLevel; name: string }): Log {
  return pino(
    {
      name: options.name,
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`, `headers.${key}`, `req.headers.${key}`]),
        censor: '[secret]',
      },
    },
    process.stderr.isTTY ? TERMINAL : pino.destination({ dest: STDERR, sync: true }),
  );
}

export const silentLog: Log = pino({ level: 'silent' });
