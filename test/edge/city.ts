/** What stands at the other end of a gateway in a test: a link that can be cut, and answers as ingest writes them. */
import type { Acknowledgement } from '../../contract/acknowledgement.ts';
import type { Batch } from '../../contract/batch.ts';
import type { GatewayLink } from '../../edge/uplink.ts';
import type { Clock } from '../../runtime/clock.ts';
import { FakeLink } from '../fake-link.ts';

export const GATEWAY = 'library';

export class CutLink extends FakeLink implements GatewayLink {
  readonly #lost: ((reason: string) => void)[] = [];

  onDisconnect(listener: (reason: string) => void): void {
    this.#lost.push(listener);
  }

  disconnect(): void {
    this.connected = false;
    for (const listener of this.#lost) listener('cut');
  }
}

export class FakeIngest {
  readonly link: CutLink;
  readonly #clock: Clock;
  session = 'session1';
  accepting = true;
  /** Milliseconds that ingest's clock is ahead. */
  aheadMs = 0;

  constructor(link: CutLink, clock: Clock) {
    this.link = link;
    this.#clock = clock;
  }

  /** Everything published on the readings topic, probes left out. */
  batches(): Batch[] {
    return this.#published().filter((batch) => batch.seq > 0);
  }

  probes(): Batch[] {
    return this.#published().filter((batch) => batch.seq === 0);
  }

  seqs(): number[] {
    return this.batches().map((batch) => batch.seq);
  }

  forget(): void {
    this.link.published.length = 0;
  }

  say(change: Partial<Acknowledgement>): void {
    this.link.deliver(`city/v1/${GATEWAY}/ack`, {
      session: this.session,
      accepting: this.accepting,
      stored: [],
      rejected: [],
      later: [],
      at: this.#clock.now() + this.aheadMs,
      ...change,
    });
  }

  store(batch: Batch): void {
    this.say({ epoch: batch.epoch, stored: [[batch.seq, batch.seq]] });
  }

  #published(): Batch[] {
    return this.link.bodies<Batch>(`city/v1/${GATEWAY}/readings`);
  }
}
