/** Reads one source and says in words why it could not. */
import type { AlertSource } from '../alert-inputs.ts';

export type Unknown = Partial<Record<AlertSource, string>>;

export async function attempt<T>(
  unknown: Unknown,
  sources: readonly AlertSource[],
  fallback: T,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    for (const source of sources) unknown[source] ??= `the store cannot be read: ${words}`;
    return fallback;
  }
}
