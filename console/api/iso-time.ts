/** ISO 8601 in UTC of epoch milliseconds; an instant that no calendar reaches is written as its number. */
export function isoTime(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString();
}
