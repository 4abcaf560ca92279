import type { EventEmitter } from 'node:events';
import { printError } from './print.ts';

/**
 * For output whose reader is gone, as `lamplighter gateway list | head` leaves it: a command does what it has begun to
 * its end, unheard, and a server goes on. Output that cannot be written for any other reason, such as a full disk behind
 * `> file`, ends the process by `exit`, because what is missing there was asked for.
 */
export function bearClosedOutput(
  streams: readonly EventEmitter[] = [process.stdout, process.stderr],
  exit: (code: number) => void = (code) => process.exit(code),
): void {
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') return;
      printError(`lamplighter: the output cannot be written: ${error.message}`);
      exit(1);
    });
  }
}
