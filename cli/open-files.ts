/** How many files this process may have open: each connection is one. */
import { readFileSync } from 'node:fs';

/**
 * Node raises the soft limit to the hard one as it starts, so this is all there is (getrlimit(2)).
 * Undefined where the system does not tell in /proc: then the first connection too many says EMFILE.
 */
export function mostOpenFiles(): number | undefined {
  try {
    const most = Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]);
    return Number.isNaN(most) ? undefined : most;
  } catch {
    return undefined;
  }
}

/** Kept for the store, the register, the console's readers and the log. */
const OTHER_FILES = 512;

/**
 * MQTT connections that a server with so many files can hold. Past its limit the kernel closes connections without a word
 * and the store can open no file, so the broker has to refuse before, and say so.
 */
export function connectionsThatFit(files: number): number {
  return Math.max(1, files - Math.min(OTHER_FILES, Math.ceil(files / 2)));
}
