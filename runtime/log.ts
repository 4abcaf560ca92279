/** Structured logs, JSON lines on standard error. Secrets are cut out wherever they stand under a usual name. */
import { type Logger, pino } from 'pino';

export type Log = Logger;

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SECRET_KEYS = ['password', 'token', 'secret', 'authorization', 'hash', 'salt'];

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
    pino.destination({ dest: 2, sync: true }),
  );
}

export const silentLog: Log = pino({ level: 'silent' });
