/**
 * What may go wrong between a simulated gateway and the broker, on request: the link is cut for a while, messages come
 * twice, out of order or spoilt, the gateway's clock is hours off; and the one gateway that falls silent by default.
 * None of it may cost or add a reading.
 */
import type { GatewayLink } from '../edge/gateway.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Message, MessageHandler } from '../runtime/message-link.ts';
import type { MqttLink } from '../runtime/mqtt-link.ts';

export const DISTURBANCES = ['offline', 'duplicate', 'reorder', 'skew', 'garbage'] as const;
export type Disturbance = (typeof DISTURBANCES)[number];

/** How far the clock of a skewed gateway is off. */
export const SKEW_MS = -3 * 3_600_000;
const FIRST_CUT_MS = 20_000;
const CUT_FOR_MS = 90_000;
const CUT_EVERY_MS = 10 * 60_000;
/** Of so many batches one is held back until the next ones have gone. */
const HELD_BACK_ONE_IN = 3;
const HELD_BACK_MS = 700;
const GARBAGE_ONE_IN = 4;

export interface DisturbedLinkDeps {
  readonly link: MqttLink;
  readonly disturbances: ReadonlySet<Disturbance>;
  /** How long a cut lasts; 90 s without it. */
  readonly cutForMs?: number | undefined;
  readonly clock: Clock;
  /** Asked after each health that is said: true from then on, nothing more is said. */
  readonly fallsSilent?: () => boolean;
}

export class DisturbedLink implements GatewayLink {
  readonly #deps: DisturbedLinkDeps;
  readonly #timers = new Set<Timer>();
  #isSilent = false;
  #isCut = false;
  #batches = 0;

  constructor(deps: DisturbedLinkDeps) {
    this.#deps = deps;
    if (!deps.disturbances.has('offline')) return;
    deps.link.onDisconnect(() => {
      if (this.#isCut) void deps.link.stop();
    });
    this.#after(FIRST_CUT_MS, () => this.#cut());
  }

  get connected(): boolean {
    return this.#deps.link.connected;
  }

  /** No more disturbances; the link itself belongs to the gateway. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  onConnect(listener: () => void): void {
    this.#deps.link.onConnect(listener);
  }

  onDisconnect(listener: (reason: string) => void): void {
    this.#deps.link.onDisconnect(listener);
  }

  async subscribe(filter: string, handler: MessageHandler): Promise<void> {
    await this.#deps.link.subscribe(filter, (...message) => {
      if (!this.#isSilent) handler(...message);
    });
  }

  publish(message: Message): boolean {
    if (this.#isSilent) return true;
    const { link, disturbances, fallsSilent } = this.#deps;
    const channel = message.topic.slice(message.topic.lastIndexOf('/') + 1);
    if (channel !== 'readings') {
      const sent = link.publish(message);
      if (channel === 'health' && sent && fallsSilent?.() === true) this.#isSilent = true;
      return sent;
    }
    if (!link.connected) return false;
    const number = this.#batches++;
    if (disturbances.has('garbage') && number % GARBAGE_ONE_IN === 0)
      link.publish({ ...message, payload: spoilt(message) });
    if (disturbances.has('reorder') && number % HELD_BACK_ONE_IN === 0) {
      this.#after(HELD_BACK_MS, () => void link.publish(message));
      return true;
    }
    const sent = link.publish(message);
    if (disturbances.has('duplicate')) link.publish(message);
    return sent;
  }

  #cut(): void {
    // What has fallen silent would not say that it is back.
    if (this.#isSilent) return;
    const { link, cutForMs = CUT_FOR_MS } = this.#deps;
    this.#isCut = true;
    if (link.connected) link.drop();
    else void link.stop();
    this.#after(cutForMs, () => {
      this.#isCut = false;
      void link.start();
      this.#after(CUT_EVERY_MS, () => this.#cut());
    });
  }

  #after(delayMs: number, run: () => void): void {
    const timer = this.#deps.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }
}

/** A message as a broken line leaves it: its first half, and bytes that are no text. */
function spoilt({ payload }: Message): Buffer {
  const bytes = Buffer.from(payload);
  return Buffer.concat([bytes.subarray(0, Math.floor(bytes.length / 2)), Buffer.from([0xff, 0x00, 0xfe, 0x7f])]);
}
