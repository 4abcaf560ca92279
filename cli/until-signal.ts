/** Runs until Ctrl-C or a service manager says stop, then stops within a few seconds, whatever hangs. */
import type { Log } from '../runtime/log.ts';
import { print, printError } from './print.ts';

const STOP_WITHIN_MS = 4_500;

/** The first signal that says stop, from now on: one that comes during a start is kept for its end. */
export function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise<NodeJS.Signals>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, resolve);
  });
}

export async function untilSignal(
  stop: () => Promise<void>,
  log: Log,
  signalled: Promise<NodeJS.Signals> = firstSignal(),
): Promise<never> {
  const signal = await signalled;
  print(`\nStopping (${signal}) …`);
  const giveUp = (why: string): never => {
    printError(`${why}; what was not stored stays in the gateways' outboxes.`);
    process.exit(1);
  };
  setTimeout(() => giveUp(`Not everything stopped within ${STOP_WITHIN_MS / 1_000} s`), STOP_WITHIN_MS);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => giveUp('Stopped at once'));
  try {
    await stop();
    print('Stopped.');
  } catch (error) {
    log.error({ error }, 'stopping failed');
    process.exitCode = 1;
  }
  // Nothing may hold the process open once every service has stopped.
  return process.exit();
}
