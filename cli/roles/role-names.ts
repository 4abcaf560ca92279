/** What the server can be split into, in the order in which the parts stand on each other. */
export const ROLES = ['broker', 'ingest', 'analysis', 'console', 'demo'] as const;
export type Role = (typeof ROLES)[number];

/** All that a city needs, in one process. There the simulated gateways need no role: `city` says whether they run. */
export const ONE_PROCESS: readonly Role[] = ['broker', 'ingest', 'analysis', 'console'];

/** Those that read or write what is stored. With DuckDB, whose file one process opens, they are that process. */
export const STORING_ROLES: readonly Role[] = ['ingest', 'analysis', 'console'];

/** Whether other processes run roles of the same city. */
export function isSplit(roles: readonly Role[]): boolean {
  return !ONE_PROCESS.every((role) => roles.includes(role));
}
