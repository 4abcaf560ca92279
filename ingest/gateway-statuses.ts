/** How each gateway is, put together from its books and from what it says of itself. */
import type { Accounts } from './accounts.ts';
import type { Fleet } from './fleet.ts';
import type { GatewayStatus } from './ingest-view.ts';

export class GatewayStatuses {
  readonly #accounts: Accounts;
  readonly #fleet: Fleet;
  #ids: { accounts: number; heardOf: number; sorted: readonly string[] } = { accounts: 0, heardOf: 0, sorted: [] };

  constructor({ accounts, fleet }: { accounts: Accounts; fleet: Fleet }) {
    this.#accounts = accounts;
    this.#fleet = fleet;
  }

  all(): GatewayStatus[] {
    return this.#sortedIds().map((id) => this.#of(id));
  }

  one(id: string): GatewayStatus | undefined {
    return this.#accounts.has(id) || this.#fleet.entry(id) !== undefined ? this.#of(id) : undefined;
  }

  /** In order; sorted anew only when there are more, since this is asked every second. */
  #sortedIds(): readonly string[] {
    const { size: accounts } = this.#accounts;
    const { size: heardOf } = this.#fleet;
    if (this.#ids.accounts !== accounts || this.#ids.heardOf !== heardOf) {
      const sorted = [...new Set([...this.#accounts.gateways(), ...this.#fleet.gateways()])].sort();
      this.#ids = { accounts, heardOf, sorted };
    }
    return this.#ids.sorted;
  }

  #of(gateway: string): GatewayStatus {
    const entry = this.#fleet.entry(gateway);
    return {
      gateway,
      online: entry?.presence?.online,
      since: entry?.presence?.since,
      version: entry?.presence?.version,
      health: entry?.health,
      healthAt: entry?.healthAt,
      twoEpochs: this.#fleet.hasTwoEpochs(gateway),
      counts: this.#accounts.counts(gateway),
    };
  }
}
