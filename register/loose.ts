/** Reads a value whose shape may be wrong: what is not there, or is of another kind, is passed over. */

export function items(value: unknown, key: string): readonly unknown[] {
  const list = isGroup(value) ? value[key] : undefined;
  return Array.isArray(list) ? list : [];
}

export function group(value: unknown, key: string): unknown {
  return isGroup(value) ? value[key] : undefined;
}

export function word(value: unknown, key: string): string | undefined {
  const text = isGroup(value) ? value[key] : undefined;
  return typeof text === 'string' ? text : undefined;
}

export function figure(value: unknown, key: string): number | undefined {
  const number = isGroup(value) ? value[key] : undefined;
  return typeof number === 'number' ? number : undefined;
}

export function isMissing(value: unknown, key: string): boolean {
  return isGroup(value) && value[key] === undefined;
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
