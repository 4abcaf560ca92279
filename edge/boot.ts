/** Identity of this boot of the machine: monotonic instants can be compared within one boot only. */
import { readFileSync } from 'node:fs';
import { randomWord } from '../runtime/random.ts';

/** proc(5): /proc/sys/kernel/random/boot_id. Elsewhere than on Linux each process counts as a boot of its own. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return `process-${randomWord(16)}`;
  }
}
