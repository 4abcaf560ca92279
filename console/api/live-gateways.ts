/**
 * Which gateways to tell of now: a bounded number each time, the rest the next times, so that a storm of a whole city is
 * spread over some seconds instead of making every reader fetch everything again.
 * News (state, name, connection) go first; a mere sign of life waits, and whoever has waited longest is told first.
 */
import type { GatewayReply } from './replies.ts';

interface Told {
  readonly news: string;
  readonly healthAt: number;
}

export class LiveGateways {
  readonly #toldById = new Map<string, Told>();

  /** At most `most` rows that differ from what was told of them; they count as told from then on. */
  take(rows: readonly GatewayReply[], most: number): GatewayReply[] {
    const urgent: GatewayReply[] = [];
    const alive: { row: GatewayReply; toldHealthAt: number }[] = [];
    for (const row of rows) {
      const told = this.#toldById.get(row.id);
      if (told === undefined || told.news !== newsOf(row)) urgent.push(row);
      else if (told.healthAt !== healthAtOf(row)) alive.push({ row, toldHealthAt: told.healthAt });
    }
    const chosen = urgent.slice(0, most);
    if (chosen.length < most) {
      alive.sort((one, other) => one.toldHealthAt - other.toldHealthAt);
      for (const { row } of alive.slice(0, most - chosen.length)) chosen.push(row);
    }
    for (const row of chosen) this.#toldById.set(row.id, { news: newsOf(row), healthAt: healthAtOf(row) });
    return chosen;
  }

  forget(): void {
    this.#toldById.clear();
  }
}

/** Changes when something that a person would call news changed. */
function newsOf(row: GatewayReply): string {
  return `${row.state}|${row.two_epochs}|${row.version}|${row.since_ms}|${row.site}|${row.name}`;
}

function healthAtOf(row: GatewayReply): number {
  return row.health?.at_ms ?? 0;
}
