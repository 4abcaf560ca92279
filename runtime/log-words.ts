/** A line of the log as a person reads it on a terminal: `18:10:26 warn MQTT connection failed: … (url=…)`. */

const NAMES: Readonly<Record<number, string>> = {
  60: 'fatal',
  50: 'error',
  40: 'warn',
  30: 'info',
  20: 'debug',
  10: 'trace',
};
const ERROR = 50;
/** Keys whose text is the message itself, not a detail of it. */
const SAID = ['words', 'error'];

interface Line {
  readonly level: number;
  readonly time: string;
  readonly msg?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
  readonly [key: string]: unknown;
}

/** `line`: one JSON object of pino's, with `time` in ISO 8601. The time is shown in this machine's zone. */
export function logWords(line: string): string {
  const { level, time, msg, err, ...rest } = JSON.parse(line) as Line;
  const said = SAID.flatMap((key) => (typeof rest[key] === 'string' ? [rest[key]] : []));
  const text = [msg, ...said, err?.message].filter((part) => part !== undefined && part !== '').join(': ');
  const details = Object.entries(rest).flatMap(([key, value]) =>
    SAID.includes(key) && typeof value === 'string'
      ? []
      : [`${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`],
  );
  const head = `${new Date(time).toTimeString().slice(0, 8)} ${NAMES[level] ?? level} ${text}`;
  const stack = level >= ERROR && err?.stack !== undefined ? err.stack.split('\n') : [];
  const lines = [`${head}${details.length > 0 ? ` (${details.join(', ')})` : ''}`, ...stack];
  return `${lines.map(printable).join('\n')}\n`;
}

/** A device must not be able to write on a technician's terminal, or clear it, by what it calls itself. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
